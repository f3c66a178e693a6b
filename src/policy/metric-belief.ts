import type { Prediction } from '../domain/decision.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Objective, Sweep } from '../domain/sweep.js';
import type { TargetPoint } from '../surrogate/belief.js';
import { formBelief } from '../surrogate/form-belief.js';
import type { ShareEffects } from './polish.js';

/** What is believed of one metric at the target, in its own unit and direction. */
export interface MetricBelief {
  readonly metric: string;
  predict(shares: ArrayLike<number>): Prediction;
  /** The predicted mean alone: the doubt costs far more to work out. */
  mean(shares: ArrayLike<number>): number;
  /** What moving up to `step` of share does to the mean, to first order. */
  effectsAt(shares: ArrayLike<number>, step: number): ShareEffects;
}

/**
 * Forms the belief about one metric as if it alone were optimised, with the hyper-parameters of the sweep's own objective; null
 * when no run has reported it yet. A diverged run counts as a bad value, and `direction` says which side is worse.
 */
export const beliefAbout = (
  sweep: Sweep,
  metric: string,
  direction: Objective['direction'],
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
): MetricBelief | null => {
  const objective: Objective = { direction, weights: { [metric]: 1 } };
  const belief = formBelief({ ...sweep, objective }, observations, pending, undefined, sweep);
  if (belief === null) return null;
  const sign = direction === 'minimize' ? 1 : -1;
  const known = new WeakMap<object, TargetPoint>(); // the same mixture is asked for by several rules
  const pointAt = (shares: ArrayLike<number>): TargetPoint => {
    const point = known.get(shares) ?? belief.predict(shares);
    known.set(shares, point);
    return point;
  };
  return {
    metric,
    predict: (shares) => {
      const { mean, sd } = pointAt(shares);
      return { mean: sign * mean, sd };
    },
    mean: (shares) => sign * pointAt(shares).mean,
    effectsAt: (shares, step) => {
      const { take, give } = belief.shareEffects(pointAt(shares), step);
      return { take: take.map((effect) => sign * effect), give: give.map((effect) => sign * effect) };
    },
  };
};

/** The range of a metric's predicted means over some mixtures; 1 where they are all alike. */
export const spreadOver = ({ mean }: MetricBelief, mixtures: readonly ArrayLike<number>[]): number => {
  const means = mixtures.map((shares) => mean(shares));
  return Math.max(...means) - Math.min(...means) || 1;
};
