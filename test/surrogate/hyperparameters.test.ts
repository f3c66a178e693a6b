import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import {
  DEFAULT_PRIOR,
  TRENDLESS_PRIOR,
  fitFromBothSides,
  fitHyperparameters,
  negativeLogPosterior,
} from '../../src/surrogate/hyperparameters.js';
import {
  covariance,
  geometryOf,
  radialAt,
  tablesAt,
  THETA,
  THETA_LENGTH,
  type Design,
  type KernelShape,
} from '../../src/surrogate/kernel.js';
import { minimize } from '../../src/surrogate/lbfgs.js';
import { cholesky } from '../../src/surrogate/linear-algebra.js';

const SHAPES: KernelShape[] = [
  { embedding: 'sqrt', radial: 'matern52', trend: 1, linear: false, slope: 0 },
  { embedding: 'sqrt', radial: 'matern52', trend: 1, linear: true, slope: 1 },
  { embedding: 'share', radial: 'rbf', trend: 0, linear: false, slope: 0 },
];

const randomDesign = (mixtures: number, seed: number): Design => {
  const rng = createRng(seed);
  const shares = Array.from({ length: mixtures }, () => {
    const raw = Float64Array.from({ length: 3 }, () => -Math.log(1 - rng.uniform()));
    const total = raw.reduce((a, b) => a + b, 0);
    return raw.map((value) => value / total);
  });
  const fidelities = [0, 0.5, 1].flatMap((size) =>
    [0.3, 1].map((steps) => ({ size, tokens: 0.7 * size * size, steps })),
  );
  const rows = shares.flatMap((_, m) => [0, 1].map((half) => [m, 2 * (m % 3) + half] as const));
  return {
    mixtures: shares,
    fidelities,
    rowMixture: Int32Array.from(rows, ([m]) => m),
    rowFidelity: Int32Array.from(rows, ([, f]) => f),
  };
};

/** Draws outputs from the process itself. */
const drawOutput = (shape: KernelShape, design: Design, theta: Float64Array, seed: number): Float64Array => {
  const n = design.rowMixture.length;
  const l = cholesky(covariance(shape, design, tablesAt(shape, design, geometryOf(shape, design), theta), theta), n);
  const rng = createRng(seed);
  const z = Float64Array.from({ length: n }, () => rng.normal());
  return Float64Array.from({ length: n }, (_, i) =>
    z.slice(0, i + 1).reduce((sum, value, k) => sum + l[i * n + k]! * value, 0),
  );
};

describe('kernels', () => {
  it('take the closed-form values of Rasmussen & Williams at one length', () => {
    const matern = SHAPES[0]!;
    expect(radialAt(matern, 2, 2)).toBeCloseTo((1 + Math.sqrt(5) + 5 / 3) * Math.exp(-Math.sqrt(5)), 14);
    expect(radialAt(SHAPES[2]!, 2, 2)).toBeCloseTo(Math.exp(-0.5), 14);
    expect(radialAt(matern, 0, 1)).toBe(1);
  });
});

