import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Proposal } from '../domain/decision.js';
import type { Sweep } from '../domain/sweep.js';
import type { History } from './history.js';

/** All that a policy may look at. */
export interface Situation {
  readonly sweep: Sweep;
  readonly feasible: FeasibleSet;
  readonly observations: readonly Observation[];
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
  readonly history: History;
}

/** A rule for the next run; pure: the same situation gives the same proposal. */
export interface Policy {
  /** Does the recommendation come from the belief, or from the best run at the costliest fidelity? */
  readonly recommendsBy: 'belief' | 'best-run';
  propose(situation: Situation): Proposal | null;
}
