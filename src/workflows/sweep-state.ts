/** What a sweep workflow knows, as plain data, and how recorded events change it. No Temporal in here. */
import type { PricedRun } from '../domain/approval.js';
import { BUDGET_SLACK, confirmationReserve } from '../domain/cost.js';
import type { Recommendation } from '../domain/decision.js';
import type { Ending } from '../domain/ending.js';
import type { Changes } from '../domain/in-force.js';
import type { Act, ActResult, FinishAct, SweepProgress } from '../domain/messages.js';
import { isSameMixture } from '../domain/mixture.js';
import type { Mixture } from '../domain/mixture.js';
import type { PendingTrial } from '../domain/observation.js';
import type { RecordEvent, RecordHead } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { holdsPlace } from '../domain/trial-moves.js';
import { approvedTrial, attemptedTrial, carriedTrial, movedTrial, parkedTrial, rerunTrial } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

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
  /** The budget and the bounds as people have changed them. */
  readonly changes: Changes;
  /** Runs that people pinned and that are not decided yet, the next one first; their cost is committed. */
  readonly pinned: readonly PinnedRun[];
  /** A person ends the search now. */
  readonly finish: FinishAct | null;
  /** The answers to the latest acts, by idempotency key. */
  readonly answers: readonly Answer[];
  /** Number of acts that were not taken. */
  readonly refusedActs: number;
  /** Requests for approval in a row that nobody answered in time. */
  readonly unanswered: number;
  /** The mixture that a confirmation was last decided for: preferred when the recommendation was taken back, as runs of it are paid. */
  readonly confirmed: Mixture | null;
  /** Trials whose results people took back. */
  readonly retracted: readonly string[];
  /** How often the search was begun: once more whenever a result was taken back after it was over. */
  readonly searches: number;
  /** The budget of which people have been told that 80 % is spent. */
  readonly toldOfBudget: number | null;
}

/** A run that a person wants to be made next, and who. */
export interface PinnedRun extends PricedRun, Act {}

/** What was answered to an act. */
export interface Answer extends ActResult {
  /** The idempotency key. */
  readonly id: string;
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
  changes: {},
  pinned: [],
  finish: null,
  answers: [],
  refusedActs: 0,
  unanswered: 0,
  confirmed: null,
  retracted: [],
  searches: 1,
  toldOfBudget: null,
};

/** Is it still to be decided what to buy? */
export const isSearching = ({ phase, searchOver }: SweepState): boolean => phase === 'searching' && searchOver === null;

/** Did the policy want nothing with what is known so far? It is asked again when more is. */
export const wantsNothingYet = ({ nothingToBuyAt, observations }: SweepState): boolean =>
  nothingToBuyAt === observations;

/** Is the sweep on its way to its end by a person's act? */
export const isClosing = ({ cancel, finish }: SweepState): boolean => cancel !== null || finish !== null;

/** Reads the state that an earlier run of the workflow hands over, be it of an earlier version. */
export const carriedState = (carried: SweepState): SweepState => ({
  ...initialState,
  ...carried,
  running: carried.running.map(carriedTrial),
});

/** Worst-case cost of the trials in flight, parked and waiting ones included, and of what people pinned. */
export const committedBy = ({ running, pinned }: SweepState): number =>
  [...running, ...pinned].reduce((sum, { cost }) => sum + cost, 0);

/**
 * Can a job of this cost be started within the budget, whatever becomes of the trials in flight? While the search goes on the price of
 * the confirmation is kept, but from no run that confirms: one may be in flight when a search is opened again.
 */
export const isAffordable = (
  sweep: Sweep,
  state: SweepState,
  cost: number,
  purpose: RunningTrial['purpose'] = 'search',
): boolean => {
  const reserve = state.phase === 'searching' && purpose === 'search' ? confirmationReserve(sweep) : 0;
  return state.spent + committedBy(state) + cost + reserve <= sweep.budget * (1 + BUDGET_SLACK);
};

/** How many trials could be started beside those in flight. */
export const freePlaces = ({ parallel }: Sweep, { running }: SweepState): number =>
  Math.max(0, parallel - running.filter((trial) => holdsPlace(trial.state)).length);

export const mayStart = (sweep: Sweep, state: SweepState): boolean =>
  state.pause === null && !isClosing(state) && freePlaces(sweep, state) > 0;

/** The trials in flight as the policy sees them; what earlier generations cost counts as theirs. */
export const pendingOf = (state: SweepState): PendingTrial[] =>
  state.running.map(({ trial, mixture, scale, steps, cost, paid, continues }) => ({
    trial,
    mixture,
    scale,
    steps,
    cost: cost + paid,
    ...(continues === undefined ? {} : { continues }),
  }));

