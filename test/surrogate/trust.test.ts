import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import { trustPool } from '../../src/policy/pool.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { trustOf } from '../../src/surrogate/trust.js';
import { lossOf, makeSweep } from '../policy/sweeps.js';

const sweep = makeSweep();
const feasible = feasibleSet(sweep);
const pool = trustPool(sweep, feasible);

const observe = (count: number, scale: string, lossAt: (mixture: Mixture) => number): Observation[] => {
  const rng = createRng(scale.length + count);
  return Array.from({ length: count }, (_, i) => {
    const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
    const metrics = { loss: lossAt(mixture) };
    return { trial: `${scale}${i}`, mixture, scale, steps: 1000, status: 'completed', metrics };
  });
};

const plain = (scale: string) => (mixture: Mixture) => lossOf(mixture, scale);
const reversed = (scale: string) => (mixture: Mixture) => 4 - lossOf(mixture, scale);

const trustAfter = (observations: readonly Observation[], scale: string) => {
  const trust = trustOf(sweep, observations, formBelief(sweep, observations, [])!, pool);
  return trust.find(({ scale: name }) => name === scale)!;
};

describe('trust in a scale', () => {
  it('lies within its interval, which is within [-1, 1]', () => {
    for (const runs of [
      observe(3, 'S', plain('S')),
      [...observe(8, 'S', plain('S')), ...observe(3, 'L', plain('L'))],
    ]) {
      const { correlation, interval } = trustAfter(runs, 'S');
      const [low, high] = interval!;
      expect(-1 <= low && low <= correlation && correlation <= high && high <= 1).toBe(true);
      expect(high - low).toBeGreaterThan(0);
    }
  });

  it('leaves the sign open while nothing was seen at the target', () => {
    const [low, high] = trustAfter(observe(15, 'S', plain('S')), 'S').interval!;
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0.5);
  });

  it('narrows with runs at both, to a positive interval where the scales rank alike', () => {
    const small = observe(15, 'S', plain('S'));
    const before = trustAfter(small, 'S').interval!;
    const after = trustAfter([...small, ...observe(15, 'L', plain('L'))], 'S').interval!;
    expect(after[0]).toBeGreaterThan(0.5);
    expect(after[1] - after[0]).toBeLessThan((before[1] - before[0]) / 4);
  });

  it('is negative as a whole where a scale ranks the other way round', () => {
    const runs = [...observe(15, 'S', reversed('S')), ...observe(15, 'L', plain('L'))];
    const { correlation, interval } = trustAfter(runs, 'S');
    expect(correlation).toBeLessThan(-0.5);
    expect(interval![1]).toBeLessThan(0);
  });

  it('holds the true correlation over the mixtures compared', () => {
    const correlate = (a: number[], b: number[]): number => {
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const [ma, mb] = [mean(a), mean(b)];
      const dot = (x: number[], mx: number, y: number[], my: number) =>
        x.reduce((s, v, i) => s + (v - mx) * (y[i]! - my), 0);
      return dot(a, ma, b, mb) / Math.sqrt(dot(a, ma, a, ma) * dot(b, mb, b, mb));
    };
    const mixtures = pool.slice(0, 16).map((shares) => mixtureOf(shares, feasible.domains));
    const truth = correlate(mixtures.map(plain('S')), mixtures.map(plain('L')));
    const runs = [...observe(15, 'S', plain('S')), ...observe(6, 'L', plain('L'))];
    const [low, high] = trustAfter(runs, 'S').interval!;
    expect(low).toBeLessThanOrEqual(truth);
    expect(high).toBeGreaterThanOrEqual(truth);
  });

  it('is not certain of a scale of as many parameters that sees fewer tokens', () => {
    const [, , large] = sweep.scales;
    const scales = [
      { ...large!, name: 'short', tokensPerStep: 1e4, steps: [1000] },
      { ...large!, steps: [1000] },
    ];
    const twin = { ...sweep, scales };
    const trust = trustOf(twin, [], formBelief(twin, observe(5, 'L', plain('L')), [])!, pool);
    expect(trust.map(({ correlation }) => correlation === 1)).toEqual([false, true]);
  });

  it('is certain of the target itself, and the same when asked again', () => {
    const runs = observe(5, 'L', plain('L'));
    expect(trustAfter(runs, 'L')).toMatchObject({ correlation: 1, interval: [1, 1], runs: 5 });
    expect(trustAfter(runs, 'S')).toEqual(trustAfter(runs, 'S'));
    expect(trustOf(sweep, runs, formBelief({ ...sweep, seed: 2 }, runs, [])!, pool)).toEqual(
      trustOf(sweep, runs, formBelief(sweep, runs, [])!, pool),
    );
  });
});
