/**
 * Fits the built-in SlimPajama laws to the reference emulator and prints `src/simulators/slimpajama-coefficients.ts`.
 * For development only: the emulator's file is not part of this repository.
 *
 *     npx tsx scripts/fit-law.ts ../shared/reference/slimpajama-simulator/mlp.json > src/simulators/slimpajama-coefficients.ts
 *
 * Levenberg-Marquardt with analytic derivatives from a few starts, on the squared error in units of each metric's
 * spread at the target, with a weak ridge. Errors are measured on fresh mixtures.
 */
import { readFileSync } from 'node:fs';
import { Matrix, solve } from 'ml-matrix';
import { createRng } from '../src/domain/rng.js';
import { createEmulator, type Emulator } from '../src/simulators/emulator.js';
import { evaluateLaw, fidelityTerms, pairProducts, saturate, type MixingLaw } from '../src/simulators/mixing-law.js';
import { deviation } from '../src/simulators/noise.js';

interface Point {
  readonly shares: readonly number[];
  readonly parameters: number;
  readonly steps: number;
  readonly outputs: readonly number[];
}
interface Problem {
  readonly sign: 1 | -1;
  readonly spread: number;
  /** What the law must give at each point, in units of the spread, sign applied `(n)`. */
  readonly goal: Float64Array;
  /** q `(n × 6)` and the mixing exponent's features `(n × 6D + 3D + 2P)`. */
  readonly scaling: readonly (readonly number[])[];
  readonly features: readonly (readonly number[])[];
}
interface Fit {
  readonly vector: Float64Array;
  readonly loss: number;
}

const TARGET = { parameters: 1e9, steps: 19_600 } as const;
const FIRST_STEPS = 2_000; // before this, warm-up rules: the emulator's loss falls by a third from 1000 to 2000 at 20M
const SIZES = [20e6, 60e6, 150e6, 300e6, 500e6, 700e6, 1e9];
const RIDGE = 0.003; // small against a residual of 0.05 spreads, enough to pin the directions the data leave free
const POINTS = 4000; // 72 coefficients per metric: 55 points for each
const ITERATIONS = 150; // all starts have converged by then
const rng = createRng(11);

/** Dirichlet(1) over all domains, or, one time in two when `faces`, over a random subset of them. */
const drawShares = (count: number, faces: boolean): number[] => {
  const keep = faces && rng.uniform() < 0.5 ? 1 + rng.integer(count) : count;
  const order = Array.from({ length: count }, (_, i) => i).sort(() => rng.uniform() - 0.5);
  const weights = Array.from({ length: count }, () => 0);
  for (const i of order.slice(0, keep)) weights[i] = -Math.log(1 - rng.uniform());
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
};

const drawPoint = (emulator: Emulator, where: { faces: boolean; atTarget: number }): Point => {
  const atTarget = rng.uniform() < where.atTarget;
  const parameters = atTarget ? TARGET.parameters : (SIZES[rng.integer(SIZES.length)] ?? TARGET.parameters);
  const steps = atTarget ? TARGET.steps : FIRST_STEPS * (TARGET.steps / FIRST_STEPS) ** rng.uniform();
  const shares = drawShares(emulator.domains.length, where.faces);
  return { shares, parameters, steps, outputs: emulator.evaluate(shares, parameters, steps) };
};

const featuresOf = (point: Point): number[] => {
  const terms = fidelityTerms(point.parameters, point.steps);
  const saturated = point.shares.map(saturate);
  const outer = (factors: readonly number[], values: readonly number[]): number[] =>
    factors.flatMap((factor) => values.map((value) => factor * value));
  const products = pairProducts(point.shares);
  return [...outer(terms, point.shares), ...outer(terms.slice(0, 3), saturated), ...outer(terms.slice(0, 2), products)];
};

const createProblem = (points: readonly Point[], output: number, sign: 1 | -1, spread: number): Problem => ({
  sign,
  spread,
  goal: Float64Array.from(points, (point) => (sign * (point.outputs[output] ?? Number.NaN)) / spread),
  scaling: points.map((point) => fidelityTerms(point.parameters, point.steps)),
  features: points.map(featuresOf),
});

