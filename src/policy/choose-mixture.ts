import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { scoreWithin, type Guards } from './guards.js';
import { bound, polish, type Score } from './polish.js';
import { polishWithin } from './polish-within.js';
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

/** The range of predicted means; 1 where they are all alike. */
const rangeOf = (pool: readonly TargetPoint[]): number => {
  const means = pool.map(({ mean }) => mean);
  return Math.max(...means) - Math.min(...means) || 1;
};

/** Looks over the feasible set for the mixture of least score at the target, among those that keep the guards. */
export const surveyMixtures = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  seed: number,
  score: Score,
  guards?: Guards,
): Survey => {
  const rank = guards === undefined ? score : scoreWithin(guards, score);
  const broad = broadPool(sweep, feasible, observations, seed).map((shares) => belief.predict(shares));
  const around = lowest(broad, rank, 1)[0]!;
  const local = localPool(feasible, Float64Array.from(around.shares), seed).map((shares) => belief.predict(shares));
  const pool = [...broad, ...local];
  const polished = lowest(pool, rank, STARTS).map((start) =>
    guards === undefined
      ? polish(belief, feasible, start, score)
      : polishWithin(belief, feasible, start, score, guards, rangeOf(pool)),
  );
  const best = lowest(polished, rank, 1)[0]!;
  const shares = Float64Array.from(best.shares);
  // Rounding of many small moves is undone before anything leaves.
  return { pool, best: feasible.contains(shares) ? best : belief.predict(feasible.project(shares)) };
};
