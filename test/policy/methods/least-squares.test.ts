import { describe, expect, it } from 'vitest';
import { leastSquares } from '../../../src/policy/methods/least-squares.js';

const x = Array.from({ length: 12 }, (_, i) => i / 4);

/** y = p0 exp(p1 x). */
const exponential = (y: readonly number[]) => (p: Float64Array) => ({
  residuals: Float64Array.from(x, (value, k) => p[0]! * Math.exp(p[1]! * value) - y[k]!),
  jacobian: () =>
    Float64Array.from(x.flatMap((value) => [Math.exp(p[1]! * value), p[0]! * value * Math.exp(p[1]! * value)])),
});

const free = { lower: [-100, -100], upper: [100, 100] };

describe('least squares', () => {
  it('recovers planted parameters from exact data', () => {
    const y = x.map((value) => 3 * Math.exp(-0.7 * value));
    const { parameters, loss } = leastSquares(exponential(y), [1, 0], free);
    expect(parameters[0]).toBeCloseTo(3, 9);
    expect(parameters[1]).toBeCloseTo(-0.7, 9);
    expect(loss).toBeLessThan(1e-20);
  });

  it('is the regression line for a linear model', () => {
    const y = [1, 3, 2, 5, 4, 6];
    const line = (p: Float64Array) => ({
      residuals: Float64Array.from(y, (value, i) => p[0]! + p[1]! * i - value),
      jacobian: () => Float64Array.from(y.flatMap((_, i) => [1, i])),
    });
    const { parameters } = leastSquares(line, [0, 0], free);
    expect(parameters[1]).toBeCloseTo(31 / 35, 8); // sum (i - 2.5)(y - 3.5) = 15.5 over sum (i - 2.5)^2 = 17.5
    expect(parameters[0]).toBeCloseTo(3.5 - 2.5 * (31 / 35), 8);
  });

  it('stays within bounds and stops at the one that holds it', () => {
    const y = x.map((value) => 3 * Math.exp(-0.7 * value));
    const { parameters } = leastSquares(exponential(y), [1, 0], { lower: [0, -0.5], upper: [10, 1] });
    expect(parameters[1]).toBe(-0.5);
    const atBound = parameters[0]!;
    const best =
      x.reduce((sum, value, k) => sum + y[k]! * Math.exp(-0.5 * value), 0) /
      x.reduce((sum, value) => sum + Math.exp(-value), 0);
    expect(atBound).toBeCloseTo(best, 8);
  });

  it('is moved by an outlier less with the loss of Huber', () => {
    const y = x.map((value, k) => 3 * Math.exp(-0.7 * value) + (k === 5 ? 2 : 0));
    const plain = leastSquares(exponential(y), [1, 0], free).parameters;
    const robust = leastSquares(exponential(y), [1, 0], { ...free, delta: 0.01 }).parameters;
    expect(Math.abs(plain[1]! + 0.7)).toBeGreaterThan(0.05);
    expect(Math.abs(robust[1]! + 0.7)).toBeLessThan(0.01);
  });
});
