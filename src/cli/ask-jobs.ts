import type { SweepProgress } from '../domain/messages.js';
import type { TrialProgress } from '../reports/render-progress.js';
import type { TitrateConnection } from '../temporal/client.js';
import { trialProgress } from '../temporal/trial-progress.js';

const MOST_TRIALS = 16; // asked for one by one, so not for hundreds

/** Asks how far the jobs in flight are; one that does not say is left out. */
export const askJobs = async (on: TitrateConnection, { inFlight }: SweepProgress): Promise<TrialProgress> => {
  const asked = inFlight.slice(0, MOST_TRIALS).map(async ({ trial, workflowId }) => {
    const job = await trialProgress(on, workflowId).catch(() => undefined);
    return [trial, job] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
};
