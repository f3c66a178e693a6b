import { drawDirichlet } from './dirichlet.js';
import { InputError } from './errors.js';
import type { Limits, LimitedSweep } from './limits.js';
import { FEASIBLE, groupViolation, limitsOf, sumOver, total, violation } from './limits.js';
import { linearProgram } from './linear-program.js';
import { mixtureList } from './mixture-list.js';
import { projectOntoLimits } from './group-projection.js';
import { polish } from './projection.js';
import type { Rng } from './rng.js';
import { distinct, enumerateCorners, searchCorners, spreadOut } from './vertices.js';

const ROUNDING = 1e-11; // a tenth of a tenth of the tolerance on shares: what sums of thirty shares leave
const SLOPE_ROUNDING = 1e-10; // of a direction's largest part: what differences of shares leave where nothing moves

/**
 * The mixtures that a sweep allows: the simplex cut by bounds, group limits, fixed shares and epoch caps at the target,
 * or a finite list. Shares are vectors `(D)` in the order of the sweep's domains.
 */
export interface FeasibleSet {
  readonly domains: readonly string[];
  /** The allowed mixtures when they are a finite list, each feasible. */
  readonly list?: readonly Float64Array[];
  /** A point well inside. */
  readonly centre: Float64Array;
  /** Is every limit kept to within `tolerance` (default 1e-9)? */
  contains(shares: ArrayLike<number>, tolerance?: number): boolean;
  /** A feasible point near `shares` (of a list: its nearest member). */
  project(shares: ArrayLike<number>): Float64Array;
  /** The feasible point of least `costs . shares`: an extreme point. */
  minimizeLinear(costs: ArrayLike<number>): Float64Array;
  /** At most `limit` extreme points, spread out, the same ones every time. */
  extremePoints(limit: number): readonly Float64Array[];
  /** A random feasible point; `concentration` as of a Dirichlet: 1 spreads evenly, less than 1 favours faces. */
  sample(rng: Rng, concentration: number): Float64Array;
  /** The largest t in [0, limit] such that `shares + t direction` is feasible; `direction` sums to 0. */
  maxStep(shares: ArrayLike<number>, direction: ArrayLike<number>, limit: number): number;
}

/** Moves from an infeasible point towards the centre, which is inside, by the least that makes it feasible. */
const pullInside = (point: Float64Array, centre: Float64Array, limits: Limits): Float64Array => {
  let far = 0;
  for (const { members, min, max } of limits.groups) {
    const here = sumOver(point, members);
    const there = sumOver(centre, members);
    const excess = Math.max(min - here, here - max);
    if (excess > 0 && Math.abs(there - here) > excess) far = Math.max(far, excess / Math.abs(there - here));
    else if (excess > FEASIBLE / 2) far = 1;
  }
  return point.map((share, i) => share + far * ((centre[i] ?? 0) - share));
};

/** Shares the room above the minima in proportion to what each domain may take: the middle of a set without groups. */
const boundsCentre = (limits: Limits): Float64Array => {
  const { min, max } = limits;
  const width = total(max) - total(min);
  const t = width > 0 ? Math.min(1, Math.max(0, (1 - total(min)) / width)) : 0;
  return polish(
    Float64Array.from(min, (low, i) => low + t * ((max[i] ?? 1) - low)),
    limits,
  );
};

/** The mean of the extremes of every share and every group: inside every limit that leaves room. */
const centreOf = (limits: Limits, minimize: (costs: ArrayLike<number>) => Float64Array): Float64Array => {
  const middle = boundsCentre(limits);
  const isRoomy = limits.groups.every(({ members, min, max }) => {
    const sum = sumOver(middle, members);
    return sum > min && sum < max;
  });
  if (isRoomy) return middle;
  const count = middle.length;
  const centre = new Float64Array(count);
  const extremes = [...Array.from(middle, (_, i) => [i]), ...limits.groups.map(({ members }) => members)].flatMap(
    (members) =>
      [1, -1].map((sign) => minimize(Float64Array.from({ length: count }, (_, i) => (members.includes(i) ? sign : 0)))),
  );
  for (const point of extremes) point.forEach((share, i) => (centre[i] = (centre[i] ?? 0) + share / extremes.length));
  return polish(centre, limits);
};

