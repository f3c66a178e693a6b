import { describe, expect, it } from 'vitest';
import { drawDirichlet } from '../../src/domain/dirichlet.js';
import { InputError } from '../../src/domain/errors.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import { createRng } from '../../src/domain/rng.js';
import {
  createSyntheticWorld,
  syntheticDomains,
  SYNTHETIC_SIZES,
  type SmallScales,
} from '../../src/simulators/synthetic-law.js';

const DOMAINS = syntheticDomains(5);

/** Values of one metric over the same 60 mixtures at one size. */
const valuesAt = (parameters: number, smallScales: SmallScales, seed = 3, noise = 0): number[] => {
  const world = createSyntheticWorld({ domains: 5, seed, smallScales, noise });
  const rng = createRng(1);
  return Array.from({ length: 60 }, () => {
    const mixture = mixtureOf(drawDirichlet(rng, 5, 1), DOMAINS);
    const job = { mixture, scale: 'any', parameters, steps: 20_000, checkpoints: [20_000], seed: 1 };
    return world.train(job)[0]!.metrics['o0']!;
  });
};

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb));
};

describe('a synthetic world', () => {
  it('falls with size and with steps', () => {
    const world = createSyntheticWorld({ domains: 5, seed: 1 });
    const mixture = mixtureOf(
      Array.from({ length: 5 }, () => 0.2),
      DOMAINS,
    );
    const at = (parameters: number) =>
      world
        .train({ mixture, scale: 'any', parameters, steps: 20_000, checkpoints: [2500, 20_000], seed: 1 })
        .map(({ metrics }) => metrics['o1']!);
    const [early, late] = at(1e9);
    expect(late).toBeLessThan(early!);
    const byStepsAlone = 8 ** -0.15; // the floor cancels in differences of amplitudes only
    expect(late).toBeGreaterThan(byStepsAlone * early!);
  });

  it('ranks mixtures at small scale nearly as at the target when that is to guide, and the other way round when it is to mislead', () => {
    const target = valuesAt(1e9, 'guide');
    expect(correlation(valuesAt(SYNTHETIC_SIZES[0], 'guide'), target)).toBeGreaterThan(0.7);
    expect(correlation(valuesAt(SYNTHETIC_SIZES[0], 'mislead'), target)).toBeLessThan(0);
    expect(correlation(valuesAt(SYNTHETIC_SIZES[3], 'mislead'), target)).toBeGreaterThan(0.7);
  });

  it('is the same at the target whatever its small scales do, and another world for another seed', () => {
    expect(valuesAt(1e9, 'mislead')).toEqual(valuesAt(1e9, 'guide'));
    expect(valuesAt(1e9, 'useless')).toEqual(valuesAt(1e9, 'guide'));
    expect(valuesAt(1e9, 'guide', 4)).not.toEqual(valuesAt(1e9, 'guide'));
  });

  it('adds noise of the asked share of the spread', () => {
    const exact = valuesAt(1e9, 'guide');
    const errors = valuesAt(1e9, 'guide', 3, 0.1).map((value, i) => value - exact[i]!);
    const size = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
    const spread = Math.sqrt(exact.reduce((sum, value) => sum + (value - mean) ** 2, 0) / exact.length);
    expect(size / spread).toBeGreaterThan(0.06);
    expect(size / spread).toBeLessThan(0.15);
  });

  it('trains a mixture that is within limits but for rounding, and no other', () => {
    const world = createSyntheticWorld({ domains: 2, seed: 1 });
    const job = { scale: '1B', parameters: 1e9, steps: 20_000, checkpoints: [20_000], seed: 1 };
    const train = (domain1: number, domain2: number) => world.train({ ...job, mixture: { domain1, domain2 } });
    expect(train(1 + 2 ** -52, 0)[0]!.metrics['o0']).toBeCloseTo(train(1, 0)[0]!.metrics['o0']!, 9);
    expect(() => train(1 + 1e-6, 0)).toThrow(InputError);
  });

  it('refuses a size that the laws do not hold for', () => {
    expect(() => valuesAt(1e12, 'guide')).toThrow(InputError);
  });
});
