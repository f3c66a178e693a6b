/**
 * The one owner of decompositions. Matrices are dense, row-major and flat: entry (i, j) of an (n × m) matrix lies at i m + j.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | a | symmetric positive definite matrix | n × n |
 * | l | its lower Cholesky factor, a = l l' ; the upper triangle is 0 | n × n |
 * | b | right-hand sides, one a column | n × m |
 */
import { NumericalError } from '../domain/errors.js';

/** Dot product of x[xStart..] and y[yStart..] over `count` entries; four sums, so that the additions can overlap. */
const dot = (x: Float64Array, xStart: number, y: Float64Array, yStart: number, count: number): number => {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    s0 += x[xStart + k]! * y[yStart + k]!;
    s1 += x[xStart + k + 1]! * y[yStart + k + 1]!;
    s2 += x[xStart + k + 2]! * y[yStart + k + 2]!;
    s3 += x[xStart + k + 3]! * y[yStart + k + 3]!;
  }
  for (; k < count; k++) s0 += x[xStart + k]! * y[yStart + k]!;
  return s0 + s1 + s2 + s3;
};

/** Adds `factor` times x[xStart..] to y[yStart..] over `count` entries. */
const addScaled = (
  y: Float64Array,
  yStart: number,
  factor: number,
  x: Float64Array,
  xStart: number,
  count: number,
): void => {
  for (let k = 0; k < count; k++) y[yStart + k] = y[yStart + k]! + factor * x[xStart + k]!;
};

/** Factors `a + jitter I`; null when a pivot is not positive. */
const tryCholesky = (a: Float64Array, n: number, jitter: number): Float64Array | null => {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) l[i * n + j] = (a[i * n + j]! - dot(l, i * n, l, j * n, j)) / l[j * n + j]!;
    const pivot = a[i * n + i]! + jitter - dot(l, i * n, l, i * n, i);
    if (!(pivot > 0)) return null;
    l[i * n + i] = Math.sqrt(pivot);
  }
  return l;
};

// Relative to the mean diagonal: rounding error of double precision times a few hundred rows, then decades up to the
// point where the matrix would no longer be the one asked about.
const RELATIVE_JITTERS = [0, 1e-12, 1e-10, 1e-8, 1e-6];

/**
 * Factors a symmetric matrix (n × n; the lower triangle is read), adding the least jitter of a fixed ladder that makes it definite.
 *
 * @throws NumericalError when even the largest jitter does not help, or an entry is not finite.
 */
export const cholesky = (a: Float64Array, n: number): Float64Array => {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += a[i * n + i]!;
  for (const jitter of RELATIVE_JITTERS) {
    const l = tryCholesky(a, n, (jitter * trace) / Math.max(n, 1));
    if (l !== null) return l;
  }
  throw new NumericalError(`a covariance matrix of ${n} rows is not positive definite (mean diagonal ${trace / n})`, {
    hint: 'look for observations that are not finite or of wildly different size',
    values: { rows: n, meanDiagonal: trace / n },
  });
};

/** Solves l x = b in place, b (n × m). */
export const solveLower = (l: Float64Array, n: number, b: Float64Array, m = 1): void => {
  for (let i = 0; i < n; i++) {
    if (m === 1) {
      b[i] = (b[i]! - dot(l, i * n, b, 0, i)) / l[i * n + i]!;
      continue;
    }
    for (let k = 0; k < i; k++) addScaled(b, i * m, -l[i * n + k]!, b, k * m, m);
    const scale = 1 / l[i * n + i]!;
    for (let j = 0; j < m; j++) b[i * m + j] = b[i * m + j]! * scale;
  }
};

/** Solves l' x = b in place, b (n). */
export const solveUpper = (l: Float64Array, n: number, b: Float64Array): void => {
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / l[i * n + i]!;
    b[i] = x;
    addScaled(b, 0, -x, l, i * n, i);
  }
};

/** Returns ln det(l l'). */
export const logDeterminant = (l: Float64Array, n: number): number => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]!);
  return 2 * sum;
};

/** Returns the lower triangle of (l l')^-1 (n × n); the upper triangle is 0. */
export const inverseLower = (l: Float64Array, n: number): Float64Array => {
  const li = new Float64Array(n * n); // l^-1
  for (let i = 0; i < n; i++) {
    li[i * n + i] = 1;
    for (let k = 0; k < i; k++) addScaled(li, i * n, -l[i * n + k]!, li, k * n, k + 1);
    const scale = 1 / l[i * n + i]!;
    for (let j = 0; j <= i; j++) li[i * n + j] = li[i * n + j]! * scale;
  }
  const inverse = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) addScaled(inverse, i * n, li[k * n + i]!, li, k * n, i + 1);
  }
  return inverse;
};

/** Returns b' b for b (n × m), symmetric (m × m). */
export const gram = (b: Float64Array, n: number, m: number): Float64Array => {
  const g = new Float64Array(m * m);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < m; i++) addScaled(g, i * m, b[k * m + i]!, b, k * m, i + 1);
  }
  for (let i = 0; i < m; i++) for (let j = 0; j < i; j++) g[j * m + i] = g[i * m + j]!;
  return g;
};

/** Returns a x for a (m × m) and x (m). */
export const multiply = (a: Float64Array, m: number, x: Float64Array): Float64Array =>
  Float64Array.from({ length: m }, (_, i) => dot(a, i * m, x, 0, m));

/** Returns x' a y for a (m × m), x and y (m). */
export const bilinear = (a: Float64Array, m: number, x: Float64Array, y: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < m; i++) sum += x[i]! * dot(a, i * m, y, 0, m);
  return sum;
};

/** Returns the inner product of two vectors of one length. */
export const inner = (x: Float64Array, y: Float64Array): number => dot(x, 0, y, 0, x.length);
