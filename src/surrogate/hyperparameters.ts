/**
 * Hyper-parameters by penalised marginal likelihood, shared by several outputs over one design.
 *
 *   minimise  t [ (1/O) sum_o (n+1)/2 ln q_o  +  1/2 ln |K| ]  +  1/2 sum ((theta - mu) / sd)^2 ,
 *   q_o = (y_o' K^-1 y_o + 1) / (n + 1)
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | y_o | output o, standardised | n |
 * | q_o | its scale, profiled out; one pseudo-observation of variance 1 keeps it positive | |
 * | a_o | K^-1 y_o | n |
 * | t | what a row counts for: runs / n | |
 * | S | d value / d K = (K^-1 - (1/O) sum_o a_o a_o' / q_o) / 2 | n × n, symmetric |
 *
 * Rasmussen & Williams 2006, eq. 5.8 and 5.9, with the scale profiled as in Santner, Williams & Notz 2003, section 3.3.
 */
import {
  contractGradient,
  covariance,
  geometryOf,
  tablesAt,
  THETA,
  THETA_LENGTH,
  type Design,
  type Geometry,
  type Growth,
  type KernelShape,
  type Tables,
} from './kernel.js';
import { minimize } from './lbfgs.js';
import { cholesky, inner, inverseLower, logDeterminant, solveLower, solveUpper } from './linear-algebra.js';

/** Independent normal priors on theta. */
export interface Prior {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/** Median and log sd of each hyper-parameter, in the order of `THETA`. */
const priorOf = (entries: readonly (readonly [median: number, sd: number])[]): Prior => ({
  mean: Float64Array.from(entries, ([median]) => Math.log(median)),
  sd: Float64Array.from(entries, ([, sd]) => sd),
});

const PINNED = 0.01; // log sd of what the profiled scale fixes

/** Vague priors on inputs in the units of fidelity-features.ts, measured on mixture emulators and synthetic mixing laws (docs/tried.md). */
export const DEFAULT_PRIOR = priorOf([
  [1, 1], // amplitude of the mixture part, relative to the trend
  [1, 0.8], // trend: length over log size
  [1, 0.8], // trend: length over log steps
  [0.5, 0.8], // mixture part: length over log size; says how fast a small scale stops being a guide
  [1, 0.8], // mixture part: length over log steps
  [0.7, 0.7], // length over mixtures
  [0.002, 2.5], // noise: from none to a third of the spread and more; measured among 0.0005 to 0.01
  [1, 1], // linear part, relative to the rest of the mixture part
]);

/** The same without a trend: the amplitude is then what the profiled scale fixes. */
export const TRENDLESS_PRIOR: Prior = {
  mean: DEFAULT_PRIOR.mean,
  sd: DEFAULT_PRIOR.sd.map((sd, i) => (i === 0 ? PINNED : sd)),
};

const BOUND_SDS = 4; // beyond, the prior says no

export interface Fit {
  readonly theta: Float64Array;
  /** What was minimised, at theta. */
  readonly value: number;
  /** Log marginal likelihood at theta, untempered, up to a constant; a mean over the outputs. */
  readonly logLikelihood: number;
  /** The same of every output alone (O). */
  readonly logLikelihoods: readonly number[];
  /** Leave-one-out standardised errors of the first output (n), Rasmussen & Williams 2006, eq. 5.12. */
  readonly standardizedErrors: Float64Array;
}

/** What hyper-parameters are fitted to, with what does not depend on them. */
interface Task {
  readonly shape: KernelShape;
  readonly prior: Prior;
  readonly design: Design;
  readonly geometry: Geometry;
  readonly outputs: readonly Float64Array[];
  /** t. */
  readonly rowWeight: number;
}

/**
 * A run counts for one row, however many checkpoints it has. They depend on each other in ways that the kernel leaves out, so the plain
 * likelihood is too sure of itself (a power posterior, Grünwald 2012).
 */
const rowWeightOf = ({ rowMixture, rowFidelity, fidelities }: Design): number => {
  const runs = new Set(
    Array.from(rowMixture, (mixture, i) => {
      const { size, tokens } = fidelities[rowFidelity[i]!]!;
      return `${mixture} ${size} ${tokens}`;
    }),
  );
  return runs.size / rowMixture.length; // measured against 0.6 times that, and against 0.1 to 1 a row (docs/tried.md)
};

const taskOf = (shape: KernelShape, prior: Prior, design: Design, outputs: readonly Float64Array[]): Task => ({
  shape,
  prior,
  design,
  geometry: geometryOf(shape, design),
  outputs,
  rowWeight: rowWeightOf(design),
});

interface Evaluation {
  readonly value: number;
  readonly logLikelihood: number;
  readonly logLikelihoods: readonly number[];
  readonly gradient: Float64Array;
  readonly inverse: Float64Array;
  readonly alphas: readonly Float64Array[];
  readonly scales: readonly number[];
}

/** Returns the lower triangle of inverse / 2 - sum_o a_o a_o' (n × n); `columns` are the a_o, scaled. */
const sensitivity = (inverse: Float64Array, n: number, columns: readonly Float64Array[]): Float64Array => {
  const count = columns.length;
  const rows = new Float64Array(n * count); // a_o side by side, so that a pair of rows is two runs of memory
  columns.forEach((a, o) => a.forEach((value, i) => (rows[i * count + o] = value)));
  const s = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let o = 0; o < count; o++) sum += rows[i * count + o]! * rows[j * count + o]!;
      s[i * n + j] = inverse[i * n + j]! / 2 - sum;
    }
  }
  return s;
};

