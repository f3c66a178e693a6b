/**
 * Nonlinear least squares by the method of Levenberg and Marquardt (Marquardt 1963, SIAM J. Appl. Math. 11, 431-441), within
 * bounds, with Huber's loss by reweighting (Huber 1964, Ann. Math. Stat. 35, 73-101). Gradients are analytic; a parameter
 * at its bound that would leave it is held.
 *
 * | name | meaning                                              | shape   |
 * |------|------------------------------------------------------|---------|
 * | p    | parameters                                           | (m)     |
 * | r    | residuals, prediction minus data                     | (n)     |
 * | J    | derivatives of r by p, row by row                    | (n × m) |
 * | w    | weights: 1, or delta / |r| where |r| exceeds delta   | (n)     |
 * | H, g | J' w J and J' w r                                    | (m × m), (m) |
 */
import { cholesky, solveLower, solveUpper } from '../../surrogate/linear-algebra.js';

/** Residuals `(n)` and their Jacobian `(n × m)` at parameters `(m)`; the latter is asked for where a step was worth it. */
export interface Residuals {
  readonly residuals: Float64Array;
  jacobian(): Float64Array;
}

export interface LeastSquaresOptions {
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
  /** Where Huber's loss turns from squares to lengths; squares everywhere when absent. */
  readonly delta?: number;
}

export interface Fitted {
  readonly parameters: Float64Array;
  /** Mean loss of a residual. */
  readonly loss: number;
}

const MOST_ROUNDS = 200; // laws of twenty parameters take 10 to 60
const FIRST_DAMPING = 1e-3; // Marquardt's own
const EASE = 0.2; // damping falls so fast while steps succeed
const STIFFEN = 4; // and rises so fast while they fail
const MOST_DAMPING = 1e12; // a step so short moves no parameter
const SETTLED = 1e-13; // relative decrease of the loss: rounding

const lossOf = (residuals: Float64Array, delta: number): number => {
  let sum = 0;
  for (const r of residuals) {
    const size = Math.abs(r);
    sum += size <= delta ? (r * r) / 2 : delta * (size - delta / 2);
  }
  return sum / residuals.length;
};

/** Turns rows `(n × m)` into columns, one after the other. */
const columnsOf = (rows: Float64Array, n: number, m: number): Float64Array => {
  const columns = new Float64Array(n * m);
  for (let k = 0; k < n; k++) for (let i = 0; i < m; i++) columns[i * n + k] = rows[k * m + i]!;
  return columns;
};

/** Inner products of a column with the first `into.length` others: four at once, as a fit spends most of its time here. */
const productsWith = (column: Float64Array, columns: Float64Array, into: Float64Array): void => {
  const n = column.length;
  let j = 0;
  for (; j + 3 < into.length; j += 4) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0, at = j * n; k < n; k++, at++) {
      const left = column[k]!;
      a += left * columns[at]!;
      b += left * columns[at + n]!;
      c += left * columns[at + 2 * n]!;
      d += left * columns[at + 3 * n]!;
    }
    into.set([a, b, c, d], j);
  }
  for (; j < into.length; j++) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += column[k]! * columns[j * n + k]!;
    into[j] = sum;
  }
};

/** H and g; rows and columns of held parameters are those of the identity, so that they stay. Of H the lower triangle. */
const normalEquations = (
  at: Residuals,
  m: number,
  delta: number,
): { readonly h: Float64Array; readonly g: Float64Array } => {
  const { residuals } = at;
  const n = residuals.length;
  const columns = columnsOf(at.jacobian(), n, m);
  const h = new Float64Array(m * m);
  const g = new Float64Array(m);
  const weighted = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const r = residuals[k]!;
      const left = (Math.abs(r) <= delta ? 1 : delta / Math.abs(r)) * columns[i * n + k]!;
      weighted[k] = left;
      sum += left * r;
    }
    g[i] = sum;
    productsWith(weighted, columns, h.subarray(i * m, i * m + i + 1));
  }
  return { h, g };
};

