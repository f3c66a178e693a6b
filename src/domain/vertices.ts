/**
 * The extreme points of the allowed mixtures. Small sets are enumerated by the double description method (Motzkin et al.
 * 1953; adjacency by common tight limits as in Fukuda and Prodon 1996): begin with the simplex above the minima and cut it
 * by one limit after another. Sets with too many corners are sampled by linear programs in many directions.
 */
import type { Limits } from './limits.js';
import { total } from './limits.js';
import type { Rng } from './rng.js';
import { createRng } from './rng.js';

const MOST_CORNERS = 160; // a cut compares pairs of corners with all corners: about 50 ms at this number
const TIGHT = 1e-12; // slack below this is rounding
const SAME = 1e-6; // corners so near would teach the same: a millionth of the tokens
const DIRECTIONS_PER_CORNER = 8; // random directions per wanted corner: duplicates are common
const DIRECTIONS_SEED = 20403; // any fixed number: the same corners every time

interface Corner {
  readonly shares: Float64Array;
  /** Bit c is set when limit c is met with equality. */
  readonly tight: bigint;
}

/** A limit `coefficients . shares <= bound`. */
interface Cut {
  readonly coefficients: Float64Array;
  readonly bound: number;
}

const indicator = (count: number, members: readonly number[], sign: 1 | -1): Float64Array => {
  const vector = new Float64Array(count);
  for (const i of members) vector[i] = sign;
  return vector;
};

const cutsOf = ({ min, max, groups }: Limits): Cut[] => {
  const count = min.length;
  const rest = 1 - total(min);
  const cuts: Cut[] = [];
  max.forEach((bound, i) => {
    if (bound < (min[i] ?? 0) + rest) cuts.push({ coefficients: indicator(count, [i], 1), bound });
  });
  for (const group of groups) {
    if (group.max < 1) cuts.push({ coefficients: indicator(count, group.members, 1), bound: group.max });
    if (group.min > 0) cuts.push({ coefficients: indicator(count, group.members, -1), bound: -group.min });
  }
  return cuts;
};

const slackOf = ({ shares }: Corner, { coefficients, bound }: Cut): number => {
  let slack = bound;
  for (let i = 0; i < shares.length; i++) slack -= (coefficients[i] ?? 0) * (shares[i] ?? 0);
  return slack;
};

/** Are two corners the ends of an edge? They are when no third corner is tight wherever both are. */
const areAdjacent = (a: Corner, b: Corner, corners: readonly Corner[]): boolean => {
  const common = a.tight & b.tight;
  return corners.every((other) => other === a || other === b || (other.tight & common) !== common);
};

const between = (inside: Corner, outside: Corner, slackIn: number, slackOut: number): Float64Array => {
  const t = slackIn / (slackIn - slackOut);
  return inside.shares.map((share, i) => share + t * ((outside.shares[i] ?? 0) - share));
};

const applyCut = (corners: readonly Corner[], cut: Cut, bit: bigint): Corner[] => {
  const slacks = corners.map((corner) => slackOf(corner, cut));
  const kept: Corner[] = [];
  corners.forEach((corner, i) => {
    const slack = slacks[i] ?? 0;
    if (slack > TIGHT) kept.push(corner);
    else if (slack >= -TIGHT) kept.push({ shares: corner.shares, tight: corner.tight | bit });
  });
  corners.forEach((inside, i) => {
    const slackIn = slacks[i] ?? 0;
    if (slackIn <= TIGHT) return;
    corners.forEach((outside, j) => {
      const slackOut = slacks[j] ?? 0;
      if (slackOut >= -TIGHT || !areAdjacent(inside, outside, corners)) return;
      kept.push({ shares: between(inside, outside, slackIn, slackOut), tight: (inside.tight & outside.tight) | bit });
    });
  });
  return kept;
};

/** Corners of the simplex above the minima; corner i is tight on every minimum but that of domain i. */
const simplexCorners = ({ min }: Limits): Corner[] => {
  const rest = Math.max(0, 1 - total(min));
  const all = (1n << BigInt(min.length)) - 1n;
  if (rest <= TIGHT) return [{ shares: min.slice(), tight: all }];
  return Array.from(min, (_, i) => {
    const shares = min.slice();
    shares[i] = (shares[i] ?? 0) + rest;
    return { shares, tight: all & ~(1n << BigInt(i)) };
  });
};

/** Returns every extreme point, or null when there are too many to enumerate. */
export const enumerateCorners = (limits: Limits): Float64Array[] | null => {
  let corners = simplexCorners(limits);
  let bit = 1n << BigInt(limits.min.length);
  for (const cut of cutsOf(limits)) {
    corners = applyCut(corners, cut, bit);
    if (corners.length > MOST_CORNERS) return null;
    bit <<= 1n;
  }
  return corners.map(({ shares }) => shares);
};

/** Squared Euclidean distance of two mixtures. */
export const squaredDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum;
};

const isNew = (points: readonly Float64Array[], point: Float64Array): boolean =>
  points.every((other) => squaredDistance(other, point) > SAME * SAME);

/** Drops points that are equal to within the tolerance on shares. */
export const distinct = (points: readonly Float64Array[]): Float64Array[] => {
  // Equal points have equal sums of shares by rank, to within the width of a drawer: each is compared with three drawers alone.
  const drawers = new Map<number, Float64Array[]>();
  return points.filter((point) => {
    const sum = point.reduce((before, share, i) => before + (i + 1) * share, 0);
    const at = Math.floor(sum / (SAME * (point.length + 1) ** 2));
    if (![at - 1, at, at + 1].every((drawer) => isNew(drawers.get(drawer) ?? [], point))) return false;
    const own = drawers.get(at) ?? [];
    own.push(point);
    drawers.set(at, own);
    return true;
  });
};

function* directions(count: number, rng: Rng): Generator<Float64Array> {
  for (let i = 0; i < count; i++) yield indicator(count, [i], -1);
  for (let i = 0; i < count; i++) yield indicator(count, [i], 1);
  for (;;) yield Float64Array.from({ length: count }, () => rng.normal());
}

/** Finds about `wanted` or more extreme points of a set too large to enumerate: each share's extremes, then random directions. */
export const searchCorners = (
  count: number,
  wanted: number,
  minimize: (costs: Float64Array) => Float64Array,
): Float64Array[] => {
  const found: Float64Array[] = [];
  const tries = 2 * count + DIRECTIONS_PER_CORNER * wanted;
  let tried = 0;
  for (const direction of directions(count, createRng(DIRECTIONS_SEED))) {
    if (tried++ >= tries) break;
    const corner = minimize(direction);
    if (isNew(found, corner)) found.push(corner);
  }
  return found;
};

/** Chooses `limit` points that lie far from each other: the farthest from `centre` first, then always the farthest from all chosen. */
export const spreadOut = (
  points: readonly Float64Array[],
  limit: number,
  centre: Float64Array,
): readonly Float64Array[] => {
  if (points.length <= limit) return points;
  const gaps = points.map((point) => squaredDistance(point, centre));
  const chosen: Float64Array[] = [];
  while (chosen.length < limit) {
    const next = points[gaps.indexOf(Math.max(...gaps))];
    if (next === undefined) break;
    const first = chosen.length === 0;
    chosen.push(next);
    points.forEach((point, i) => {
      const gap = squaredDistance(point, next);
      gaps[i] = first ? gap : Math.min(gaps[i] ?? 0, gap);
    });
  }
  return chosen;
};
