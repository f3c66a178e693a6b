import { describe, expect, it } from 'vitest';
import { drawDirichlet } from '../../src/domain/dirichlet.js';
import { createRng } from '../../src/domain/rng.js';
import { fitLinearMeanProcess } from '../../src/surrogate/linear-mean-process.js';

const draws = (count: number, domains: number, seed = 1): Float64Array[] => {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => drawDirichlet(rng, domains, 1));
};

const bowl = (x: ArrayLike<number>): number => (x[0]! - 0.5) ** 2 + (x[1]! - 0.3) ** 2 + (x[2]! - 0.2) ** 2;

describe('a Gaussian process with a linear mean', () => {
  it('carries a linear value on to the corners, which lie outside of what it saw', () => {
    const inside = draws(15, 4).map((x) => x.map((share) => 0.125 + 0.5 * share)); // in the inner half of the simplex
    const slope = [3, -1, 2, 0.5];
    const value = (x: ArrayLike<number>): number => slope.reduce((sum, b, i) => sum + b * x[i]!, 7);
    const process = fitLinearMeanProcess(inside, inside.map(value));
    for (let i = 0; i < 4; i++) {
      const corner = [0, 0, 0, 0].map((_, k) => (k === i ? 1 : 0));
      expect(Math.abs(process.predict(corner).mean - value(corner))).toBeLessThan(0.03); // values spread over 4
    }
  });

  it('goes through values without noise and is surest there', () => {
    const mixtures = draws(12, 3);
    const process = fitLinearMeanProcess(mixtures, mixtures.map(bowl));
    for (const x of mixtures) {
      expect(Math.abs(process.predict(x).mean - bowl(x))).toBeLessThan(2e-3);
      expect(process.predict(x).sd).toBeLessThan(0.1 * process.predict([1, 0, 0]).sd + 2e-3);
    }
  });

  it('finds the noise of noisy values', () => {
    const rng = createRng(4);
    const mixtures = draws(80, 3);
    const noisy = mixtures.map((x) => bowl(x) + 0.05 * rng.normal());
    const { hyperparameters, predict } = fitLinearMeanProcess(mixtures, noisy);
    const quiet = fitLinearMeanProcess(mixtures, mixtures.map(bowl)).hyperparameters;
    expect(hyperparameters['noise']).toBeGreaterThan(100 * quiet['noise']!);
    const errors = draws(50, 3, 9).map((x) => predict(x).mean - bowl(x));
    expect(Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / 50)).toBeLessThan(0.03);
  });

  it('has errors that match its doubt where it was not fitted', () => {
    const mixtures = draws(14, 4);
    const value = (x: ArrayLike<number>): number => Math.exp(-3 * x[0]!) + Math.sin(4 * x[1]!) * x[2]!;
    const process = fitLinearMeanProcess(mixtures, mixtures.map(value));
    const scores = draws(200, 4, 5).map((x) => {
      const { mean, sd } = process.predict(x);
      return (value(x) - mean) / sd;
    });
    const size = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
    expect(size).toBeGreaterThan(0.1);
    expect(size).toBeLessThan(2);
  });

  it('moves no mean by a guess, and is surer there', () => {
    const mixtures = draws(10, 3);
    const process = fitLinearMeanProcess(mixtures, mixtures.map(bowl));
    const guessed = process.withGuesses([[0.1, 0.2, 0.7]]);
    for (const x of [...draws(5, 3, 7), [0.1, 0.2, 0.7]]) {
      expect(guessed.predict(x).mean).toBeCloseTo(process.predict(x).mean, 6);
      expect(guessed.predict(x).sd).toBeLessThanOrEqual(process.predict(x).sd * (1 + 1e-9));
    }
    expect(guessed.predict([0.1, 0.2, 0.7]).sd).toBeLessThan(0.6 * process.predict([0.1, 0.2, 0.7]).sd);
  });

  it('scales with its values', () => {
    const mixtures = draws(9, 3);
    const at = [0.2, 0.5, 0.3];
    const one = fitLinearMeanProcess(mixtures, mixtures.map(bowl)).predict(at);
    const many = fitLinearMeanProcess(
      mixtures,
      mixtures.map((x) => 40 - 1000 * bowl(x)),
    ).predict(at);
    expect(many.mean).toBeCloseTo(40 - 1000 * one.mean, 6);
    expect(many.sd).toBeCloseTo(1000 * one.sd, 6);
  });

  it('lives with one value, and with values that do not differ', () => {
    expect(fitLinearMeanProcess([[0.5, 0.5]], [3]).predict([0.5, 0.5]).mean).toBeCloseTo(3, 9);
    const flat = fitLinearMeanProcess(draws(5, 3), [2, 2, 2, 2, 2]);
    expect(flat.predict([1, 0, 0]).mean).toBeCloseTo(2, 9);
    expect(flat.predict([1, 0, 0]).sd).toBeGreaterThan(0);
    // A mean of three 0.1 is not 0.1.
    const sds = [0.1, 0.5].map(
      (value) => fitLinearMeanProcess(draws(3, 3), [value, value, value]).predict([1, 0, 0]).sd,
    );
    expect(sds[0]).toBeCloseTo(sds[1]!, 9);
  });
});
