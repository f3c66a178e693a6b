import { sweepWorkflowId } from '../domain/messages.js';
import type { SweepProgress } from '../domain/messages.js';
import type { TrialProgress } from '../reports/render-progress.js';
import type { TitrateConnection } from '../temporal/client.js';
import { pendingWork, type PendingWork } from '../temporal/pending-work.js';

const MOST_TRIALS = 16; // asked for one by one, so not for hundreds

/** What the jobs in flight are about, and what the sweep itself waits for. */
export interface Asked {
  readonly jobs: TrialProgress;
  /** What is being tried again and whose job is unknown, each once, the sweep's own first. */
  readonly troubles: readonly string[];
}

const unknownJobs = (jobs: TrialProgress): string[] =>
  Object.entries(jobs).flatMap(([trial, job]) =>
    job?.unknown === undefined ? [] : [`the job of ${trial} is unknown: ${job.unknown}`],
  );

/** Asks how far the jobs in flight are and what goes wrong; one that does not say is left out. */
export const askJobs = async (on: TitrateConnection, { sweepId, inFlight }: SweepProgress): Promise<Asked> => {
  const ask = (workflowId: string): Promise<PendingWork> => pendingWork(on, workflowId).catch(() => ({}));
  const own = ask(sweepWorkflowId(sweepId));
  const trials = inFlight.slice(0, MOST_TRIALS);
  const found = await Promise.all(trials.map(({ workflowId }) => ask(workflowId)));
  const jobs = Object.fromEntries(trials.map(({ trial }, i) => [trial, found[i]?.progress]));
  const troubles = [await own, ...found].map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined);
  return { jobs, troubles: [...new Set(troubles), ...unknownJobs(jobs)] };
};
