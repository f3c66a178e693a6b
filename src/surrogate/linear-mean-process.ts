/**
 * A Gaussian process over mixtures at one fidelity, with a linear mean: the plain belief of Bayesian optimisation.
 *
 *   y = s [ b0 + b.(x - c) + f(x) ] + noise ,   b0 ~ N(0, 1),  b ~ N(0, v I),  f ~ GP(0, Matern 5/2 of |x - x'| / length)
 *
 * Integrated over b0 and b (Rasmussen & Williams 2006, eq. 2.40):  K = 1 + v (x - c).(x' - c) + Matern + noise I , in units of s^2.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | y | values, standardised | n |
 * | x, c | shares, and their mean over the rows | D |
 * | theta | logarithms of length, v and noise (a variance) | 3 |
 * | s^2 | (y' K^-1 y + 1) / (n + 1): profiled out, with one pseudo-observation of variance 1 | |
 */
import { distanceOf } from './kernel.js';
import { cholesky, inner, inverseLower, logDeterminant, solveLower, solveUpper } from './linear-algebra.js';

/** What is believed of one mixture's value, without the noise of a run. */
export interface PlainPrediction {
  readonly mean: number;
  readonly sd: number;
}

export interface LinearMeanProcess {
  predict(shares: ArrayLike<number>): PlainPrediction;
  /** The process that has also seen these mixtures at their predicted values: they narrow it and move no mean. */
  withGuesses(mixtures: readonly ArrayLike<number>[]): LinearMeanProcess;
  readonly rows: number;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly logLikelihood: number;
  /** Leave-one-out standardised errors (n), Rasmussen & Williams 2006, eq. 5.12. */
  readonly standardizedErrors: Float64Array;
}

const NAMES = ['length', 'linear', 'noise'] as const;
// Normal priors on theta. Length: mean sqrt(2) + ln(d) / 2 and sd sqrt(3) in d free shares, so that doubt grows with the distance
// between mixtures alike in any dimension (Hvarfner et al. 2024, arXiv 2402.02229). Linear part: about as large as the rest.
// Noise: from none to a tenth of the spread.
const priorMean = (free: number): number[] => [Math.SQRT2 + Math.log(Math.max(1, free)) / 2, 0, Math.log(1e-4)];
const PRIOR_SD = [Math.sqrt(3), 1.5, 3];
const FIRST_STEP = 1; // of the pattern search, in theta: a factor of e
const LAST_STEP = 0.1; // a tenth on a length changes no choice
const NOISE_FLOOR = 1e-8; // of the kernel: below what any metric is reported to, and keeps K definite
const SQRT5 = Math.sqrt(5);

type Rows = readonly Float64Array[];

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array =>
  Float64Array.from(a, (x, i) => x - b[i]!);

/** The kernel without noise, in units of s^2, of centred mixtures `a` and `b`, from |a - b| and a.b. */
const kernelOf = ([length, linear]: readonly number[], distance: number, product: number): number => {
  const r = (SQRT5 * distance) / Math.exp(length!);
  return 1 + Math.exp(linear!) * product + (1 + r + (r * r) / 3) * Math.exp(-r);
};

/** What the kernel needs of a pair of rows: the same for every theta (each n × n, the lower triangle). */
interface Geometry {
  readonly distances: Float64Array;
  readonly products: Float64Array;
}

const geometryOf = (x: Rows): Geometry => {
  const n = x.length;
  const [distances, products] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      distances[i * n + j] = distanceOf(x[i]!, x[j]!);
      products[i * n + j] = inner(x[i]!, x[j]!);
    }
  }
  return { distances, products };
};

interface Factored {
  readonly l: Float64Array;
  /** K^-1 y. */
  readonly a: Float64Array;
  /** s^2. */
  readonly scale: number;
  readonly logLikelihood: number;
}

