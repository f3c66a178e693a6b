import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { sharesOf } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { recommend } from '../../src/policy/recommend.js';
import { lossOf, makeSweep } from './sweeps.js';

const observe = (sweep: Sweep, count: number, scale = 'L'): Observation[] => {
  const feasible = feasibleSet(sweep);
  const rng = createRng(3);
  const sign = sweep.objective.direction === 'minimize' ? 1 : -1;
  return Array.from({ length: count }, (_, i) => {
    const shares = feasible.sample(rng, 1);
    const mixture = { web: shares[0]!, code: shares[1]!, books: shares[2]! };
    return {
      trial: `t${i}`,
      mixture,
      scale,
      steps: 1000,
      status: 'completed',
      metrics: { loss: sign * lossOf(mixture, scale) },
    };
  });
};

describe('a recommendation', () => {
  it('is the centre with a doubt of 1 when nothing is known', () => {
    const { mixture, mean, sd, nearOptimal } = recommend(makeSweep(), [], { seed: 1 });
    expect(mixture).toEqual({ web: 1 / 3, code: 1 / 3, books: 1 / 3 });
    expect([mean, sd]).toEqual([0, 1]);
    expect(nearOptimal.length).toBeGreaterThan(1);
  });

  it.each([
    ['proportional', { web: 0.5, code: 0.4, books: 0.1 }],
    ['unimax', { web: 0.5, code: 0.3, books: 0.2 }],
  ])('is what %s names beforehand while no run has taught anything', (name, named) => {
    const tokens = { web: 5e7, code: 4e7, books: 1e7 };
    const domains = Object.fromEntries(
      Object.entries(tokens).map(([domain, count]) => [domain, { min: 0, max: 1, tokens: count }]),
    );
    const policy = name === 'unimax' ? { name, epochs: 2 } : { name };
    const sweep = makeSweep({
      domains,
      policy,
      groups: [{ domains: ['code'], min: 0, max: name === 'unimax' ? 0.3 : 1 }],
    });
    const failed: Observation = { trial: 't1', mixture: named, scale: 'L', steps: 1000, status: 'failed', metrics: {} };
    for (const runs of [[], [failed]]) {
      const { mixture, mean, sd, nearOptimal, shareRanges } = recommend(sweep, runs, { seed: 1 });
      expect([mean, sd]).toEqual([0, 1]);
      for (const [domain, share] of Object.entries(named)) expect(mixture[domain]).toBeCloseTo(share, 9);
      expect(nearOptimal[0]!.mixture).toEqual(mixture);
      expect(shareRanges['web']![1]).toBeGreaterThanOrEqual(mixture['web']!);
    }
  });

  it('tells finite figures where results lie a hundred powers of ten apart', () => {
    const results = [
      [{ web: 0.14, code: 0.73, books: 0.13 }, 2.19],
      [{ web: 0.06, code: 0.33, books: 0.61 }, 2.51],
      [{ web: 0.01, code: 0.12, books: 0.87 }, 1.17e6],
      [{ web: 0.38, code: 0.34, books: 0.28 }, 1e95],
    ] as const;
    const runs = results.map(([mixture, loss], i): Observation => {
      return { trial: `t${i}`, mixture, scale: 'L', steps: 1000, status: 'completed', metrics: { loss } };
    });
    const { mean, sd, nearOptimal } = recommend(makeSweep(), runs, { seed: 1 });
    const figures = [{ mean, sd }, ...nearOptimal].flatMap((told) => [told.mean, told.sd]);
    expect(figures.filter((figure) => !Number.isFinite(figure))).toEqual([]);
  });

  it('finds the optimum of a smooth loss and predicts its value', () => {
    const sweep = makeSweep();
    const { mixture, mean, sd } = recommend(sweep, observe(sweep, 20), { seed: 1 });
    const best = lossOf({ web: 0.5, code: 0.3, books: 0.2 });
    expect(lossOf(mixture) - best).toBeLessThan(0.003);
    expect(Math.abs(mean - lossOf(mixture))).toBeLessThan(0.01);
    expect(sd).toBeLessThan(0.05);
  });

  it('says what one run of it would report: the same mean, and the noise of a run beside the doubt', () => {
    const sweep = makeSweep();
    const rng = createRng(8);
    const NOISE = 0.02;
    const report = (loss: number): number => loss + NOISE * rng.normal();
    const noisy = observe(sweep, 30).map((run) => ({ ...run, metrics: { loss: report(run.metrics['loss']!) } }));
    const { mean, sd, expected } = recommend(sweep, noisy, { seed: 1 });
    expect(expected?.mean).toBeCloseTo(mean, 9);
    const noise = Math.sqrt(expected!.sd ** 2 - sd ** 2);
    expect(noise).toBeGreaterThan(NOISE / 1.5);
    expect(noise).toBeLessThan(NOISE * 1.5);
    expect(recommend(sweep, [], { seed: 1 })).not.toHaveProperty('expected');
  });

  it('is the mirror image when the objective is maximised', () => {
    const sweep = makeSweep();
    const mirrored = makeSweep({ objective: { direction: 'maximize', weights: { loss: 1 } } });
    const a = recommend(sweep, observe(sweep, 12), { seed: 1 });
    const b = recommend(mirrored, observe(mirrored, 12), { seed: 1 });
    expect(b.mixture).toEqual(a.mixture);
    expect(b.mean).toBeCloseTo(-a.mean, 9);
  });

  it('goes less far from the centre on what the smallest scale says than on the same values at the target', () => {
    const [small, , target] = makeSweep().scales;
    const withSmallest = (parameters: number): Sweep => makeSweep({ scales: [{ ...small!, parameters }, target!] });
    const corners = ['web', 'code', 'books', 'centre'].map((name, i) => ({
      trial: `t${i}`,
      mixture: name === 'centre' ? { web: 1 / 3, code: 1 / 3, books: 1 / 3 } : { web: 0, code: 0, books: 0, [name]: 1 },
      steps: 1000,
      status: 'completed' as const,
      metrics: { loss: { web: 2, code: 2.3, books: 2.4, centre: 2.2 }[name]! },
    }));
    const from = (scale: string, parameters = 5e6) =>
      recommend(
        withSmallest(parameters),
        corners.map((run) => ({ ...run, scale })),
        { seed: 1 },
      );
    const [far, near, itself] = [from('S'), from('S', 125e6), from('L')];
    expect(itself.mixture['web']).toBeGreaterThan(0.9);
    expect(far.mixture['web']).toBeLessThan(0.5); // a fiftieth of the size
    expect(near.mixture['web']).toBeGreaterThan(0.9); // half of it
    expect(far.sd).toBeGreaterThan(2 * itself.sd);
  });

  it('is the same whatever was asked before it', () => {
    const sweep = makeSweep();
    const runs = observe(sweep, 8);
    const first = recommend(sweep, runs, { seed: 1 });
    recommend(sweep, runs.slice(0, 5), { seed: 1 });
    recommend(makeSweep({ seed: 2 }), observe(sweep, 6, 'S'), { seed: 1 });
    recommend(sweep, observe(sweep, 7), { seed: 1 });
    expect(recommend(sweep, structuredClone(runs), { seed: 1 })).toEqual(first);
  });

  it('keeps every limit, to 1e-9, in the mixture and in the near-optimal set', () => {
    const sweep = makeSweep({
      domains: { web: { min: 0, max: 0.4 }, code: { min: 0.1, max: 0.1 }, books: { min: 0, max: 1 } },
      groups: [{ domains: ['web', 'code'], min: 0, max: 0.45 }],
    });
    const feasible = feasibleSet(sweep);
    const { mixture, nearOptimal } = recommend(sweep, observe(sweep, 10), { seed: 1 });
    for (const found of [mixture, ...nearOptimal.map((near) => near.mixture)]) {
      expect(feasible.contains(sharesOf(found, feasible.domains))).toBe(true);
    }
  });

  it('shows at most eight mixtures, the recommended one among them, and the ranges of their shares', () => {
    const sweep = makeSweep();
    const { mixture, nearOptimal, shareRanges } = recommend(sweep, observe(sweep, 6, 'S'), { seed: 1 });
    expect(nearOptimal.length).toBeLessThanOrEqual(8);
    expect(nearOptimal.map((near) => near.mixture)).toContainEqual(mixture);
    for (const { mixture: near } of nearOptimal) {
      for (const [domain, [low, high]] of Object.entries(shareRanges)) {
        expect(near[domain]).toBeGreaterThanOrEqual(low);
        expect(near[domain]).toBeLessThanOrEqual(high);
      }
    }
  });

  it('doubts more when only small scales were seen', () => {
    const sweep = makeSweep();
    expect(recommend(sweep, observe(sweep, 10, 'S'), { seed: 1 }).sd).toBeGreaterThan(
      3 * recommend(sweep, observe(sweep, 10, 'L'), { seed: 1 }).sd,
    );
  });

  it('keeps a preferred mixture that cannot be told from the best, and drops one that can', () => {
    const sweep = makeSweep();
    const runs = observe(sweep, 6, 'S');
    const best = recommend(sweep, runs, { seed: 1 });
    const alike = best.nearOptimal.at(-1)!.mixture;
    expect(recommend(sweep, runs, { seed: 1, prefer: alike }).mixture).toEqual(alike);
    const certain = observe(sweep, 20);
    const bad = { web: 0, code: 0, books: 1 };
    expect(recommend(sweep, certain, { seed: 1, prefer: bad }).mixture).not.toEqual(bad);
  });

  it('is the best run at the costliest fidelity for policies that keep no belief', () => {
    const sweep = makeSweep({ policy: { name: 'random' } });
    const large = observe(sweep, 4, 'L').map((run) => ({ ...run, trial: `l${run.trial}` }));
    const runs = [...observe(sweep, 8, 'S'), ...large];
    const best = runs.slice(8).reduce((a, b) => (b.metrics['loss']! < a.metrics['loss']! ? b : a));
    const found = recommend(sweep, runs, { seed: 1 });
    expect(found.mixture).toEqual(best.mixture);
    expect(found.sd).toBeGreaterThan(0);
  });

  it('learns that a small scale misleads', () => {
    const sweep = makeSweep();
    const small = observe(sweep, 15, 'S').map((run) => ({ ...run, metrics: { loss: 4 - lossOf(run.mixture) } }));
    const large = observe(sweep, 15, 'L').map((run) => ({ ...run, trial: `l${run.trial}` }));
    const { trust } = recommend(sweep, [...small, ...large], { seed: 1 });
    expect(trust.find(({ scale }) => scale === 'S')!.correlation).toBeLessThan(0);
  });
});