const holdBounds = (h: Float64Array, g: Float64Array, p: Float64Array, { lower, upper }: LeastSquaresOptions): void => {
  const m = g.length;
  for (let i = 0; i < m; i++) {
    const isHeld = (p[i]! <= lower[i]! && g[i]! > 0) || (p[i]! >= upper[i]! && g[i]! < 0);
    if (!isHeld) continue;
    g[i] = 0;
    for (let j = 0; j < m; j++) h[Math.max(i, j) * m + Math.min(i, j)] = i === j ? 1 : 0;
  }
};

/** The step -(H + damping diag H)^-1 g; a parameter that moves nothing gets the damping of the others' mean. */
const dampedStep = (h: Float64Array, g: Float64Array, damping: number): Float64Array => {
  const m = g.length;
  let trace = 0;
  for (let i = 0; i < m; i++) trace += h[i * m + i]!;
  const floor = (1e-12 * trace) / m + Number.MIN_VALUE; // keeps the system definite where a column of J is 0
  const damped = h.slice();
  for (let i = 0; i < m; i++) damped[i * m + i] = h[i * m + i]! * (1 + damping) + floor;
  const l = cholesky(damped, m);
  const step = g.map((value) => -value);
  solveLower(l, m, step);
  solveUpper(l, m, step);
  return step;
};

const clamp = (p: Float64Array, { lower, upper }: LeastSquaresOptions): Float64Array =>
  p.map((value, i) => Math.min(Math.max(value, lower[i]!), upper[i]!));

const isFiniteLoss = (loss: number): boolean => loss < Number.POSITIVE_INFINITY;

/**
 * Minimises the mean loss of residuals from `start` within bounds; a local minimum.
 *
 * @throws NumericalError when the Jacobian at an accepted point is not finite.
 */
export const leastSquares = (
  model: (p: Float64Array) => Residuals,
  start: ArrayLike<number>,
  options: LeastSquaresOptions,
): Fitted => {
  const delta = options.delta ?? Number.POSITIVE_INFINITY;
  let p = clamp(Float64Array.from(start), options);
  let at = model(p);
  let loss = lossOf(at.residuals, delta);
  if (!isFiniteLoss(loss)) return { parameters: p, loss: Number.POSITIVE_INFINITY };
  let damping = FIRST_DAMPING;
  for (let round = 0; round < MOST_ROUNDS && damping < MOST_DAMPING; round++) {
    const { h, g } = normalEquations(at, p.length, delta);
    holdBounds(h, g, p, options);
    const before = loss;
    for (; damping < MOST_DAMPING; damping *= STIFFEN) {
      const step = dampedStep(h, g, damping);
      const next = clamp(
        p.map((value, i) => value + step[i]!),
        options,
      );
      const there = model(next);
      const lossThere = lossOf(there.residuals, delta);
      if (!(lossThere < loss)) continue;
      [p, at, loss] = [next, there, lossThere];
      damping *= EASE;
      break;
    }
    if (before - loss <= SETTLED * before) break;
  }
  return { parameters: p, loss };
};

const POLISHED = 4; // of many starts: the rest end in the same minima

/** Fits from the starts of least loss and keeps the best. */
export const bestOfStarts = (
  model: (p: Float64Array) => Residuals,
  starts: readonly ArrayLike<number>[],
  options: LeastSquaresOptions,
): Fitted => {
  const delta = options.delta ?? Number.POSITIVE_INFINITY;
  return starts
    .map((start) => ({ start, loss: lossOf(model(Float64Array.from(start)).residuals, delta) }))
    .sort((a, b) => a.loss - b.loss)
    .slice(0, POLISHED)
    .map(({ start }) => leastSquares(model, start, options))
    .reduce((best, fitted) => (fitted.loss < best.loss ? fitted : best));
};
