/** What a sweep workflow knows, as plain data, and the moves it may make. No Temporal in here. */
import { BUDGET_SLACK, confirmationReserve } from '../domain/cost.js';
import type { Recommendation } from '../domain/decision.js';
import { trialWorkflowId } from '../domain/messages.js';
import type { Act, InFlightTrial, SweepProgress } from '../domain/messages.js';
import { isSameMixture } from '../domain/mixture.js';
import type { Mixture } from '../domain/mixture.js';
import type { PendingTrial } from '../domain/observation.js';
import type { JobSpec } from '../domain/ports.js';
import type { RecordEvent, RecordHead } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { jobOf } from './job-spec.js';

/** A trial in flight with its job, so that a lost trial workflow can be started again on the same job. */
export interface RunningTrial extends InFlightTrial {
  readonly job: JobSpec;
  /** How often its workflow was lost (terminated, failed). */
  readonly losses: number;
  /** Its workflow is gone; it is to be started again on the same job. */
  readonly lost: boolean;
}

/** Small and plain: it travels whole through continue-as-new, however long the sweep. */
export interface SweepState {
  readonly head: RecordHead;
  readonly phase: SweepProgress['phase'];
  readonly pause: Act | null;
  readonly cancel: Act | null;
  readonly decisions: number;
  readonly observations: number;
  readonly acts: number;
  readonly failuresInARow: number;
  readonly spent: number;
  readonly spentByScale: Readonly<Record<string, number>>;
  readonly running: readonly RunningTrial[];
  /** Why the search is over; null while it goes on. */
  readonly searchOver: string | null;
  /** Number of observations at which the policy found nothing to buy; asked again when there are more. */
  readonly nothingToBuyAt: number | null;
  readonly incumbent: SweepProgress['incumbent'];
  readonly recommendation: Recommendation | null;
  /** Confirmation runs still to be started, and of what. */
  readonly confirming: Confirming | null;
}

export interface Confirming {
  readonly mixture: Mixture;
  readonly left: number;
  readonly sawDigest: string;
  readonly sawObservations: number;
}

export const initialState: SweepState = {
  head: { seq: 0, hash: '' },
  phase: 'searching',
  pause: null,
  cancel: null,
  decisions: 0,
  observations: 0,
  acts: 0,
  failuresInARow: 0,
  spent: 0,
  spentByScale: {},
  running: [],
  searchOver: null,
  nothingToBuyAt: null,
  incumbent: null,
  recommendation: null,
  confirming: null,
};

/** Worst-case cost of the trials in flight. */
export const committedBy = (state: SweepState): number => state.running.reduce((sum, { cost }) => sum + cost, 0);

/** Can a trial of this cost be started within the budget, whatever becomes of the trials in flight? */
export const isAffordable = (sweep: Sweep, state: SweepState, cost: number): boolean => {
  const reserve = state.phase === 'searching' ? confirmationReserve(sweep) : 0;
  return state.spent + committedBy(state) + cost + reserve <= sweep.budget * (1 + BUDGET_SLACK);
};

export const mayStart = (sweep: Sweep, state: SweepState): boolean =>
  state.pause === null && state.cancel === null && state.running.length < sweep.parallel;

export const pendingOf = (state: SweepState): PendingTrial[] =>
  state.running.map(({ trial, mixture, scale, steps, cost, continues }) => ({
    trial,
    mixture,
    scale,
    steps,
    cost,
    ...(continues === undefined ? {} : { continues }),
  }));

/** Changes one trial in flight. */
export const withTrial = (state: SweepState, trial: string, change: Partial<RunningTrial>): SweepState => ({
  ...state,
  running: state.running.map((one) => (one.trial === trial ? { ...one, ...change } : one)),
});

type Decided = Extract<RecordEvent, { type: 'decided' }>;
type Observed = Extract<RecordEvent, { type: 'observed' }>;

/** The trial that a recorded decision starts. */
export const runningTrial = (sweepId: string, sweep: Sweep, event: Decided, since: number): RunningTrial => {
  const { trial, mixture, scale, steps, cost, purpose, continues } = event;
  return {
    trial,
    workflowId: trialWorkflowId(sweepId, trial),
    mixture,
    scale,
    steps,
    cost,
    purpose,
    ...(continues === undefined ? {} : { continues }),
    since,
    job: jobOf(sweepId, sweep, event),
    losses: 0,
    lost: false,
  };
};

/** Takes a recorded decision into account: its trial is in flight from here on. */
export const withDecision = (state: SweepState, event: Decided, trial: RunningTrial): SweepState => ({
  ...state,
  decisions: event.decision,
  running: [...state.running, trial],
  incumbent: event.explanation.incumbent ?? state.incumbent,
  confirming:
    event.purpose === 'confirm' && state.confirming !== null
      ? { ...state.confirming, left: state.confirming.left - 1 }
      : state.confirming,
});

/** Takes a recorded observation into account: its trial is no longer in flight. */
export const withObservation = (state: SweepState, event: Observed): SweepState => ({
  ...state,
  observations: state.observations + 1,
  failuresInARow: event.status === 'failed' ? state.failuresInARow + 1 : 0,
  spent: state.spent + event.cost,
  spentByScale: { ...state.spentByScale, [event.scale]: (state.spentByScale[event.scale] ?? 0) + event.cost },
  running: state.running.filter(({ trial }) => trial !== event.trial),
});

/** How many runs of the recommendation the sweep still owes, given what ran at the target. */
export const confirmationsOwed = (
  sweep: Sweep,
  mixture: Mixture,
  atTarget: readonly { readonly mixture: Mixture; readonly status: string }[],
): number => {
  const done = atTarget.filter((run) => run.status === 'completed' && isSameMixture(run.mixture, mixture)).length;
  return Math.max(0, sweep.confirm - done);
};

/** The answer to the progress query. */
export const progressOf = (
  sweepId: string,
  sweep: Sweep,
  state: SweepState,
  result: SweepProgress['result'],
): SweepProgress => ({
  sweepId,
  status: result?.status ?? (state.pause === null ? 'running' : 'paused'),
  pause: state.pause,
  phase: state.phase,
  budget: sweep.budget,
  spent: state.spent,
  committed: committedBy(state),
  spentByScale: state.spentByScale,
  decisions: state.decisions,
  observations: state.observations,
  inFlight: state.running.map(({ job: _job, losses: _losses, lost: _lost, ...trial }) => trial),
  incumbent: state.incumbent,
  recommendation: state.recommendation,
  head: state.head,
  result,
});