const priorTerm = (prior: Prior, theta: Float64Array, gradient: Float64Array): number => {
  let value = 0;
  for (let i = 0; i < THETA_LENGTH; i++) {
    const t = (theta[i]! - prior.mean[i]!) / prior.sd[i]!;
    value += 0.5 * t * t;
    gradient[i] = gradient[i]! + t / prior.sd[i]!;
  }
  return value;
};

/** What the likelihood at a theta is worked out from. */
interface Likelihood {
  readonly tables: Tables;
  readonly factor: Float64Array;
  readonly alphas: readonly Float64Array[];
  readonly scales: readonly number[];
  readonly logLikelihoods: readonly number[];
  readonly logLikelihood: number;
}

type Data = Pick<Task, 'shape' | 'design' | 'geometry' | 'outputs'>;

const likelihoodAt = ({ shape, design, geometry, outputs }: Data, theta: Float64Array): Likelihood => {
  const n = design.rowMixture.length;
  const tables = tablesAt(shape, design, geometry, theta);
  const factor = cholesky(covariance(shape, design, tables, theta), n);
  const scales: number[] = [];
  const alphas = outputs.map((y) => {
    const a = y.slice();
    solveLower(factor, n, a);
    solveUpper(factor, n, a);
    scales.push((inner(y, a) + 1) / (n + 1));
    return a;
  });
  const half = 0.5 * logDeterminant(factor, n);
  const logLikelihoods = scales.map((scale) => -half - 0.5 * (n + 1) * Math.log(scale));
  const logLikelihood = logLikelihoods.reduce((sum, value) => sum + value, 0) / outputs.length;
  return { tables, factor, alphas, scales, logLikelihoods, logLikelihood };
};

const evaluate = (task: Task, theta: Float64Array): Evaluation => {
  const { shape, prior, design, geometry, outputs, rowWeight } = task;
  const n = design.rowMixture.length;
  const { tables, factor, alphas, scales, logLikelihoods, logLikelihood } = likelihoodAt(task, theta);
  const inverse = inverseLower(factor, n);
  const scaled = alphas.map((a, o) => a.map((value) => value / Math.sqrt(2 * scales[o]! * outputs.length)));
  const s = sensitivity(inverse, n, scaled);
  const gradient = contractGradient(shape, design, geometry, tables, theta, s).map((entry) => rowWeight * entry);
  const value = priorTerm(prior, theta, gradient) - rowWeight * logLikelihood;
  return { value, logLikelihood, logLikelihoods, gradient, inverse, alphas, scales };
};

/** Log marginal likelihood (O) of each output at a theta, untempered, up to a constant. */
export const logLikelihoodsAt = (
  shape: KernelShape,
  design: Design,
  outputs: readonly Float64Array[],
  theta: Float64Array,
): readonly number[] =>
  likelihoodAt({ shape, design, geometry: geometryOf(shape, design), outputs }, theta).logLikelihoods;

/** Returns the function that the fit minimises, with its gradient; `outputs` are standardised (each n). */
export const negativeLogPosterior = (
  shape: KernelShape,
  prior: Prior,
  design: Design,
  outputs: readonly Float64Array[],
): ((theta: Float64Array) => { value: number; gradient: Float64Array }) => {
  const task = taskOf(shape, prior, design, outputs);
  return (theta) => {
    const { value, gradient } = evaluate(task, theta);
    return { value, gradient };
  };
};

// The posterior has two hills where data are few: rough and quiet, smooth and noisy. From the prior's medians a fit climbs
// the first; from a noise of a twentieth of the spread, the second.
const NOISY_START = 0.05;

// By so much, in units of the function that is minimised, that noise may look worse on the quiet hill before the other one is out of reach:
// the lengths that suit noise gain less (at most 3 on mixing laws with noise of a tenth of the spread).
const OUT_OF_REACH = 4;

// By so much the noisy hill must be better, in the same units: scales that rank mixtures otherwise look like noise too, and a belief that
// takes them for noise stops learning from single runs, which costs more than to believe in roughness for some runs longer.
const CLEARLY = 2; // measured against 0 and 1 (docs/tried.md)