/** The largest t in [0, limit] that keeps every limit (ratio test). */
const longestStep = (
  limits: Limits,
  shares: ArrayLike<number>,
  direction: ArrayLike<number>,
  limit: number,
): number => {
  let longest = limit;
  let largest = 0;
  for (let i = 0; i < shares.length; i++) largest = Math.max(largest, Math.abs(direction[i] ?? 0));
  const bound = (value: number, slope: number, min: number, max: number): void => {
    if (Math.abs(slope) <= SLOPE_ROUNDING * largest) return;
    longest = Math.min(longest, Math.max(0, (slope > 0 ? max - value : min - value) / slope));
  };
  for (let i = 0; i < shares.length; i++) {
    bound(shares[i] ?? 0, direction[i] ?? 0, limits.min[i] ?? 0, limits.max[i] ?? 1);
  }
  for (const { members, min, max } of limits.groups) {
    bound(sumOver(shares, members), sumOver(direction, members), min, max);
  }
  return longest;
};

/** Draws from a Dirichlet distribution over the domains that have room, above the minima. */
const drawAbove = (limits: Limits, rng: Rng, concentration: number): Float64Array => {
  const shares = limits.min.slice();
  const free: number[] = [];
  for (let i = 0; i < shares.length; i++) if ((limits.max[i] ?? 1) > (limits.min[i] ?? 0)) free.push(i);
  const rest = 1 - total(shares);
  const draw = drawDirichlet(rng, free.length, concentration);
  free.forEach((i, k) => (shares[i] = (shares[i] ?? 0) + rest * (draw[k] ?? 0)));
  return shares;
};

/**
 * A draw that falls outside is put on the nearest face; every second such draw is then moved a random part of the way to
 * the centre, so that both faces and the inside get their share of draws however tight the limits are.
 */
const drawInside = (set: Pick<FeasibleSet, 'project' | 'centre'>, limits: Limits, draw: Float64Array, rng: Rng) => {
  if (violation(limits, draw) <= ROUNDING) return polish(draw, limits);
  const face = set.project(draw);
  if (rng.uniform() < 0.5) return face;
  const t = rng.uniform();
  return polish(
    face.map((share, i) => share + t * ((set.centre[i] ?? 0) - share)),
    limits,
  );
};

const continuousSet = (limits: Limits): FeasibleSet => {
  const program = linearProgram(limits);
  if (!program.feasible || limits.min.some((min, i) => min > (limits.max[i] ?? 1) + FEASIBLE)) {
    throw new InputError('The sweep allows no mixture', [
      { path: 'domains', expected: 'limits that some mixture keeps', found: 'limits that exclude each other' },
    ]);
  }
  const minimizeLinear = (costs: ArrayLike<number>): Float64Array => polish(program.minimize(costs), limits);
  const centre = centreOf(limits, minimizeLinear);
  const project = (shares: ArrayLike<number>): Float64Array => {
    const near = projectOntoLimits(shares, limits);
    if (groupViolation(limits, near) <= ROUNDING) return near;
    const inside = polish(pullInside(near, centre, limits), limits);
    return violation(limits, inside) <= FEASIBLE ? inside : centre.slice();
  };
  let all: readonly Float64Array[] | null | undefined;
  const found = new Map<number, readonly Float64Array[]>();
  const cornersFor = (limit: number): readonly Float64Array[] => {
    const known = found.get(limit);
    if (known !== undefined) return known;
    if (all === undefined) all = enumerateCorners(limits)?.map((corner) => polish(corner, limits)) ?? null;
    const corners = all === null ? searchCorners(centre.length, limit, minimizeLinear) : distinct(all);
    const spread = spreadOut(corners, limit, centre);
    found.set(limit, spread);
    return spread;
  };
  const set = { centre, project };
  return {
    ...set,
    domains: limits.domains,
    contains: (shares, tolerance = FEASIBLE) => violation(limits, shares) <= tolerance,
    minimizeLinear,
    extremePoints: (limit) => cornersFor(limit).map((corner) => corner.slice()),
    sample: (rng, concentration) => drawInside(set, limits, drawAbove(limits, rng, concentration), rng),
    maxStep: (shares, direction, limit) => longestStep(limits, shares, direction, limit),
  };
};

/**
 * Builds the set of mixtures that a sweep allows.
 * @throws InputError when it allows none (`parseSweep` says why).
 */
export const feasibleSet = (sweep: LimitedSweep): FeasibleSet => {
  const limits = limitsOf(sweep);
  return sweep.mixtures === undefined ? continuousSet(limits) : mixtureList(sweep.mixtures, limits);
};
