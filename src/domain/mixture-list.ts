import { InputError } from './errors.js';
import type { Limits } from './limits.js';
import { dot, FEASIBLE } from './limits.js';
import type { Mixture } from './mixture.js';
import { sharesOf } from './mixture.js';
import type { Rng } from './rng.js';
import { distinct, spreadOut, squaredDistance } from './vertices.js';

const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let gap = 0;
  for (let i = 0; i < a.length; i++) gap = Math.max(gap, Math.abs((a[i] ?? 0) - (b[i] ?? 0)));
  return gap;
};

const leastBy = (list: readonly Float64Array[], score: (shares: Float64Array) => number): Float64Array => {
  let best = list[0] ?? new Float64Array();
  let least = score(best);
  for (const shares of list) {
    const value = score(shares);
    if (value >= least) continue;
    least = value;
    best = shares;
  }
  return best.slice();
};

const meanOf = (list: readonly Float64Array[], count: number): Float64Array => {
  const mean = new Float64Array(count);
  for (const shares of list) shares.forEach((share, i) => (mean[i] = (mean[i] ?? 0) + share / list.length));
  return mean;
};

/** How far along `direction` a member lies from `shares`, or -1 when it is not on that line ahead. */
const stepTo = (member: Float64Array, shares: ArrayLike<number>, direction: ArrayLike<number>): number => {
  const gap = member.map((share, i) => share - (shares[i] ?? 0));
  const t = dot(gap, direction) / dot(direction, direction);
  const isOnLine = gap.every((part, i) => Math.abs(part - t * (direction[i] ?? 0)) <= FEASIBLE);
  return t >= 0 && isOnLine ? t : -1;
};

/**
 * Makes the set of a finite list of mixtures; the limits are known to hold for each. A set without inside: its centre is
 * the member nearest the mean, every member counts as an extreme point, and a step stays on members.
 * @throws InputError for an empty list.
 */
export const mixtureList = (mixtures: readonly Mixture[], limits: Limits) => {
  const { domains } = limits;
  const list = distinct(mixtures.map((mixture) => Float64Array.from(sharesOf(mixture, domains))));
  if (list.length === 0) {
    throw new InputError('The sweep allows no mixture', [
      { path: 'mixtures', expected: 'at least one mixture within the limits', found: 'none' },
    ]);
  }
  const mean = meanOf(list, domains.length);
  const nearest = (shares: ArrayLike<number>): Float64Array =>
    leastBy(list, (member) => squaredDistance(member, shares));
  const centre = nearest(mean);
  return {
    domains,
    list,
    centre,
    contains: (shares: ArrayLike<number>, tolerance = FEASIBLE): boolean =>
      list.some((member) => largestGap(member, shares) <= tolerance),
    project: nearest,
    minimizeLinear: (costs: ArrayLike<number>): Float64Array => leastBy(list, (member) => dot(member, costs)),
    extremePoints: (limit: number): readonly Float64Array[] =>
      spreadOut(list, limit, mean).map((shares) => shares.slice()),
    sample: (rng: Rng): Float64Array => (list[rng.integer(list.length)] ?? centre).slice(),
    maxStep: (shares: ArrayLike<number>, direction: ArrayLike<number>, limit: number): number =>
      list.reduce((best, member) => {
        const step = stepTo(member, shares, direction);
        return step <= limit ? Math.max(best, step) : best;
      }, 0),
  };
};
