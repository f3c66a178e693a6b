import { CholeskyDecomposition, Matrix, inverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import {
  cholesky,
  inverseLower,
  logDeterminant,
  multiplyUpper,
  outerGram,
  solveLower,
  solveUpper,
  transpose,
} from '../../src/surrogate/linear-algebra.js';

const randomDefinite = (n: number, seed: number): Float64Array => {
  const rng = createRng(seed);
  const b = Float64Array.from({ length: n * n }, () => rng.normal());
  const a = outerGram(b, n, n);
  for (let i = 0; i < n; i++) a[i * n + i]! += 0.1;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
  return a;
};

const asMatrix = (a: Float64Array, n: number, m = n): Matrix => Matrix.from1DArray(n, m, a);
const expectClose = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 8): void => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, digits);
};

describe('linear algebra on flat arrays', () => {
  it.each([1, 2, 12, 13])('factors as ml-matrix does (%i rows)', (n) => {
    const a = randomDefinite(n, 1);
    const reference = new CholeskyDecomposition(asMatrix(a, n)).lowerTriangularMatrix.to1DArray();
    expectClose(cholesky(a, n), reference);
  });

  it('solves with the factor to what ml-matrix gets from the inverse', () => {
    const n = 11;
    const a = randomDefinite(n, 2);
    const l = cholesky(a, n);
    const b = Float64Array.from({ length: n }, (_, i) => Math.sin(i));
    const x = b.slice();
    solveLower(l, n, x);
    solveUpper(l, n, x);
    expectClose(
      x,
      inverse(asMatrix(a, n))
        .mmul(Matrix.columnVector(Array.from(b)))
        .to1DArray(),
    );
  });

  it.each([1, 8, 9])('inverts in the lower triangle and takes the logarithm of the determinant (%i rows)', (n) => {
    const a = randomDefinite(n, 5);
    const l = cholesky(a, n);
    const mine = inverseLower(l, n);
    const reference = inverse(asMatrix(a, n));
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) expect(mine[i * n + j]).toBeCloseTo(reference.get(i, j), 8);
    // A diagonal matrix has the product of its entries for a determinant.
    const diagonal = Float64Array.from([4, 0, 0, 9]);
    expect(logDeterminant(cholesky(diagonal, 2), 2)).toBeCloseTo(Math.log(36), 12);
  });

  it.each([1, 2, 7, 8])('forms products to what ml-matrix gets (%i rows)', (rows) => {
    const n = 5;
    const rng = createRng(6);
    const w = Float64Array.from({ length: rows * n }, () => rng.normal());
    const product = asMatrix(w, rows, n).mmul(asMatrix(w, rows, n).transpose());
    const g = outerGram(w, rows, n);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++) expect(g[i * rows + j]).toBeCloseTo(product.get(i, j), 12);
    const l = cholesky(randomDefinite(rows, 7), rows);
    const x = Float64Array.from({ length: rows }, () => rng.normal());
    const expected = asMatrix(l, rows)
      .transpose()
      .mmul(Matrix.columnVector(Array.from(x)))
      .to1DArray();
    expectClose(multiplyUpper(transpose(l, rows), rows, x), expected, 12);
  });

  it('adds jitter to a singular matrix and refuses an indefinite one', () => {
    expect(cholesky(Float64Array.from([1, 1, 1, 1]), 2)[3]).toBeGreaterThan(0);
    expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow(/not positive definite/);
    expect(() => cholesky(Float64Array.from([Number.NaN, 0, 0, 1]), 2)).toThrow(/not positive definite/);
  });
});