const factor = (theta: readonly number[], { distances, products }: Geometry, y: Float64Array): Factored => {
  const n = y.length;
  const k = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let at = i * n; at <= i * n + i; at++) k[at] = kernelOf(theta, distances[at]!, products[at]!);
    k[i * n + i] = k[i * n + i]! + Math.exp(theta[2]!) + NOISE_FLOOR;
  }
  const l = cholesky(k, n);
  const a = y.slice();
  solveLower(l, n, a);
  solveUpper(l, n, a);
  const scale = (inner(y, a) + 1) / (n + 1);
  return { l, a, scale, logLikelihood: -0.5 * (n + 1) * Math.log(scale) - 0.5 * logDeterminant(l, n) };
};

/** Finds the theta of most posterior density by a pattern search (Hooke and Jeeves 1961): three unknowns need no gradient. */
const fitTheta = (x: Rows, y: Float64Array): number[] => {
  const geometry = geometryOf(x);
  const prior = priorMean(x[0]!.length - 1);
  const logPrior = (theta: readonly number[]): number =>
    theta.reduce((sum, value, i) => sum - 0.5 * ((value - prior[i]!) / PRIOR_SD[i]!) ** 2, 0);
  const score = (theta: readonly number[]): number => factor(theta, geometry, y).logLikelihood + logPrior(theta);
  let best = prior;
  let height = score(best);
  for (let step = FIRST_STEP; step >= LAST_STEP;) {
    const before = height;
    for (let i = 0; i < best.length; i++) {
      for (const move of [step, -step]) {
        const next = best.map((value, k) => (k === i ? value + move : value));
        const reached = score(next);
        if (reached <= height) continue;
        best = next;
        height = reached;
        break;
      }
    }
    if (height === before) step /= 2;
  }
  return best;
};

const TINY = 1e-12; // relative to the size of the values: below it they differ by the rounding of their mean

/** A scale and a place for values; the scale of values that do not differ is 1. */
interface Units {
  readonly mean: number;
  readonly sd: number;
}

const unitsOf = (values: readonly number[]): Units => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const sd = Math.sqrt(variance);
  return { mean, sd: sd > TINY * Math.abs(mean) ? sd : 1 };
};

/** The posterior at one theta; `given` is the s^2 to keep, as guesses say nothing of it. */
const processOf = (
  theta: readonly number[],
  centre: ArrayLike<number>,
  x: Rows,
  y: Float64Array,
  units: Units,
  given?: number,
): LinearMeanProcess => {
  const n = x.length;
  const { l, a, logLikelihood, ...fitted } = factor(theta, geometryOf(x), y);
  const scale = given ?? fitted.scale;
  const inverse = inverseLower(l, n);
  const predict = (shares: ArrayLike<number>): PlainPrediction => {
    const at = difference(shares, centre);
    const likeness = Float64Array.from(x, (row) => kernelOf(theta, distanceOf(row, at), inner(row, at)));
    const mean = inner(likeness, a);
    solveLower(l, n, likeness);
    const variance = Math.max(0, kernelOf(theta, 0, inner(at, at)) - inner(likeness, likeness));
    return { mean: units.mean + units.sd * mean, sd: units.sd * Math.sqrt(scale * variance) };
  };
  return {
    predict,
    withGuesses: (mixtures) => {
      const guessed = mixtures.map((shares) => (predict(shares).mean - units.mean) / units.sd);
      const rows = [...x, ...mixtures.map((shares) => difference(shares, centre))];
      return processOf(theta, centre, rows, Float64Array.from([...y, ...guessed]), units, scale);
    },
    rows: n,
    hyperparameters: Object.fromEntries(NAMES.map((name, i) => [name, Math.exp(theta[i]!)])),
    logLikelihood,
    standardizedErrors: a.map((entry, i) => entry / Math.sqrt(inverse[i * n + i]! * scale)),
  };
};

/** Fits the process to the values of some mixtures (at least one). */
export const fitLinearMeanProcess = (
  mixtures: readonly ArrayLike<number>[],
  values: readonly number[],
): LinearMeanProcess => {
  const units = unitsOf(values);
  const y = Float64Array.from(values, (value) => (value - units.mean) / units.sd);
  const centre = new Float64Array(mixtures[0]!.length);
  for (const shares of mixtures) centre.forEach((sum, i) => (centre[i] = sum + shares[i]! / mixtures.length));
  const x = mixtures.map((shares) => difference(shares, centre));
  return processOf(fitTheta(x, y), centre, x, y, units);
};
