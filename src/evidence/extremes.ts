/** The best and the median value over what a sweep allows, where the truth is known: what regret is measured in. */
import { median } from 'd3-array';
import type { FeasibleSet } from '../domain/feasible-set.js';
import { createRng } from '../domain/rng.js';

/** The value of the best allowed mixture, and the median over random ones (less is better). */
export interface Extremes {
  readonly best: number;
  readonly median: number;
}

const DRAWS = 1000; // the median is then known to a few hundredths of the spread
const FACE_DRAWS = 500; // as optima often lie on faces
const FACE_CONCENTRATION = 0.3;
const STARTS = 5; // best of draws and corners, each improved on its own, and the centre
const FIRST_STEP = 0.1; // share moved at first
const LAST_STEP = 1e-5; // a finer move changes a regret by less than is printed
const DIFFERENCE = 1e-6; // for slopes: far above rounding, far below any step

type Value = (shares: Float64Array) => number;

const slopesAt = (value: Value, shares: Float64Array, y: number): number[] =>
  Array.from(shares, (share, i) => {
    const h = share > 0.5 ? -DIFFERENCE : DIFFERENCE; // a share stays within [0, 1]
    const near = shares.slice();
    near[i] = share + h;
    return (value(near) - y) / h;
  });

/** Pairs of domains (from, to) between which moving share lowers the value, the steepest first. */
const descents = (slopes: readonly number[]): (readonly [number, number])[] =>
  slopes
    .flatMap((a, from) => slopes.flatMap((b, to) => (b < a ? [{ from, to, gain: a - b }] : [])))
    .sort((a, b) => b.gain - a.gain)
    .map(({ from, to }) => [from, to]);

const moved = (
  feasible: FeasibleSet,
  shares: Float64Array,
  [from, to]: readonly [number, number],
  step: number,
): Float64Array | undefined => {
  const direction = new Float64Array(shares.length);
  direction[from] = -1;
  direction[to] = 1;
  const t = feasible.maxStep(shares, direction, step);
  return t > 0 ? shares.map((share, i) => Math.min(1, Math.max(0, share + t * direction[i]!))) : undefined;
};

interface Point {
  readonly shares: Float64Array;
  readonly y: number;
}

/** The first of the pairs' moves that lowers the value. */
const improve = (
  value: Value,
  feasible: FeasibleSet,
  { shares, y }: Point,
  pairs: readonly (readonly [number, number])[],
  step: number,
): Point | undefined => {
  let tried = 0;
  for (const pair of pairs) {
    const point = moved(feasible, shares, pair, step);
    if (point === undefined) continue; // blocked by a limit
    const below = value(point);
    if (below < y) return { shares: point, y: below };
    if (++tried === 3 * shares.length) return undefined; // the others are as good as level
  }
  return undefined;
};

/** Lowers a value by moving share between pairs of domains, the steepest pair that helps first, until steps are fine. */
export const descend = (value: Value, feasible: FeasibleSet, start: Float64Array): Point => {
  let best: Point = { shares: start, y: value(start) };
  let pairs = descents(slopesAt(value, best.shares, best.y));
  for (let step = FIRST_STEP; step > LAST_STEP;) {
    const better = improve(value, feasible, best, pairs, step);
    if (better === undefined) {
      step /= 2;
      continue;
    }
    best = better;
    pairs = descents(slopesAt(value, best.shares, best.y));
  }
  return best;
};

/** Finds the best and the median of a finite list of values. */
export const listExtremes = (values: readonly number[]): Extremes => ({
  best: Math.min(...values),
  median: median(values) ?? Number.NaN,
});

/**
 * Finds the best and the median value over the allowed mixtures: the median of random draws, and the best of what is reached from the
 * best of them, of draws near faces and of the corners, and from the centre. Of a finite list: its own.
 */
export const searchExtremes = (feasible: FeasibleSet, value: Value): Extremes => {
  if (feasible.list !== undefined) return listExtremes(feasible.list.map(value));
  const place = (shares: Float64Array): Point => ({ shares, y: value(shares) });
  const rng = createRng(1);
  const drawn = Array.from({ length: DRAWS }, () => place(feasible.sample(rng, 1)));
  const faces = Array.from({ length: FACE_DRAWS }, () => place(feasible.sample(rng, FACE_CONCENTRATION)));
  const corners = feasible.extremePoints(feasible.domains.length).map(place);
  const promising = [...drawn, ...faces, ...corners].sort((a, b) => a.y - b.y).slice(0, STARTS);
  const reached = [...promising, place(feasible.centre)].map(({ shares }) => descend(value, feasible, shares).y);
  return { best: Math.min(...reached), median: median(drawn, ({ y }) => y) ?? Number.NaN };
};
