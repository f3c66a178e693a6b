import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { bound, polish, type Score } from './polish.js';
import { broadPool, localPool } from './pool.js';

const CAUTION = 0.35; // sds of the lead over the centre; measured among 0.35, 0.5, 0.7 and 1 (docs/methods.md)

/** What a proposal goes by: the mean alone. */
export const BY_MEAN: Score = bound(0);

/**
 * What is reported: mean + part of the sd of the difference to the centre. A mixture leaves the middle of what is allowed only for
 * a lead that stands out of the doubt, be it that small scale misleads or that nothing like it was run.
 */
export const cautiousScore = (belief: Belief, feasible: FeasibleSet): Score => {
  const doubt = belief.doubtOfLead(belief.predict(feasible.centre));
  return (point) => point.mean + CAUTION * doubt(point);
};

const STARTS = 2; // pool members polished; more found nothing better

/** The mixtures looked at, best mean first, and the best of them after polishing. */
export interface Survey {
  readonly pool: readonly TargetPoint[];
  readonly best: TargetPoint;
}

const lowest = (points: readonly TargetPoint[], score: Score, count: number): TargetPoint[] =>
  points
    .map((point) => ({ point, value: score(point) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, count)
    .map(({ point }) => point);

/** Looks over the feasible set for the mixture of least score at the target. */
export const surveyMixtures = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  seed: number,
  score: Score,
): Survey => {
  const broad = broadPool(sweep, feasible, observations, seed).map((shares) => belief.predict(shares));
  const around = lowest(broad, score, 1)[0]!;
  const local = localPool(feasible, Float64Array.from(around.shares), seed).map((shares) => belief.predict(shares));
  const pool = [...broad, ...local];
  const polished = lowest(pool, score, STARTS).map((start) => polish(belief, feasible, start, score));
  const best = lowest(polished, score, 1)[0]!;
  const shares = Float64Array.from(best.shares);
  // Rounding of many small moves is undone before anything leaves.
  return { pool, best: feasible.contains(shares) ? best : belief.predict(feasible.project(shares)) };
};
