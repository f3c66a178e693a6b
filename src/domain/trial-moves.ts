/** The states of a trial and the moves between them: the one table that the sweep workflow and the docs go by. */
import { StateError } from './errors.js';

interface StateRow {
  /** What it means, for people. */
  readonly is: string;
  /** Does a trial in it take one of the sweep's `parallel` places? */
  readonly holdsPlace: boolean;
  readonly next: readonly string[];
}

export const TRIAL_STATES = {
  'awaiting-approval': {
    is: 'decided and recorded; it waits for a person to approve or refuse it, its cost committed',
    holdsPlace: false,
    next: ['queued', 'ended'],
  },
  queued: {
    is: 'decided and recorded; it waits for a place, and its job is not asked for yet',
    holdsPlace: false,
    next: ['launching', 'ended'],
  },
  launching: {
    is: 'its job is asked for; an unreachable launcher is waited for',
    holdsPlace: true,
    next: ['running', 'stopping', 'lost', 'backing-off', 'parked', 'ended'],
  },
  running: {
    is: 'the launcher has its job: queued there, training, or ended and being collected',
    holdsPlace: true,
    next: ['stopping', 'lost', 'backing-off', 'parked', 'ended'],
  },
  stopping: {
    is: 'its job is being stopped, by a cancel or because the trial was abandoned',
    holdsPlace: true,
    next: ['lost', 'ended'],
  },
  lost: {
    is: 'its workflow is gone; it is started again on the same job',
    holdsPlace: true,
    next: ['launching', 'backing-off', 'parked', 'ended'],
  },
  'backing-off': {
    is: 'its next generation is decided and recorded; it waits before it is asked for',
    holdsPlace: true,
    next: ['queued', 'ended'],
  },
  parked: {
    is: 'its retries are used up and it is costly; it waits for a person to retry or abandon it',
    holdsPlace: false,
    next: ['queued', 'ended'],
  },
  ended: { is: 'observed; nothing follows', holdsPlace: false, next: [] },
} as const satisfies Readonly<Record<string, StateRow>>;

export type TrialState = keyof typeof TRIAL_STATES;

/** States in which a trial has a workflow that may be told to stop and asked about. */
const LIVE: ReadonlySet<TrialState> = new Set<TrialState>(['launching', 'running', 'stopping']);
/** States in which no job of the trial can be running. */
const WITHOUT_JOB: ReadonlySet<TrialState> = new Set<TrialState>([
  'awaiting-approval',
  'queued',
  'backing-off',
  'parked',
]);

export const isLive = (state: TrialState): boolean => LIVE.has(state);
export const isWithoutJob = (state: TrialState): boolean => WITHOUT_JOB.has(state);
export const holdsPlace = (state: TrialState): boolean => TRIAL_STATES[state].holdsPlace;

export const mayMove = (from: TrialState, to: TrialState): boolean =>
  (TRIAL_STATES[from].next as readonly TrialState[]).includes(to);

/** Returns the state moved to. @throws StateError for a move that the table does not have. */
export const moved = (from: TrialState, to: TrialState, trial: string): TrialState => {
  if (mayMove(from, to)) return to;
  throw new StateError(`trial ${trial} cannot go from ${from} to ${to}`, {
    hint: 'this is a fault of titrate: the sweep waits, and goes on when a worker without the fault takes it up',
    values: { trial, from, to, allowed: TRIAL_STATES[from].next },
  });
};