const dot = (row: readonly number[], vector: Float64Array, from: number): number => {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += (row[i] ?? 0) * (vector[from + i] ?? 0);
  return sum;
};

/** Fills residuals and, when given, the normal equations J'J and J'r; returns the penalised mean squared error. */
const assess = (problem: Problem, vector: Float64Array, normal?: { jtj: Float64Array; jtr: Float64Array }): number => {
  const size = vector.length;
  const n = problem.goal.length;
  const row = new Float64Array(size);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const scaling = problem.scaling[i] ?? [];
    const features = problem.features[i] ?? [];
    const common = Math.exp(dot(scaling, vector, 1));
    const mixed = Math.exp(dot(features, vector, 1 + scaling.length));
    const residual = (vector[0] ?? 0) + common + mixed - (problem.goal[i] ?? 0);
    loss += (residual * residual) / n;
    if (normal === undefined) continue;
    row[0] = 1;
    for (let k = 0; k < scaling.length; k++) row[1 + k] = common * (scaling[k] ?? 0);
    for (let k = 0; k < features.length; k++) row[1 + scaling.length + k] = mixed * (features[k] ?? 0);
    for (let a = 0; a < size; a++) {
      const scaled = (row[a] ?? 0) / n;
      normal.jtr[a] = (normal.jtr[a] ?? 0) + scaled * residual;
      for (let b = 0; b <= a; b++) normal.jtj[a * size + b] = (normal.jtj[a * size + b] ?? 0) + scaled * (row[b] ?? 0);
    }
  }
  for (let k = 1; k < size; k++) loss += (RIDGE * (vector[k] ?? 0)) ** 2;
  return loss;
};

const stepFrom = (vector: Float64Array, normal: { jtj: Float64Array; jtr: Float64Array }, damping: number) => {
  const size = vector.length;
  const matrix = Matrix.zeros(size, size);
  const right = Matrix.zeros(size, 1);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++)
      matrix.set(a, b, normal.jtj[a * size + b] ?? 0).set(b, a, normal.jtj[a * size + b] ?? 0);
    const ridge = a === 0 ? 0 : RIDGE * RIDGE;
    matrix.set(a, a, (matrix.get(a, a) + ridge) * (1 + damping) + 1e-12); // the floor alone has no ridge: keep it regular
    right.set(a, 0, -(normal.jtr[a] ?? 0) - ridge * (vector[a] ?? 0));
  }
  const step = solve(matrix, right).to1DArray();
  return Float64Array.from(vector, (value, a) => value + (step[a] ?? 0));
};

const fitFrom = (problem: Problem, start: Float64Array): Fit => {
  const size = start.length;
  let vector = start;
  let loss = assess(problem, vector);
  let damping = 1e-2; // Levenberg-Marquardt's usual start
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const normal = { jtj: new Float64Array(size * size), jtr: new Float64Array(size) };
    assess(problem, vector, normal);
    const before = loss;
    for (let attempt = 0; attempt < 12 && loss === before; attempt++) {
      const trial = stepFrom(vector, normal, damping);
      const trialLoss = assess(problem, trial);
      if (trialLoss < loss) [vector, loss, damping] = [trial, trialLoss, damping / 4];
      else damping *= 4;
    }
    if (before - loss < 1e-7 * before) break; // below what six printed digits can show
  }
  return { vector, loss };
};

const round = (value: number): number => Number(value.toPrecision(6));

