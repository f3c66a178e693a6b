import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { polish, score } from './polish.js';
import { broadPool, localPool } from './pool.js';

/** What is reported: a little doubt held against a mixture keeps the recommendation near what was tried. */
export const REPORT_DOUBT = 0.5; // measured: steadier after the first target runs, no slower otherwise (docs/methods.md)

const STARTS = 2; // pool members polished; more found nothing better

/** The mixtures looked at, best mean first, and the best of them after polishing. */
export interface Survey {
  readonly pool: readonly TargetPoint[];
  readonly best: TargetPoint;
}

const lowest = (points: readonly TargetPoint[], doubt: number, count: number): TargetPoint[] =>
  [...points].sort((a, b) => score(a, doubt) - score(b, doubt)).slice(0, count);

/** Looks over the feasible set for the mixture of least mean + `doubt` sd at the target. */
export const surveyMixtures = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  seed: number,
  doubt: number,
): Survey => {
  const broad = broadPool(sweep, feasible, observations, seed).map((shares) => belief.predict(shares));
  const around = lowest(broad, doubt, 1)[0]!;
  const local = localPool(feasible, Float64Array.from(around.shares), seed).map((shares) => belief.predict(shares));
  const pool = [...broad, ...local];
  const polished = lowest(pool, doubt, STARTS).map((start) => polish(belief, feasible, start, doubt));
  const best = lowest(polished, doubt, 1)[0]!;
  const shares = Float64Array.from(best.shares);
  // Rounding of many small moves is undone before anything leaves.
  return { pool, best: feasible.contains(shares) ? best : belief.predict(feasible.project(shares)) };
};
