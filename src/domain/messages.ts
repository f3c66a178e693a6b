/** Names and shapes of what travels to and from the workflows: shared by workflows, clients and other teams' code. */
import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { Prediction, Recommendation } from './decision.js';
import type { RecordHead, SweepStatus } from './record-event.js';
import type { TrialState } from './trial-moves.js';
import type { JobRef, JobResult, JobSpec } from './ports.js';
import type { LauncherChoice, Sweep } from './sweep.js';

export const SWEEP_WORKFLOW = 'titrateSweep';
export const TRIAL_WORKFLOW = 'titrateTrial';
/** Looks for jobs that no trial owns; started by a schedule. */
export const RECONCILE_WORKFLOW = 'titrateReconcile';

export const sweepWorkflowId = (sweepId: string): string => `titrate/${sweepId}`;
/** Every generation of a trial has a workflow of its own. */
export const trialWorkflowId = (sweepId: string, trial: string, generation = 1): string =>
  `titrate/${sweepId}/${trial}${generation === 1 ? '' : `/g${generation}`}`;

/** Updates of a sweep. `attach` changes nothing: it lets update-with-start create a sweep or find it. */
export const SWEEP_UPDATES = {
  attach: 'attach',
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  retry: 'retry',
  abandon: 'abandon',
} as const;
/** Signal to a sweep: ask the server what became of its trials in flight, and take up those whose workflow is gone. */
export const SWEEP_SIGNALS = { reconcile: 'reconcile' } as const;
/** Query of a sweep: returns `SweepProgress`. */
export const PROGRESS_QUERY = 'progress';

/** Input of the sweep workflow. */
export interface SweepInput {
  readonly sweepId: string;
  readonly sweep: Sweep;
  /** Set the search attributes of `SEARCH_ATTRIBUTES`; the namespace must have them. */
  readonly visibility?: boolean;
  /** Continue as new after this many history events; the server's own suggestion when absent. */
  readonly continueAfterEvents?: number;
}

/** What a finished sweep workflow returns. */
export interface SweepResult {
  readonly sweep: string;
  readonly status: Exclude<SweepStatus, 'running' | 'paused'>;
  readonly recommendation: Recommendation | null;
  /** In units of the sweep's cost. */
  readonly spent: number;
  readonly spentByScale: Readonly<Record<string, number>>;
  readonly trials: number;
  readonly reason: string;
}

/** Who acts when no person does: a sweep that pauses itself waits for a person to mend something. */
export const SWEEP_ITSELF = 'titrate';

/** A person's act on a sweep. */
export interface Act {
  readonly by: string;
  readonly reason?: string;
}

/** A person's act on one trial of a sweep. */
export interface TrialAct extends Act {
  readonly trial: string;
}

export interface ActResult {
  readonly accepted: boolean;
  /** Why it was not taken, or what it led to. */
  readonly reason: string;
}

/** A trial without an observation yet: running, about to, or waiting. `cost` is the worst case of its generation. */
export interface InFlightTrial extends Fidelity {
  readonly trial: string;
  readonly workflowId: string;
  readonly mixture: Mixture;
  readonly continues?: string;
  readonly cost: number;
  readonly purpose: 'search' | 'confirm';
  /** When the decision was made (ms since the epoch). */
  readonly since: number;
  readonly state: TrialState;
  /** Which run of the trial: 1, 2, 3, ... */
  readonly generation: number;
  /** Of one that backs off: when its next generation is launched (ms since the epoch). */
  readonly notBefore?: number;
  /** Why it is run again, or parked. */
  readonly why?: string;
}

/** Where a sweep stands. */
export interface SweepProgress {
  readonly sweepId: string;
  readonly status: SweepStatus;
  /** Why nothing new is decided at the moment: a person's pause, or the sweep's own when something needs mending. */
  readonly pause: Act | null;
  readonly phase: 'searching' | 'confirming' | 'ended';
  /** What a person has to do before anything goes on, other than resume; null while something moves. */
  readonly waitsFor: string | null;
  readonly budget: number;
  readonly spent: number;
  /** Worst-case cost of the trials in flight. */
  readonly committed: number;
  readonly spentByScale: Readonly<Record<string, number>>;
  readonly decisions: number;
  readonly observations: number;
  readonly inFlight: readonly InFlightTrial[];
  /** The best mixture as of the last decision. */
  readonly incumbent: (Prediction & { readonly mixture: Mixture }) | null;
  readonly recommendation: Recommendation | null;
  readonly head: RecordHead;
  readonly result: SweepResult | null;
}

/** Search attributes, all of type Keyword but `TitrateSpent` (Double). */
export const SEARCH_ATTRIBUTES = {
  TitrateSweep: 'Keyword',
  TitrateStatus: 'Keyword',
  TitrateScale: 'Keyword',
  TitrateSpent: 'Double',
} as const;

/** Input of a trial workflow. */
export interface TrialInput {
  readonly sweepId: string;
  /** Workflow to tell what happens. */
  readonly parentWorkflowId: string;
  readonly job: JobSpec;
  readonly launcher: LauncherChoice;
  /** Tell the launch of a job that ends at once together with its end; absent in trials of sweeps that cannot take that. */
  readonly brief?: true;
  /** Leave the end to this workflow's result, unless asked to tell it: the sweep that started it follows it. */
  readonly followed?: true;
}

/** How a trial ended. */
export interface TrialEnd {
  readonly trial: string;
  readonly key: string;
  readonly result: JobResult;
  /** The launched job, when its launch was not told before. */
  readonly ref?: JobRef;
}

/** Signals of a trial to its sweep, by workflow id only, and of a sweep to a trial. */
export const TRIAL_SIGNALS = { launched: 'trialLaunched', ended: 'trialEnded', stop: 'stop', tell: 'tell' } as const;
