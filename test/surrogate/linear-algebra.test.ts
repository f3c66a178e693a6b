import { CholeskyDecomposition, Matrix, inverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import {
  bilinear,
  cholesky,
  gram,
  inverseLower,
  logDeterminant,
  solveLower,
  solveUpper,
} from '../../src/surrogate/linear-algebra.js';

const randomDefinite = (n: number, seed: number): Float64Array => {
  const rng = createRng(seed);
  const b = Float64Array.from({ length: n * n }, () => rng.normal());
  const a = gram(b, n, n);
  for (let i = 0; i < n; i++) a[i * n + i]! += 0.1;
  return a;
};

const asMatrix = (a: Float64Array, n: number, m = n): Matrix => Matrix.from1DArray(n, m, a);
const expectClose = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 8): void => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, digits);
};

describe('linear algebra on flat arrays', () => {
  it('factors as ml-matrix does', () => {
    const a = randomDefinite(13, 1);
    const reference = new CholeskyDecomposition(asMatrix(a, 13)).lowerTriangularMatrix.to1DArray();
    expectClose(cholesky(a, 13), reference);
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

  it('solves many right-hand sides to the same as one by one', () => {
    const [n, m] = [7, 3];
    const l = cholesky(randomDefinite(n, 3), n);
    const rng = createRng(4);
    const b = Float64Array.from({ length: n * m }, () => rng.normal());
    const together = b.slice();
    solveLower(l, n, together, m);
    for (let j = 0; j < m; j++) {
      const column = Float64Array.from({ length: n }, (_, i) => b[i * m + j]!);
      solveLower(l, n, column);
      expectClose(
        column,
        Array.from({ length: n }, (_, i) => together[i * m + j]!),
      );
    }
  });

  it('inverts in the lower triangle and takes the logarithm of the determinant', () => {
    const n = 9;
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

  it('forms products of a matrix with vectors', () => {
    expect(bilinear(Float64Array.from([1, 2, 3, 4]), 2, Float64Array.from([1, 2]), Float64Array.from([3, 5]))).toBe(
      1 * 13 + 2 * 29,
    );
  });

  it('adds jitter to a singular matrix and refuses an indefinite one', () => {
    expect(cholesky(Float64Array.from([1, 1, 1, 1]), 2)[3]).toBeGreaterThan(0);
    expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow(/not positive definite/);
    expect(() => cholesky(Float64Array.from([Number.NaN, 0, 0, 1]), 2)).toThrow(/not positive definite/);
  });
});