export const findTrial = (state: SweepState, trial: string): RunningTrial | undefined =>
  state.running.find((one) => one.trial === trial);

/** Changes one trial in flight. */
export const changeTrial = (
  state: SweepState,
  trial: string,
  change: (trial: RunningTrial) => RunningTrial,
): SweepState => ({ ...state, running: state.running.map((one) => (one.trial === trial ? change(one) : one)) });

type Decided = Extract<RecordEvent, { type: 'decided' }>;
type Observed = Extract<RecordEvent, { type: 'observed' }>;
type Attempted = Extract<RecordEvent, { type: 'attempted' }>;

/** Takes a recorded decision into account: its trial is in flight from here on. */
export const withDecision = (state: SweepState, event: Decided, trial: RunningTrial): SweepState => ({
  ...state,
  decisions: event.decision,
  running: [...state.running, trial],
  pinned: event.origin === 'person' ? state.pinned.slice(1) : state.pinned,
  incumbent: event.explanation.incumbent ?? state.incumbent,
  confirmed: event.purpose === 'confirm' ? event.mixture : state.confirmed,
  confirming:
    event.purpose === 'confirm' && state.confirming !== null
      ? { ...state.confirming, left: state.confirming.left - 1 }
      : state.confirming,
});

const FAILURES_BEFORE_PAUSE = 5; // in a row: something is wrong with the jobs, not with the mixtures

/** Is something wrong with the jobs as such? More failures in a row than one trial can make with its retries. */
export const isFailing = ({ retries }: Sweep, { failuresInARow }: SweepState): boolean => {
  const limit = retries?.failed ?? 0;
  return failuresInARow >= Math.max(FAILURES_BEFORE_PAUSE, limit === 'unlimited' ? 0 : limit + 2);
};

/** What an ending says about the jobs as such: `null`, nothing. A trial that lost its host counts when it gives up. */
const failsInARow = (before: number, ending: Ending, isLast: boolean): number => {
  switch (ending) {
    case 'failed':
    case 'refused':
    case 'timed-out':
      return before + 1;
    case 'host-lost':
      return isLast ? before + 1 : before;
    case 'completed':
    case 'diverged':
      return 0;
    case 'preempted':
    case 'cancelled':
    case 'abandoned':
    case 'refused-by-person':
      return before;
  }
};

const charged = (state: SweepState, { scale, cost }: { scale: string; cost: number }) => ({
  spent: state.spent + cost,
  spentByScale: { ...state.spentByScale, [scale]: (state.spentByScale[scale] ?? 0) + cost },
});

/** Takes a recorded observation into account: its trial is no longer in flight. */
export const withObservation = (state: SweepState, event: Observed): SweepState => {
  const ending = findTrial(state, event.trial);
  if (ending !== undefined) movedTrial(ending, 'ended'); // refuses what the table does not have
  return {
    ...state,
    ...charged(state, event),
    observations: state.observations + 1,
    failuresInARow: failsInARow(state.failuresInARow, event.status, true),
    running: state.running.filter(({ trial }) => trial !== event.trial),
  };
};

/** Takes a generation into account that ended and is not its trial's last. */
const withAttempt = (state: SweepState, event: Attempted): SweepState => ({
  ...changeTrial(state, event.trial, (trial) => attemptedTrial(trial, event)),
  ...charged(state, event),
  failuresInARow: failsInARow(state.failuresInARow, event.ending, false),
});

/** Takes a recorded event about a trial in flight into account; `now` in ms since the epoch. */
export const withEvent = (sweep: Sweep, state: SweepState, event: RecordEvent, now: number): SweepState => {
  switch (event.type) {
    case 'act':
      if (event.act !== 'approve' || event.trial === undefined) return state;
      return changeTrial(state, event.trial, (trial) => approvedTrial(sweep, trial, event));
    case 'observed':
      return withObservation(state, event);
    case 'attempted':
      return withAttempt(state, event);
    case 'rerun':
      return changeTrial(state, event.trial, (trial) => rerunTrial(trial, event, now));
    case 'parked':
      return changeTrial(state, event.trial, (trial) => parkedTrial(trial, event));
    case 'launched':
      return changeTrial(state, event.trial, (trial) =>
        trial.state === 'launching' && trial.job.key === event.key ? movedTrial(trial, 'running') : trial,
      );
    default:
      return state;
  }
};

/** How many runs of the recommendation the sweep still owes, given what ran at the target. */
export const confirmationsOwed = (
  sweep: Sweep,
  mixture: Mixture,
  atTarget: readonly { readonly mixture: Mixture; readonly status: string }[],
): number => {
  const done = atTarget.filter((run) => run.status === 'completed' && isSameMixture(run.mixture, mixture)).length;
  return Math.max(0, sweep.confirm - done);
};