/** Fits theta from the quiet side, and from the noisy one unless that is out of reach; takes the noisy one where it is clearly more probable. */
export const fitFromBothSides = (
  shape: KernelShape,
  prior: Prior,
  design: Design,
  outputs: readonly Float64Array[],
  maxIterations: number,
): Fit => {
  const withNoise = (theta: Float64Array): Float64Array =>
    theta.map((value, i) => (i === THETA.noise ? Math.log(NOISY_START) : value));
  const quiet = fitHyperparameters(shape, prior, design, outputs, maxIterations, prior.mean);
  const louder = negativeLogPosterior(shape, prior, design, outputs)(withNoise(quiet.theta));
  if (louder.value > quiet.value + OUT_OF_REACH) return quiet;
  const noisy = fitHyperparameters(shape, prior, design, outputs, maxIterations, withNoise(prior.mean));
  return noisy.value < quiet.value - CLEARLY ? noisy : quiet;
};

/** Fits theta from `start` on, in at most `maxIterations` steps. */
export const fitHyperparameters = (
  shape: KernelShape,
  prior: Prior,
  design: Design,
  outputs: readonly Float64Array[],
  maxIterations: number,
  start: Float64Array,
): Fit => {
  const task = taskOf(shape, prior, design, outputs);
  const at = (theta: Float64Array): Evaluation => evaluate(task, theta);
  const lower = prior.mean.map((mean, i) => mean - BOUND_SDS * prior.sd[i]!);
  const upper = prior.mean.map((mean, i) => mean + BOUND_SDS * prior.sd[i]!);
  const best = minimize(at, start, { maxIterations, lower, upper });
  const { value, logLikelihood, logLikelihoods, inverse, alphas, scales } = best.at;
  const n = design.rowMixture.length;
  const standardizedErrors = alphas[0]!.map((a, i) => a / Math.sqrt(inverse[i * n + i]! * scales[0]!));
  return { theta: best.x, value, logLikelihood, logLikelihoods, standardizedErrors };
};

/** Posterior weights (levels) of what a hyper-parameter may be, given the negative log posterior at each level. */
const weightsAt = (values: readonly number[]): number[] => {
  const least = Math.min(...values);
  const weights = values.map((value) => Math.exp(least - value));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

// Log sd of the noise that is averaged over: from next to none to most of the spread, in steps of a factor of 3.3.
const NOISE_LEVELS = [-7.5, -6.3, -5.1, -3.9, -2.7, -1.5, -0.3];

/**
 * Returns the root of the noise variance's posterior mean, relative to the kernel's scale, the other hyper-parameters taken as given. Few runs
 * do not say how noisy they are, and what is most probable is then far from what is to be reckoned with.
 */
export const averageNoise = (
  shape: KernelShape,
  prior: Prior,
  design: Design,
  outputs: readonly Float64Array[],
  theta: Float64Array,
): number => {
  const task = taskOf(shape, prior, design, outputs);
  const values = NOISE_LEVELS.map((level) => {
    const at = theta.map((value, i) => (i === THETA.noise ? level : value));
    return priorTerm(prior, at, new Float64Array(THETA_LENGTH)) - task.rowWeight * likelihoodAt(task, at).logLikelihood;
  });
  const weights = weightsAt(values);
  return Math.sqrt(weights.reduce((sum, weight, i) => sum + weight * Math.exp(2 * NOISE_LEVELS[i]!), 0));
};

// Rates of growth that are averaged over, with a normal prior about none: losses differ by about as much at all sizes,
// accuracies that leave chance by ten times as much at fifty times the compute.
const GROWTH_RATES = [-2, -1, 0, 1, 2, 3];
const GROWTH_SD = 1;

/** The rates at one posterior sd below and above the posterior mean of how the spread over mixtures grows (kernel.ts), theta taken as given. */
export const likelyGrowth = (
  shape: KernelShape,
  design: Design,
  outputs: readonly Float64Array[],
  theta: Float64Array,
  about: number,
): readonly [low: Growth, high: Growth] => {
  const geometry = geometryOf(shape, design);
  const rowWeight = rowWeightOf(design);
  const values = GROWTH_RATES.map((rate) => {
    const grown = { shape: { ...shape, growth: { rate, about } }, design, geometry, outputs };
    return 0.5 * (rate / GROWTH_SD) ** 2 - rowWeight * likelihoodAt(grown, theta).logLikelihood;
  });
  const weights = weightsAt(values);
  const mean = weights.reduce((sum, weight, i) => sum + weight * GROWTH_RATES[i]!, 0);
  const sd = Math.sqrt(weights.reduce((sum, weight, i) => sum + weight * (GROWTH_RATES[i]! - mean) ** 2, 0));
  return [
    { rate: mean - sd, about },
    { rate: mean + sd, about },
  ];
};