describe('the penalised likelihood', () => {
  it.each(SHAPES)('has the gradient that finite differences give: %o', (shape) => {
    const design = randomDesign(8, 1);
    const prior = shape.trend === 1 ? DEFAULT_PRIOR : TRENDLESS_PRIOR;
    const theta = prior.mean.map((mean, i) => mean + 0.01 * (i + 1));
    theta[THETA.noise] = Math.log(0.1);
    const outputs = [1, 2, 3].map((seed) => drawOutput(shape, design, theta, seed));
    const f = negativeLogPosterior(shape, prior, design, outputs);
    const { gradient } = f(theta);
    for (let i = 0; i < THETA_LENGTH; i++) {
      const h = 1e-5;
      const at = (step: number): number => f(theta.map((value, k) => (k === i ? value + step : value))).value;
      expect(gradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 4);
    }
  });

  it('counts a run as one row, however many checkpoints it has', () => {
    const [shape, design] = [SHAPES[1]!, randomDesign(6, 4)]; // two checkpoints a run
    const { mean } = DEFAULT_PRIOR;
    const outputs = [drawOutput(shape, design, mean, 9)];
    // The same rows, each of a mixture of its own: as many runs as rows.
    const apart: Design = {
      ...design,
      mixtures: Array.from(design.rowMixture, (m) => design.mixtures[m]!),
      rowMixture: design.rowMixture.map((_, i) => i),
    };
    const [together, alone] = [design, apart].map((each) =>
      negativeLogPosterior(shape, DEFAULT_PRIOR, each, outputs)(mean),
    );
    expect(together!.value).toBeCloseTo(alone!.value / 2, 9); // at the prior's mean the prior adds nothing
    expect(alone!.value).not.toBeCloseTo(0, 1);
  });

  it('learns the noise that the outputs were drawn with', () => {
    const shape = SHAPES[0]!;
    const design = randomDesign(30, 2);
    const theta = DEFAULT_PRIOR.mean.slice();
    theta[THETA.noise] = Math.log(0.2);
    const outputs = [1, 2, 3, 4].map((seed) => drawOutput(shape, design, theta, seed));
    const fit = fitFromBothSides(shape, DEFAULT_PRIOR, design, outputs, 60);
    expect(Math.exp(fit.theta[THETA.noise]!)).toBeGreaterThan(0.1);
    expect(Math.exp(fit.theta[THETA.noise]!)).toBeLessThan(0.4);
    const meanSquare =
      fit.standardizedErrors.reduce((sum, error) => sum + error * error, 0) / fit.standardizedErrors.length;
    expect(meanSquare).toBeGreaterThan(0.5);
    expect(meanSquare).toBeLessThan(2);
  });

  it.each([1, 2, 3, 4, 5, 6])('tells noisy outputs from quiet ones (%i)', (seed) => {
    const shape = SHAPES[1]!;
    const design = randomDesign(32, seed);
    const drawn = (noise: number): Float64Array[] => {
      const theta = DEFAULT_PRIOR.mean.slice();
      theta[THETA.noise] = Math.log(noise);
      return [1, 2, 3].map((output) => drawOutput(shape, design, theta, 10 * seed + output));
    };
    const noiseIn = (outputs: readonly Float64Array[]): number =>
      Math.exp(fitFromBothSides(shape, DEFAULT_PRIOR, design, outputs, 60).theta[THETA.noise]!);
    expect(noiseIn(drawn(0.3))).toBeGreaterThan(0.1);
    expect(noiseIn(drawn(1e-4))).toBeLessThan(0.01);
    const outputs = drawn(0.3);
    const fromQuietAlone = fitHyperparameters(shape, DEFAULT_PRIOR, design, outputs, 60, DEFAULT_PRIOR.mean);
    expect(fitFromBothSides(shape, DEFAULT_PRIOR, design, outputs, 60).value).toBeLessThanOrEqual(fromQuietAlone.value);
  });
});

describe('the minimiser', () => {
  it('finds the minimum of the Rosenbrock function and stays within bounds', () => {
    const rosenbrock = (x: Float64Array) => {
      const [a, b] = [x[0]!, x[1]!];
      return {
        value: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
        gradient: Float64Array.from([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]),
      };
    };
    const wide = { maxIterations: 300, lower: Float64Array.from([-5, -5]), upper: Float64Array.from([5, 5]) };
    const { x } = minimize(rosenbrock, Float64Array.from([-1.2, 1]), wide);
    expect(x[0]).toBeCloseTo(1, 2);
    expect(x[1]).toBeCloseTo(1, 2);
    const narrow = minimize(rosenbrock, Float64Array.from([-1.2, 1]), { ...wide, upper: Float64Array.from([0.5, 5]) });
    expect(narrow.x[0]).toBeLessThanOrEqual(0.5);
  });
});
