import { inParts } from '../domain/in-parts.js';
import type { TrialEnd } from '../domain/messages.js';
import type { ActivityDeps } from './activities.js';

/** What became of a trial workflow. */
export type TrialStanding =
  | { readonly trial: string; readonly standing: 'running' }
  | { readonly trial: string; readonly standing: 'ended'; readonly end: TrialEnd }
  | { readonly trial: string; readonly standing: 'lost'; readonly reason: string };

export interface FindTrialsInput {
  readonly trials: readonly { readonly trial: string; readonly workflowId: string }[];
}

export const trialActivities = ({ findTrial }: ActivityDeps) => ({
  /**
   * Asks the server what became of trials that the sweep has not heard of. Answers for as many as fit into one message, in the
   * order asked for: the sweep asks again for the others.
   */
  titrateFindTrials: async ({ trials }: FindTrialsInput): Promise<TrialStanding[]> => {
    const found = await Promise.all(trials.map(({ trial, workflowId }) => findTrial(trial, workflowId)));
    return inParts(found)[0] ?? [];
  },
});