const toLaw = (metric: string, problem: Problem, vector: Float64Array, domains: number): MixingLaw => {
  const values = Array.from(vector, round);
  const rows = (from: number, count: number, width: number): number[][] =>
    Array.from({ length: count }, (_, k) => values.slice(from + k * width, from + (k + 1) * width));
  const inUnits = Math.log(problem.spread); // the fit counts in spreads: exp(e) spreads are exp(e + ln spread)
  const shift = (value: number): number => round(value + inUnits);
  return {
    metric,
    sign: problem.sign,
    floor: round((values[0] ?? 0) * problem.spread),
    scaling: values.slice(1, 7).map((value, k) => (k === 0 ? shift(value) : value)),
    mixing: rows(7, 6, domains).map((row, k) => (k === 0 ? row.map(shift) : row)),
    saturation: rows(7 + 6 * domains, 3, domains),
    pairs: rows(7 + 9 * domains, 2, (domains * (domains - 1)) / 2),
    spread: round(problem.spread),
  };
};

const rootMeanSquare = (law: MixingLaw, output: number, points: readonly Point[]): number => {
  const error = (point: Point): number =>
    evaluateLaw(law, point.shares, point.parameters, point.steps) - (point.outputs[output] ?? Number.NaN);
  return Math.sqrt(points.reduce((sum, point) => sum + error(point) ** 2, 0) / points.length) / law.spread;
};

const fitMetric = (points: readonly Point[], output: number, sign: 1 | -1, spread: number, domains: number) => {
  const problem = createProblem(points, output, sign, spread);
  const lowest = problem.goal.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const fits = [0.5, 2, 5].map((gap) => {
    const start = new Float64Array(7 + 9 * domains + domains * (domains - 1));
    start.set([lowest - gap, Math.log(gap), -0.2, -0.2], 0); // both exponentials a `gap` of spreads above the floor
    start.fill(Math.log(gap), 7, 7 + domains);
    return fitFrom(problem, start);
  });
  const best = fits.reduce((a, b) => (b.loss < a.loss ? b : a));
  return { problem, best };
};

const main = (path: string | undefined): void => {
  if (path === undefined) throw new Error('expected the path of the emulator file as the only argument');
  const emulator = createEmulator(JSON.parse(readFileSync(path, 'utf8')));
  const domains = emulator.domains.length;
  const target = Array.from({ length: 4000 }, () => drawPoint(emulator, { faces: false, atTarget: 1 }));
  const training = Array.from({ length: POINTS }, () => drawPoint(emulator, { faces: true, atTarget: 0.25 }));
  const fresh = Array.from({ length: 4000 }, () => drawPoint(emulator, { faces: false, atTarget: 0 }));
  const entries = emulator.outputs.flatMap((output, index) => {
    if (output.name === 'train') return [];
    const spread = deviation(target.map((point) => point.outputs[index] ?? Number.NaN));
    const sign = output.direction === 'maximize' ? -1 : 1;
    const { problem, best } = fitMetric(training, index, sign, spread, domains);
    const law = toLaw(`${output.name}${sign === 1 ? '_ce' : '_acc'}`, problem, best.vector, domains);
    const errors = { target: rootMeanSquare(law, index, target), overall: rootMeanSquare(law, index, fresh) };
    process.stderr.write(`${law.metric}: target ${errors.target.toFixed(3)}, overall ${errors.overall.toFixed(3)}\n`);
    return [{ law, errors }];
  });
  const lines = entries.map(
    ({ law, errors }) =>
      `  // fit error in spreads: ${errors.target.toFixed(3)} at the target, ${errors.overall.toFixed(3)} overall\n  ${JSON.stringify(law)},`,
  );
  process.stdout.write(`import type { MixingLaw } from './mixing-law.js';

/**
 * Coefficients of the built-in SlimPajama world, in the order wikipedia, stackexchange, github, arxiv, book. Fitted by
 * \`scripts/fit-law.ts\` to ${POINTS} values of the emulator released with arXiv 2503.21023, 20M to 1B parameters, ${FIRST_STEPS} to
 * 19 600 steps. Fit error: root mean square on fresh Dirichlet(1) mixtures over the metric's spread, at the target (1B,
 * 19 600 steps) and over all sizes and steps (log-uniform).
 */
export const SLIMPAJAMA_LAWS: readonly MixingLaw[] = [
${lines.join('\n')}
];
`);
};

main(process.argv[2]);
