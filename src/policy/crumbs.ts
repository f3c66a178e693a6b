import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { withinDoubtOf } from './near-optimal.js';

const CRUMB = 0.15; // of an even share; with the next measured: docs/tried.md
const SDS = 0.5; // of the difference to the best

/** A mixture without one of its domains, the others in proportion. */
const without = (shares: ArrayLike<number>, domain: number): Float64Array => {
  const rest = 1 - shares[domain]!;
  return Float64Array.from(shares, (share, i) => (i === domain ? 0 : share / rest));
};

/**
 * Leaves out domains of so small a share that the belief cannot tell whether they help, the smallest first: a search along the inside of
 * the simplex ends near a face, seldom on it. What is left is allowed, and as good as the best to within half the doubt of the difference.
 */
export const withoutCrumbs = (
  belief: Belief,
  feasible: FeasibleSet,
  best: TargetPoint,
  isAllowed: (point: TargetPoint) => boolean,
): TargetPoint => {
  if (feasible.list !== undefined) return best;
  const isAsGood = withinDoubtOf(belief, best, SDS);
  const crumbs = Array.from(best.shares, (share, domain) => ({ share, domain }))
    .filter(({ share }) => share > 0 && share < CRUMB / best.shares.length)
    .sort((a, b) => a.share - b.share);
  return crumbs.reduce((left, { domain }) => {
    const shares = without(left.shares, domain);
    if (!feasible.contains(shares)) return left;
    const point = belief.predict(shares);
    return isAllowed(point) && isAsGood(point) ? point : left;
  }, best);
};
