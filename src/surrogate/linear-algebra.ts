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

/** The four dot products of two rows of `x` with two rows of `y`: every entry that is read is used twice. */
const dotTwoByTwo = (
  x: Float64Array,
  x0: number,
  x1: number,
  y: Float64Array,
  y0: number,
  y1: number,
  count: number,
  out: Float64Array,
): void => {
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let k = 0; k < count; k++) {
    const a = x[x0 + k]!;
    const b = x[x1 + k]!;
    const c = y[y0 + k]!;
    const d = y[y1 + k]!;
    s00 += a * c;
    s01 += a * d;
    s10 += b * c;
    s11 += b * d;
  }
  out[0] = s00;
  out[1] = s01;
  out[2] = s10;
  out[3] = s11;
};

/** Fills row i of the factor from column `from` on; null when the pivot is not positive. */
const finishRow = (l: Float64Array, a: Float64Array, n: number, i: number, from: number, jitter: number): boolean => {
  for (let j = from; j < i; j++) l[i * n + j] = (a[i * n + j]! - dot(l, i * n, l, j * n, j)) / l[j * n + j]!;
  const pivot = a[i * n + i]! + jitter - dot(l, i * n, l, i * n, i);
  if (!(pivot > 0)) return false;
  l[i * n + i] = Math.sqrt(pivot);
  return true;
};

/** Factors `a + jitter I`, two rows and two columns at a time; null when a pivot is not positive. */
const tryCholesky = (a: Float64Array, n: number, jitter: number): Float64Array | null => {
  const l = new Float64Array(n * n);
  const s = new Float64Array(4);
  for (let i = 0; i < n; i += 2) {
    const hasPair = i + 1 < n;
    const r0 = i * n;
    const r1 = r0 + n;
    const paired = hasPair ? i : 0; // the last row of an odd count is finished alone
    for (let j = 0; j < paired; j += 2) {
      const c0 = j * n;
      const c1 = c0 + n;
      dotTwoByTwo(l, r0, r1, l, c0, c1, j, s);
      const p = (l[r0 + j] = (a[r0 + j]! - s[0]!) / l[c0 + j]!);
      const q = (l[r1 + j] = (a[r1 + j]! - s[2]!) / l[c0 + j]!);
      l[r0 + j + 1] = (a[r0 + j + 1]! - s[1]! - p * l[c1 + j]!) / l[c1 + j + 1]!;
      l[r1 + j + 1] = (a[r1 + j + 1]! - s[3]! - q * l[c1 + j]!) / l[c1 + j + 1]!;
    }
    if (!finishRow(l, a, n, i, paired, jitter)) return null;
    if (hasPair && !finishRow(l, a, n, i + 1, i, jitter)) return null;
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

/** Solves l x = b in place, b (n). */
export const solveLower = (l: Float64Array, n: number, b: Float64Array): void => {
  for (let i = 0; i < n; i++) b[i] = (b[i]! - dot(l, i * n, b, 0, i)) / l[i * n + i]!;
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

/** Returns the transpose of l^-1 (n × n): row j holds column j, which starts at the diagonal; 0 before. */
export const inverseFactor = (l: Float64Array, n: number): Float64Array => {
  const columns = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const c = j * n;
    columns[c + j] = 1 / l[c + j]!;
    for (let i = j + 1; i < n; i++) columns[c + i] = -dot(l, i * n + j, columns, c + j, i - j) / l[i * n + i]!;
  }
  return columns;
};

/** Returns the lower triangle of w w' (rows × rows); row i of w is 0 before entry `from(i)`, and longer ones come first. */
const gramLower = (w: Float64Array, rows: number, n: number, from: (row: number) => number): Float64Array => {
  const g = new Float64Array(rows * rows);
  const s = new Float64Array(4);
  for (let i = 0; i < rows; i += 2) {
    const second = Math.min(i + 1, rows - 1); // the last row of an odd count is paired with itself
    const k = from(i);
    for (let j = 0; j <= i; j += 2) {
      const other = Math.min(j + 1, rows - 1);
      dotTwoByTwo(w, i * n + k, second * n + k, w, j * n + k, other * n + k, n - k, s);
      g[i * rows + j] = s[0]!;
      if (other <= i) g[i * rows + other] = s[1]!;
      g[second * rows + j] = s[2]!;
      g[second * rows + other] = s[3]!;
    }
  }
  return g;
};

/** Returns the lower triangle of (l l')^-1 (n × n); the upper triangle is 0. */
export const inverseLower = (l: Float64Array, n: number): Float64Array =>
  gramLower(inverseFactor(l, n), n, n, (row) => row);

/** Returns the lower triangle of w w' (rows × rows) for w (rows × n); the upper triangle is 0. */
export const outerGram = (w: Float64Array, rows: number, n: number): Float64Array => gramLower(w, rows, n, () => 0);

/** Returns l' x for a lower triangle given as its transpose, u (n × n) row-major, and x (n). */
export const multiplyUpper = (u: Float64Array, n: number, x: Float64Array): Float64Array => {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) y[i] = dot(u, i * n + i, x, i, n - i);
  return y;
};

/** Returns the transpose of a (n × n). */
export const transpose = (a: Float64Array, n: number): Float64Array => {
  const t = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) t[j * n + i] = a[i * n + j]!;
  return t;
};

/** Returns the inner product of two vectors of one length. */
export const inner = (x: Float64Array, y: Float64Array): number => dot(x, 0, y, 0, x.length);
