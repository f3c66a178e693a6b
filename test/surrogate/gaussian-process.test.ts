import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import { GaussianProcess } from '../../src/surrogate/gaussian-process.js';
import { DEFAULT_PRIOR } from '../../src/surrogate/hyperparameters.js';
import { THETA, VARIANCE_FLOOR, type Design, type KernelShape } from '../../src/surrogate/kernel.js';
import { fitWarp } from '../../src/surrogate/warp.js';

const SHAPE: KernelShape = { embedding: 'sqrt', radial: 'matern52', trend: 1 };
const THETA_QUIET = DEFAULT_PRIOR.mean.slice();
THETA_QUIET[THETA.noise] = -20;
const TARGET = { size: 1, steps: 1 };
const SMALL = { size: 0, steps: 1 };

const designWith = (places: readonly (readonly [share: number, fidelity: 0 | 1])[]): Design => ({
  mixtures: places.map(([share]) => Float64Array.from([share, 1 - share])),
  fidelities: [SMALL, TARGET],
  rowMixture: Int32Array.from(places.keys()),
  rowFidelity: Int32Array.from(places, ([, fidelity]) => fidelity),
});

describe('a conditioned process', () => {
  it('has the closed-form posterior of one observation', () => {
    const process = new GaussianProcess(SHAPE, THETA_QUIET, designWith([[0.4, 1]]), Float64Array.from([1.5]));
    const prior = 2; // trend 1 and amplitude 1
    const k = prior + Math.exp(-40) + VARIANCE_FLOOR;
    const scale = ((1.5 * 1.5) / k + 1) / 2;
    const { mean, variance } = process.predict([[0.4, 0.6]], TARGET);
    expect(mean[0]).toBeCloseTo((1.5 * prior) / k, 9);
    expect(variance[0]).toBeCloseTo(scale * (prior - (prior * prior) / k), 9);
  });

  it('passes through what it saw when there is no noise, and doubts more the further away', () => {
    const design = designWith([
      [0.1, 1],
      [0.5, 1],
      [0.9, 1],
    ]);
    const y = Float64Array.from([0.3, -1, 0.8]);
    const process = new GaussianProcess(SHAPE, THETA_QUIET, design, y);
    const { mean, variance } = process.predict(
      [
        [0.1, 0.9],
        [0.5, 0.5],
        [0.9, 0.1],
        [0.3, 0.7],
      ],
      TARGET,
    );
    y.forEach((value, i) => expect(mean[i]).toBeCloseTo(value, 4));
    expect(variance[3]).toBeGreaterThan(variance[1]!);
    expect(process.predict([[0.5, 0.5]], SMALL).variance[0]).toBeGreaterThan(variance[1]!);
  });

  it('is narrowed by pending rows and keeps every mean', () => {
    const y = Float64Array.from([0.3, -1]);
    const before = new GaussianProcess(
      SHAPE,
      THETA_QUIET,
      designWith([
        [0.1, 0],
        [0.5, 0],
      ]),
      y,
    );
    const after = new GaussianProcess(
      SHAPE,
      THETA_QUIET,
      designWith([
        [0.1, 0],
        [0.5, 0],
        [0.8, 1],
      ]),
      y,
    );
    const points = [
      [0.8, 0.2],
      [0.3, 0.7],
      [1, 0],
    ];
    const [a, b] = [before.predict(points, TARGET), after.predict(points, TARGET)];
    b.mean.forEach((mean, i) => expect(mean).toBeCloseTo(a.mean[i]!, 8));
    b.variance.forEach((variance, i) => expect(variance).toBeLessThan(a.variance[i]!));
  });

  it('gives the same covariances by the compressed view and by the long way', () => {
    const design = designWith([
      [0.1, 0],
      [0.5, 1],
      [0.9, 0],
    ]);
    const process = new GaussianProcess(SHAPE, THETA_QUIET, design, Float64Array.from([1, 2, 3]));
    const points = [
      [0.2, 0.8],
      [0.7, 0.3],
    ];
    const whitened = process.whiten(points, TARGET);
    const long = process.crossCovariance(points, TARGET, whitened, points, TARGET, whitened);
    const view = process.at(TARGET);
    const c = points.map((point) => view.features(point));
    for (const [i, a] of points.entries()) {
      expect(process.meansOf(whitened)[i]).toBeCloseTo(view.mean(c[i]!), 9);
      for (const [j, b] of points.entries()) {
        expect(view.covariance(c[i]!, c[j]!, process.prior(a, TARGET, b, TARGET))).toBeCloseTo(long[2 * i + j]!, 9);
      }
    }
  });

  it('never has more doubt than the prior, wherever the data lie', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const rng = createRng(seed);
        const design = designWith(Array.from({ length: n }, () => [rng.uniform(), rng.integer(2) as 0 | 1]));
        const process = new GaussianProcess(
          SHAPE,
          DEFAULT_PRIOR.mean,
          design,
          Float64Array.from({ length: n }, () => rng.normal()),
        );
        const share = rng.uniform();
        const variance = process.predict([[share, 1 - share]], TARGET).variance[0]!;
        expect(variance).toBeGreaterThanOrEqual(0);
        expect(variance).toBeLessThanOrEqual(2 * process.scale * (1 + 1e-9));
      }),
      { numRuns: 50 },
    );
  });
});

describe('warps', () => {
  it('are undone by their inverse, with the slope that finite differences give, below the least value too', () => {
    const values = Float64Array.from([2, 2.1, 2.5, 4, 9]);
    for (const kind of ['none', 'log'] as const) {
      const warp = fitWarp(kind, values);
      for (const y of [1.4, 1.9, 2, 3.3, 12]) {
        const z = warp.forward(y);
        expect(warp.inverse(z)).toBeCloseTo(y, 9);
        const h = 1e-6;
        expect(warp.slope(z)).toBeCloseTo((warp.inverse(z + h) - warp.inverse(z - h)) / (2 * h), 4);
      }
    }
  });

  it('keep one value, and equal values, finite', () => {
    for (const values of [[3], [0, 0, 0], [5, 5]]) {
      for (const kind of ['none', 'log'] as const) {
        const warp = fitWarp(kind, Float64Array.from(values));
        expect(Number.isFinite(warp.forward(values[0]! + 1))).toBe(true);
        expect(Number.isFinite(warp.logJacobian)).toBe(true);
      }
    }
  });
});
