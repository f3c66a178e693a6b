/** How often a trial is run again after each way that its job can end, and what becomes of it then. */
import type { Ending } from './ending.js';

/** Endings after which a trial may be run again; after the others it never is. */
export const RETRIED_ENDINGS = ['failed', 'diverged', 'preempted', 'host-lost', 'timed-out'] as const;
export type RetriedEnding = (typeof RETRIED_ENDINGS)[number];

/** Number of reruns that one trial may have after endings of one kind. */
export type RetryLimit = number | 'unlimited';

/** A sweep's `retries`. Each kind has a count of its own, so that a preemption never uses up a retry after a failure. */
export interface Retries extends Readonly<Record<RetriedEnding, RetryLimit>> {
  /** How long a rerun waits (s); doubled while reruns in a row reach no new checkpoint. */
  readonly backoff: { readonly firstSeconds: number; readonly longestSeconds: number };
  /** A trial whose run was decided for this cost or more (the sweep's units) parks for a person when its retries are used up. */
  readonly parkAbove: number;
}

export const DEFAULT_LIMITS: Readonly<Record<RetriedEnding, RetryLimit>> = {
  failed: 1, // errors of a job are mostly in its code: once more is enough to tell
  diverged: 0, // the same seed diverges again, and the belief learns from it
  preempted: 'unlimited', // nobody's fault; every rerun is charged, so that the budget ends it
  'host-lost': 3, // a machine that is lost again and again is one that somebody must look at
  'timed-out': 0, // the same limit ends it again
};

/** Seconds: short beside a training run, long enough for a machine to come back; half an hour while nothing gets better. */
export const DEFAULT_BACKOFF = { firstSeconds: 30, longestSeconds: 1_800 } as const;

/** Of a run to the target: what costs less is cheaper to lose than a person's attention. */
export const DEFAULT_PARK_TARGET_RUNS = 0.5;

/**
 * What follows an ending whose retries are used up. `ends`: the trial is observed with it. `parks`: a costly trial waits for
 * a person, a cheap one ends.
 */
export const WHEN_USED_UP: Readonly<Record<Ending, 'ends' | 'parks'>> = {
  completed: 'ends',
  failed: 'parks',
  diverged: 'ends', // it is a result
  preempted: 'parks',
  'host-lost': 'parks',
  'timed-out': 'parks',
  refused: 'ends', // the same spec is refused again
  cancelled: 'ends',
  abandoned: 'ends',
  'refused-by-person': 'ends', // the policy chooses otherwise
};

export const isRetried = (ending: Ending): ending is RetriedEnding =>
  (RETRIED_ENDINGS as readonly Ending[]).includes(ending);

/** Reruns allowed after endings of this kind; none in sweeps that were started without `retries`. */
export const limitOf = (retries: Retries | undefined, ending: Ending): number => {
  if (retries === undefined || !isRetried(ending)) return 0;
  const limit = retries[ending];
  return limit === 'unlimited' ? Infinity : limit;
};

/** How long the next generation waits (s), after so many in a row that reached no new checkpoint. */
export const backoffSeconds = ({ backoff }: Retries, stalled: number): number =>
  Math.min(backoff.longestSeconds, backoff.firstSeconds * 2 ** stalled);
