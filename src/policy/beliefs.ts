import type { Objective } from '../domain/sweep.js';
import type { Belief } from '../surrogate/belief.js';
import { formBelief } from '../surrogate/form-belief.js';
import type { Situation } from './policy.js';

/** What is believed of one objective. */
export interface Beliefs {
  /** Runs in flight counted at their predicted values: what a further run would add to them. */
  readonly counting: Belief;
  /** By what runs have said alone: how far a prediction, or a scale, can be trusted. */
  readonly reported: Belief;
}

/** Forms both about the sweep's objective, or about another one over the same runs; null where no run has taught anything. */
export const formBeliefs = ({ sweep, observations, pending }: Situation, objective?: Objective): Beliefs | null => {
  const about = objective === undefined ? sweep : { ...sweep, objective };
  const counting = formBelief(about, observations, pending, undefined, sweep);
  const reported = pending.length === 0 ? counting : formBelief(about, observations, [], undefined, sweep);
  return counting === null || reported === null ? null : { counting, reported };
};
