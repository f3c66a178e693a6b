import type { FeasibleSet } from '../domain/feasible-set.js';
import { massMovedBetween } from '../domain/mixture.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';

const MOST = 8; // mixtures shown
const BLENDS = [0.25, 0.5, 1]; // how far from the best towards each pool member is looked

/** Tells whether a point's predicted difference to the best is within so many sd of the belief about that difference. */
export const withinDoubtOf = (belief: Belief, best: TargetPoint, sds: number): ((point: TargetPoint) => boolean) => {
  const doubt = belief.doubtOfLead(best);
  return (point) => point.mean - best.mean <= sds * doubt(point);
};

/** Points on the way from the best to others: feasible, as the set is convex. */
const wayPoints = (
  belief: Belief,
  feasible: FeasibleSet,
  pool: readonly TargetPoint[],
  best: TargetPoint,
): TargetPoint[] => {
  if (feasible.list !== undefined) return [...pool];
  const corners = feasible.extremePoints(MOST * 2);
  const between = [...corners, feasible.centre].flatMap((shares) =>
    BLENDS.map((t) => Float64Array.from(shares, (share, i) => (1 - t) * best.shares[i]! + t * share)),
  );
  return [...pool, ...between.map((shares) => belief.predict(shares))];
};

/** Picks a spread-out set of allowed mixtures that the belief cannot tell from the best, the best among them, best first. */
export const nearOptimalSet = (
  belief: Belief,
  feasible: FeasibleSet,
  pool: readonly TargetPoint[],
  best: TargetPoint,
  isAllowed: (point: TargetPoint) => boolean = () => true,
): TargetPoint[] => {
  const isAlike = withinDoubtOf(belief, best, 1);
  const alike = wayPoints(belief, feasible, pool, best).filter((point) => isAlike(point) && isAllowed(point));
  const chosen = [best];
  const distance = alike.map((point) => massMovedBetween(point.shares, best.shares));
  while (chosen.length < MOST) {
    const farthest = distance.reduce((top, value, i) => (value > (distance[top] ?? 0) ? i : top), -1);
    if (farthest < 0) break;
    const next = alike[farthest]!;
    chosen.push(next);
    alike.forEach((point, i) => (distance[i] = Math.min(distance[i]!, massMovedBetween(point.shares, next.shares))));
  }
  return chosen.sort((a, b) => a.mean - b.mean);
};

/** Smallest and largest share of each domain over mixtures. */
export const shareRangesOf = (
  domains: readonly string[],
  mixtures: readonly ArrayLike<number>[],
): Record<string, readonly [number, number]> =>
  Object.fromEntries(
    domains.map((domain, i) => {
      const shares = mixtures.map((mixture) => mixture[i]!);
      return [domain, [Math.min(...shares), Math.max(...shares)] as const];
    }),
  );
