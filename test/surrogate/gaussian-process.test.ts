import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import { GaussianProcess } from '../../src/surrogate/gaussian-process.js';
import { DEFAULT_PRIOR } from '../../src/surrogate/hyperparameters.js';
import { inner } from '../../src/surrogate/linear-algebra.js';
import { THETA, VARIANCE_FLOOR, type Design, type KernelShape } from '../../src/surrogate/kernel.js';
import { fitWarp } from '../../src/surrogate/warp.js';

const SHAPE: KernelShape = { embedding: 'sqrt', radial: 'matern52', trend: 1, linear: false, slope: 0 };
const THETA_QUIET = DEFAULT_PRIOR.mean.slice();
THETA_QUIET[THETA.noise] = -20;
const TARGET = { size: 1, tokens: 0, steps: 1 };
const SMALL = { size: 0, tokens: 0, steps: 1 };

const designWith = (places: readonly (readonly [share: number, fidelity: 0 | 1])[]): Design => ({
  mixtures: places.map(([share]) => Float64Array.from([share, 1 - share])),
  fidelities: [SMALL, TARGET],
  rowMixture: Int32Array.from(places.keys()),
  rowFidelity: Int32Array.from(places, ([, fidelity]) => fidelity),
});

describe('a conditioned process', () => {
  it('has the closed-form posterior of one observation', () => {
    const process = new GaussianProcess(SHAPE, THETA_QUIET, designWith([[0.4, 1]]), [Float64Array.from([1.5])]);
    const prior = 2; // trend 1 and amplitude 1
    const k = prior + Math.exp(-40) + VARIANCE_FLOOR;
    const { mean, variance } = process.predict([[0.4, 0.6]], TARGET);
    expect(mean[0]).toBeCloseTo((1.5 * prior) / k, 9);
    expect(variance[0]).toBeCloseTo(prior - (prior * prior) / k, 9);
    expect(process.outputCovariance[0]).toBeCloseTo(((1.5 * 1.5) / k + 1) / 2, 9);
  });

  it('passes through what it saw when there is no noise, and doubts more the further away', () => {
    const design = designWith([
      [0.1, 1],
      [0.5, 1],
      [0.9, 1],
    ]);
    const y = Float64Array.from([0.3, -1, 0.8]);
    const process = new GaussianProcess(SHAPE, THETA_QUIET, design, [y]);
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

  it('shares with others what a mixture is like, and only with those of the same mixtures and lengths', () => {
    const design = designWith([
      [0.1, 1],
      [0.5, 1],
    ]);
    const longer = THETA_QUIET.map((value, i) => (i === THETA.mixture ? value + 1 : value));
    const moved = designWith([
      [0.1, 1],
      [0.6, 1],
    ]);
    const processes = [
      new GaussianProcess(SHAPE, THETA_QUIET, design, [Float64Array.from([0.3, -1])]),
      new GaussianProcess(SHAPE, THETA_QUIET, { ...design, mixtures: [...design.mixtures] }, [
        Float64Array.from([1, 2]),
      ]),
      new GaussianProcess(SHAPE, longer, design, [Float64Array.from([0.3, -1])]),
      new GaussianProcess(SHAPE, THETA_QUIET, moved, [Float64Array.from([0.3, -1])]),
      new GaussianProcess({ ...SHAPE, linear: true }, THETA_QUIET, design, [Float64Array.from([0.3, -1])]),
    ];
    const shares = Float64Array.from([0.3, 0.7]);
    const [first, alike, ...others] = processes.map((process) => process.likenessOf(shares));
    expect(alike).toBe(first);
    for (const likeness of others) expect(likeness).not.toEqual(first);
    processes.forEach((process, i) => expect(process.likenessOf(shares.slice())).toEqual([first, alike, ...others][i]));
  });

  it('shares nothing with mixtures of fewer domains, though they begin alike', () => {
    const y = [Float64Array.from([1])];
    const designOf = (shares: readonly number[]): Design => ({
      ...designWith([[0.5, 1]]),
      mixtures: [Float64Array.from(shares)],
    });
    const pair = new GaussianProcess(SHAPE, THETA_QUIET, designOf([0.5, 0.5]), y);
    const three = new GaussianProcess(SHAPE, THETA_QUIET, designOf([0.5, 0.5, 0]), y);
    expect(Number.isFinite(three.predict([[0.2, 0.3, 0.5]], TARGET).mean[0])).toBe(true);
    expect(three.predict([[0.2, 0.8, 0]], TARGET)).toEqual(pair.predict([[0.2, 0.8]], TARGET));
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
      [y],
    );
    const after = new GaussianProcess(
      SHAPE,
      THETA_QUIET,
      designWith([
        [0.1, 0],
        [0.5, 0],
        [0.8, 1],
      ]),
      [y],
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

  it.each([false, true])(
    'gives the same means and covariances by the compressed view and by the long way (linear %s)',
    (linear) => {
      const design = designWith([
        [0.1, 0],
        [0.5, 1],
        [0.9, 0],
      ]);
      const outputs = [Float64Array.from([1, 2, 3]), Float64Array.from([-1, 0.5, 2])];
      const process = new GaussianProcess({ ...SHAPE, linear }, THETA_QUIET, design, outputs);
      const points = [
        [0.2, 0.8],
        [0.7, 0.3],
      ];
      const whitened = process.whiten(points, TARGET);
      const view = process.at(TARGET);
      const likeness = points.map((point) => view.likenessOf(point));
      const explained = likeness.map((c) => view.explain(c));
      const prior = process.priorTable(process.likenessTable(points, points), TARGET, TARGET);
      for (const [i, a] of points.entries()) {
        for (const output of outputs.keys()) {
          expect(process.meansOf(whitened, output)[i]).toBeCloseTo(view.mean(likeness[i]!, output), 9);
        }
        for (const [j, b] of points.entries()) {
          expect(prior[2 * i + j]).toBeCloseTo(process.prior(a, TARGET, b, TARGET), 12);
          expect(inner(explained[i]!, explained[j]!)).toBeCloseTo(inner(whitened[i]!, whitened[j]!), 9);
        }
      }
    },
  );

  it.each([
    { ...SHAPE, linear: true },
    { embedding: 'share', radial: 'rbf', trend: 0, linear: true, slope: 0 } as const,
  ])('says to first order what moving share does to a mean: %o', (shape) => {
    const design = {
      ...designWith([
        [0.1, 1],
        [0.5, 1],
      ]),
      mixtures: [Float64Array.from([0.1, 0.3, 0.6]), Float64Array.from([0, 0.5, 0.5])],
    };
    const process = new GaussianProcess(shape, THETA_QUIET, design, [Float64Array.from([1, -2])]);
    const view = process.at(TARGET);
    const weights = view.weights(0);
    const at = (shares: number[]): number => inner(view.likenessOf(shares), weights);
    const step = 1e-5;
    const { take, give } = process.shareEffects([0.2, 0.3, 0.5], weights, step);
    expect(take[0]! + give[2]!).toBeCloseTo(at([0.2 - step, 0.3, 0.5 + step]) - at([0.2, 0.3, 0.5]), 8);
    expect(take[1]! + give[0]!).toBeCloseTo(at([0.2 + step, 0.3 - step, 0.5]) - at([0.2, 0.3, 0.5]), 8);
  });

  it('never has more doubt than the prior, wherever the data lie', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const rng = createRng(seed);
        const design = designWith(Array.from({ length: n }, () => [rng.uniform(), rng.integer(2) as 0 | 1]));
        const process = new GaussianProcess(SHAPE, DEFAULT_PRIOR.mean, design, [
          Float64Array.from({ length: n }, () => rng.normal()),
        ]);
        const share = rng.uniform();
        const variance = process.predict([[share, 1 - share]], TARGET).variance[0]!;
        expect(variance).toBeGreaterThanOrEqual(0);
        expect(variance).toBeLessThanOrEqual(2 * (1 + 1e-9));
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
