import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Proposal } from '../domain/decision.js';
import type { Sweep } from '../domain/sweep.js';
import type { History } from './history.js';

/** All that a policy may look at. */
export interface Situation {
  readonly sweep: Sweep;
  readonly feasible: FeasibleSet;
  /** Those that were taken back, too: they teach nothing, but others may have gone on from them. */
  readonly observations: readonly Observation[];
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
  readonly history: History;
}

/** A rule for the next run; pure: the same situation gives the same proposal. */
export interface Policy {
  /**
   * Where the recommended mixture comes from: the belief, the best run at the costliest fidelity, or the policy's own rule,
   * which returns allowed shares, or undefined while it has none (the centre is recommended then). Intervals are the belief's.
   */
  readonly recommendsBy: 'belief' | 'best-run' | ((situation: Situation) => ArrayLike<number> | undefined);
  /** The next run; null for none, with trials in flight: for none before one of them has ended. */
  propose(situation: Situation): Proposal | null;
}
