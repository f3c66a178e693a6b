/**
 * Convex minimisation over the allowed mixtures.
 *
 * Of a sum of terms, one a share, under bounds alone: every share answers to one multiplier, found by bisection (exact). Of
 * any smooth convex function over any allowed set: spectral projected gradients (Birgin, Martinez and Raydan 2000, SIAM J.
 * Optim. 10, 1196-1211) with exact projections. Optimality is checked by the gap of Frank and Wolfe (Jaggi 2013, ICML, section
 * 2): gradient . (x - s), s the allowed point of least gradient . s, bounds from above what x is worse than the best by.
 * Over a list every member is looked at.
 */
import type { FeasibleSet } from '../../domain/feasible-set.js';
import { dot, type Limits } from '../../domain/limits.js';
import { clip, polish } from '../../domain/projection.js';

/** A convex function of shares `(D)` with its gradient. */
export type Convex = (shares: Float64Array) => { readonly value: number; readonly gradient: Float64Array };

export interface Minimum {
  readonly shares: Float64Array;
  readonly value: number;
  /** The value is at most this far above the least one, when the function is convex. */
  readonly gap: number;
}

/** A convex term of one share. */
export interface Term {
  value(share: number): number;
  slope(share: number): number;
  /** The share at which the slope is `-multiplier` (positive): -Infinity where the term is flat. */
  shareAt(multiplier: number): number;
}

/** The term of a domain that changes nothing. */
export const NO_TERM: Term = { value: () => 0, slope: () => 0, shareAt: () => Number.NEGATIVE_INFINITY };

const CLOSE = 1e-8; // of the value, or of 1 where that is less: far below what a run can tell
const CLOSE_OF_GAIN = 1e-6; // of what the start is worse than the best by, where that is less: objectives have any unit, and mixtures may move them little
const CLOSE_TO_ROUNDING = 1e-12; // of the steepest slope at the start: a gap that is less is what rounding leaves of it
const MOST_STEPS = 3000; // of projected gradients; 100 to 500 where shares differ by 1e4
const LOOK_EVERY = 10; // steps between looks at the gap, which costs a linear program
const MEMORY = 10; // values that a step may not exceed: Birgin et al., section 4
const ARMIJO = 1e-4; // sufficient decrease, as they have it
const [SHORTEST, LONGEST] = [1e-12, 1e12]; // spectral step lengths, where slopes are near 1

const LEAST_SLOPE = 1e-290; // beside it the longest step is still a number

const minus = (a: Float64Array, b: ArrayLike<number>): Float64Array => a.map((value, i) => value - b[i]!);

const bestListed = (f: Convex, list: readonly Float64Array[]): Minimum => {
  const best = list.map((shares) => ({ shares, value: f(shares).value })).reduce((a, b) => (b.value < a.value ? b : a));
  return { ...best, gap: 0 };
};

interface Place {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

const gapAt = (feasible: FeasibleSet, { x, gradient }: Place): number =>
  Math.max(0, dot(gradient, minus(x, feasible.minimizeLinear(gradient))));

/** Goes along `direction` by the longest tried part that lowers the value enough; null when none does. */
const search = (f: Convex, from: Place, direction: Float64Array, ceiling: number): Place | null => {
  const slope = dot(from.gradient, direction);
  for (let t = 1; t > 1e-14; t /= 2) {
    const x = from.x.map((share, i) => share + t * direction[i]!);
    const { value, gradient } = f(x);
    if (value <= ceiling + ARMIJO * t * slope) return { x, value, gradient };
  }
  return null;
};

const spectralLength = (from: Place, to: Place, steepest: number): number => {
  const s = minus(to.x, from.x);
  const curvature = dot(s, minus(to.gradient, from.gradient));
  const [shortest, longest] = [SHORTEST / Math.max(1, steepest), LONGEST / Math.min(1, steepest)];
  return curvature > 0 ? Math.min(longest, Math.max(shortest, dot(s, s) / curvature)) : longest;
};

/** Minimises a smooth convex function over the allowed mixtures, from a point near `start`. */
export const minimizeConvex = (f: Convex, feasible: FeasibleSet, start: ArrayLike<number>): Minimum => {
  if (feasible.list !== undefined) return bestListed(f, feasible.list);
  const x = feasible.project(start);
  let place: Place = { x, ...f(x) };
  let best = place;
  const [first, steepest] = [place.value, Math.max(...place.gradient.map(Math.abs), LEAST_SLOPE)];
  const isClose = (at: Place): boolean => {
    const gap = gapAt(feasible, at);
    const ofGain = CLOSE_OF_GAIN * (first - at.value + gap) + CLOSE_TO_ROUNDING * steepest;
    return gap <= Math.min(CLOSE * Math.max(1, Math.abs(at.value)), ofGain);
  };
  let length = 1 / steepest;
  const values = [place.value];
  for (let step = 1; step <= MOST_STEPS; step++) {
    if (step % LOOK_EVERY === 1 && isClose(place)) break;
    const aim = feasible.project(place.x.map((share, i) => share - length * place.gradient[i]!));
    const next = search(f, place, minus(aim, place.x), Math.max(...values));
    if (next === null) break;
    length = spectralLength(place, next, steepest);
    place = next;
    values.push(place.value);
    if (values.length > MEMORY) values.shift();
    if (place.value < best.value) best = place;
  }
  const shares = feasible.project(best.x);
  return { shares, value: f(shares).value, gap: gapAt(feasible, { ...best, x: shares }) };
};

const [LEAST_LOG, MOST_LOG] = [-700, 700]; // of a multiplier: the range of doubles
const HALVINGS = 100; // of that range: down to rounding

/** Solves for the multiplier at which the clipped shares sum to 1; what flat terms leave over goes to the nearest point. */
const minimizeWithinBounds = (terms: readonly Term[], limits: Limits): Float64Array => {
  const sharesFor = (log: number): Float64Array => {
    const multiplier = Math.exp(log);
    return Float64Array.from(terms, (term, i) => clip(term.shareAt(multiplier), limits.min[i]!, limits.max[i]!));
  };
  let [low, high] = [LEAST_LOG, MOST_LOG];
  for (let round = 0; round < HALVINGS; round++) {
    const middle = (low + high) / 2;
    if (sharesFor(middle).reduce((sum, share) => sum + share, 0) > 1) low = middle;
    else high = middle;
  }
  return sharesFor(high);
};

/** Adds terms up to a function of all shares. */
export const sumOfTerms =
  (terms: readonly Term[]): Convex =>
  (shares) => ({
    value: terms.reduce((sum, term, i) => sum + term.value(shares[i]!), 0),
    gradient: Float64Array.from(terms, (term, i) => term.slope(shares[i]!)),
  });

const SUM_CLOSE = 1e-9; // shares that miss the sum of 1 by more were left over by flat terms

/** Minimises a sum of convex, falling terms, one a share: by bisection where only bounds limit shares. */
export const minimizeTerms = (terms: readonly Term[], feasible: FeasibleSet, limits: Limits): Minimum => {
  const f = sumOfTerms(terms);
  if (feasible.list !== undefined) return bestListed(f, feasible.list);
  const bounded = minimizeWithinBounds(terms, limits);
  if (limits.groups.length > 0) return minimizeConvex(f, feasible, bounded);
  const isWhole = Math.abs(bounded.reduce((sum, share) => sum + share, -1)) <= SUM_CLOSE;
  const shares = isWhole ? polish(bounded, limits) : feasible.project(bounded);
  const { value, gradient } = f(shares);
  return { shares, value, gap: gapAt(feasible, { x: shares, value, gradient }) };
};
