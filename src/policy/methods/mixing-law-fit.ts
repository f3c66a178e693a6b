/**
 * The exponential mixing law: one metric as a function of the mixture at one fidelity (Ye et al. 2024, arXiv 2403.16952,
 * equation 1; as "log-linear" in arXiv 2602.12237), fitted by Huber's loss from many starts.
 *
 * | name  | meaning                                         | shape | unit            |
 * |-------|-------------------------------------------------|-------|-----------------|
 * | r     | shares                                          | (D)   | 1               |
 * | c     | floor                                           |       | of the metric   |
 * | t     | strength of each domain's share                 | (D)   | 1               |
 * | scale | what the exponential is counted in              |       | of the metric   |
 *
 *     L(r) = c + scale exp(t . r)
 *
 * The paper's factor k is part of t: shares sum to 1, so k exp(t . r) = exp((t + ln k) . r).
 */
import { dot } from '../../domain/limits.js';
import { cholesky, solveLower, solveUpper } from '../../surrogate/linear-algebra.js';
import { bestOfStarts, type Residuals } from './least-squares.js';

/** A fitted law; `scale` is 0 for a metric that no mixture changes. */
export interface FittedMixingLaw {
  readonly floor: number;
  readonly scale: number;
  /** t `(D)`. */
  readonly strengths: Float64Array;
}

const HUBER = 0.01; // in the metric's unit: the default of the code released with arXiv 2403.16952
const STARTS = 16; // floors from just below the data to far below, where the law is all but linear
const NEAREST_FLOOR = 0.02; // below the least value, in ranges of the data
const FARTHEST_FLOOR = 20; // likewise; over one range an exponential with such a floor is a line to 2.5 %
const FLOOR_ABOVE = 0.5; // a floor above the least value is noise's; half a range is more than noise should be
const STEEPEST = 60; // e^60 over a share of 1: steeper is a wall
const RIDGE = 1e-6; // relative, so that starts exist where runs are fewer than domains

/** Returns the law's value at shares `(D)`. */
export const evaluateMixingLaw = ({ floor, scale, strengths }: FittedMixingLaw, shares: ArrayLike<number>): number =>
  scale === 0 ? floor : floor + scale * Math.exp(dot(strengths, shares));

/** Regresses ln(y - floor) on shares: the law's strengths for a known floor. */
const strengthsFor = (
  mixtures: readonly ArrayLike<number>[],
  values: ArrayLike<number>,
  floor: number,
): Float64Array => {
  const m = mixtures[0]!.length;
  const h = new Float64Array(m * m);
  const g = new Float64Array(m);
  mixtures.forEach((shares, k) => {
    const rise = values[k]! - floor;
    const weight = rise * rise; // errors of ln(y - floor) are those of y over (y - floor)
    for (let i = 0; i < m; i++) {
      g[i] = g[i]! + weight * shares[i]! * Math.log(rise);
      for (let j = 0; j <= i; j++) h[i * m + j] = h[i * m + j]! + weight * shares[i]! * shares[j]!;
    }
  });
  const trace = dot(
    h.filter((_, i) => i % (m + 1) === 0),
    new Float64Array(m).fill(1 / m),
  );
  for (let i = 0; i < m; i++) h[i * m + i] = h[i * m + i]! + RIDGE * trace;
  const l = cholesky(h, m);
  solveLower(l, m, g);
  solveUpper(l, m, g);
  return g;
};

/** Parameters are c, then t; values are counted in ranges above the least one. */
const modelOf = (mixtures: readonly ArrayLike<number>[], values: ArrayLike<number>) => {
  const m = mixtures[0]!.length + 1;
  return (p: Float64Array): Residuals => {
    const residuals = new Float64Array(mixtures.length);
    const jacobian = new Float64Array(mixtures.length * m);
    mixtures.forEach((shares, k) => {
      const rise = Math.exp(dot(p.subarray(1), shares));
      residuals[k] = p[0]! + rise - values[k]!;
      jacobian[k * m] = 1;
      for (let i = 1; i < m; i++) jacobian[k * m + i] = rise * shares[i - 1]!;
    });
    return { residuals, jacobian: () => jacobian };
  };
};

const startsFor = (mixtures: readonly ArrayLike<number>[], values: ArrayLike<number>): Float64Array[] =>
  Array.from({ length: STARTS }, (_, k) => {
    const floor = -NEAREST_FLOOR * (FARTHEST_FLOOR / NEAREST_FLOOR) ** (k / (STARTS - 1));
    return Float64Array.from([floor, ...strengthsFor(mixtures, values, floor)]);
  });

/** Fits the law to values `(n)` of mixtures `(n × D)`, n at least 1. */
export const fitMixingLaw = (mixtures: readonly ArrayLike<number>[], values: readonly number[]): FittedMixingLaw => {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const domains = mixtures[0]!.length;
  if (!(range > 0)) return { floor: least, scale: 0, strengths: new Float64Array(domains) };
  const unit = values.map((value) => (value - least) / range);
  const bounds = (floor: number, strength: number): number[] => [floor, ...new Array<number>(domains).fill(strength)];
  const best = bestOfStarts(modelOf(mixtures, unit), startsFor(mixtures, unit), {
    lower: bounds(-FARTHEST_FLOOR, -STEEPEST),
    upper: bounds(FLOOR_ABOVE, STEEPEST),
    delta: HUBER / range,
  });
  return { floor: least + range * best.parameters[0]!, scale: range, strengths: best.parameters.slice(1) };
};

/** Returns the law of factor x (value - zero). */
export const scaleLaw = (
  law: FittedMixingLaw,
  { factor, zero }: { factor: number; zero: number },
): FittedMixingLaw => ({
  ...law,
  floor: factor * (law.floor - zero),
  scale: factor * law.scale,
});
