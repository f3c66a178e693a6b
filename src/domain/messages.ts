/** Names and shapes of what travels to and from the workflows: shared by workflows, clients and other teams' code. */
import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { Prediction, Recommendation } from './decision.js';
import type { PricedRun } from './approval.js';
import type { ActName, Authentication, Imported, RecordHead, SweepStatus } from './record-event.js';
import type { TrialState } from './trial-moves.js';
import type { JobRef, JobResult, JobSpec } from './ports.js';
import type { LauncherChoice, Sweep } from './sweep.js';

export const SWEEP_WORKFLOW = 'titrateSweep';
export const TRIAL_WORKFLOW = 'titrateTrial';
/** Looks for jobs that no trial owns; started by a schedule. */
export const RECONCILE_WORKFLOW = 'titrateReconcile';
/** Tells people outside; outlives the sweep. */
export const NOTICE_WORKFLOW = 'titrateNotice';

export const sweepWorkflowId = (sweepId: string): string => `titrate/${sweepId}`;
/** Every generation of a trial has a workflow of its own. */
export const trialWorkflowId = (sweepId: string, trial: string, generation = 1): string =>
  `titrate/${sweepId}/${trial}${generation === 1 ? '' : `/g${generation}`}`;

/** One workflow per notice and way, so that nobody is told twice. */
export const noticeWorkflowId = (sweepId: string, kind: string, about: string, channel: string): string =>
  `titrate/${sweepId}/notice/${kind}/${about}/${channel}`;

/** Updates of a sweep. `attach` changes nothing: it lets update-with-start create a sweep or find it. */
export const SWEEP_UPDATES = {
  attach: 'attach',
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  retry: 'retry',
  abandon: 'abandon',
  approve: 'approve',
  refuse: 'refuse',
  retract: 'retract',
  'extend-budget': 'extend-budget',
  'lower-budget': 'lower-budget',
  pin: 'pin',
  veto: 'veto',
  inject: 'inject',
  finish: 'finish',
} as const satisfies Readonly<Record<ActName | 'attach', string>>;
/** Signal to a sweep: ask the server what became of its trials in flight, and take up those whose workflow is gone. */
export const SWEEP_SIGNALS = { reconcile: 'reconcile' } as const;
/** Signal of a notice to its sweep: what became of it. */
export const NOTICE_SIGNAL = 'noticed';
/** Query of a sweep: returns `SweepProgress`. */
export const PROGRESS_QUERY = 'progress';

/** Input of the sweep workflow. */
export interface SweepInput {
  readonly sweepId: string;
  readonly sweep: Sweep;
  /** Set the search attributes of `SEARCH_ATTRIBUTES`; the namespace must have them. */
  readonly visibility?: boolean;
  /** The namespace has the search attribute of the record's head, too; absent from sweeps of earlier versions. */
  readonly showsHead?: true;
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
  /** How the sender knows who it is; absent from senders of earlier versions. */
  readonly authenticated?: Authentication;
  readonly reason?: string;
}

/** A person's act on one trial of a sweep. */
export interface TrialAct extends Act {
  readonly trial: string;
}

/** Leave for a trial to run, as it was decided or changed. */
export interface ApproveAct extends TrialAct {
  readonly change?: Partial<Omit<PricedRun, 'cost'>>;
}

/** A change of the budget to so much, or by so much, in units of the sweep's cost; one of the two. */
export interface BudgetAct extends Act {
  readonly to?: number;
  /** Positive: added by `extend-budget`, taken away by `lower-budget`. */
  readonly change?: number;
}

/** A run to be made next. */
export interface PinAct extends Act, Omit<PricedRun, 'cost'> {}

/** Bounds to be tightened; what is not named stays. */
export interface VetoAct extends Act {
  readonly bounds: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}

/** Observations made elsewhere, to be taken as evidence from now on. */
export interface InjectAct extends Act {
  readonly observations: readonly Omit<Imported, 'type' | 'by' | 'reason'>[];
}

/** An end of the search now; `stop` stops the jobs in flight, too. */
export interface FinishAct extends Act {
  readonly stop?: boolean;
}

/** Every act with what it takes. */
export interface ActInputs {
  readonly pause: Act;
  readonly resume: Act;
  readonly cancel: Act;
  readonly retry: TrialAct;
  readonly abandon: TrialAct;
  readonly approve: ApproveAct;
  readonly refuse: TrialAct;
  readonly retract: TrialAct;
  readonly 'extend-budget': BudgetAct;
  readonly 'lower-budget': BudgetAct;
  readonly pin: PinAct;
  readonly veto: VetoAct;
  readonly inject: InjectAct;
  readonly finish: FinishAct;
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
  /** Of one that backs off: when its next generation is launched; of one lost again and again: when it is started again (ms since the epoch). */
  readonly notBefore?: number;
  /** Why it is run again, parked, or waits for a person's leave. */
  readonly why?: string;
  /** Of one that waits for a person's leave: when titrate answers itself (ms since the epoch). */
  readonly until?: number;
}

/** A person's act that ends a sweep, while what is in flight is stopped or waited for. */
export interface Closing extends FinishAct {
  readonly act: 'cancel' | 'finish';
}

/** Where a sweep stands. */
export interface SweepProgress {
  readonly sweepId: string;
  readonly status: SweepStatus;
  /** Why nothing new is decided at the moment: a person's pause, or the sweep's own when something needs mending. */
  readonly pause: Act | null;
  /** Who ends it, when it is on its way to its end by a person's act; absent from workers of earlier versions. */
  readonly closing?: Closing | null;
  readonly phase: 'searching' | 'confirming' | 'ended';
  /** What a person has to do before anything goes on, other than resume; null while something moves. */
  readonly waitsFor: string | null;
  /** Places that the policy leaves free until a run in flight has ended. */
  readonly freePlaces: number;
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
  /** Head of the record: `SEQ:HASH`. */
  TitrateHead: 'Keyword',
} as const;

/** Memo of a sweep's workflow that holds the head of its record (`RecordHead`): an anchor that the folder's owner cannot rewrite. */
export const HEAD_MEMO = 'titrateHead';

/** Input of a trial workflow. */
export interface TrialInput {
  readonly sweepId: string;
  /** Workflow to tell what happens. */
  readonly parentWorkflowId: string;
  readonly job: JobSpec;
  readonly launcher: LauncherChoice;
  /** Metrics that the sweep learns from. */
  readonly needed?: readonly string[];
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
