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
  /** Asks the server what became of trials that the sweep has not heard of. */
  titrateFindTrials: ({ trials }: FindTrialsInput): Promise<TrialStanding[]> =>
    Promise.all(trials.map(({ trial, workflowId }) => findTrial(trial, workflowId))),
});
