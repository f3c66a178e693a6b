import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/errors.js';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { sharesOf, type Mixture } from '../../../src/domain/mixture.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { quasiRandomMixtures, toSimplex } from '../../../src/policy/methods/quasi-random.js';
import { recommend } from '../../../src/policy/recommend.js';
import { sobolSequence } from '../../../src/policy/methods/sobol-sequence.js';
import { LIMITED, runSweep } from '../run-sweep.js';
import { lossOf, makeSweep } from '../sweeps.js';

const take = (sweep: Sweep, count: number, seed = 1): Float64Array[] => {
  const mixtures: Float64Array[] = [];
  for (const shares of quasiRandomMixtures(sweep, feasibleSet(sweep), seed)) {
    if (mixtures.length === count) break;
    mixtures.push(shares);
  }
  return mixtures;
};

const domainsOf = (count: number, max = 1): Sweep['domains'] =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i}`, { min: 0, max }]));

const meanOf = (points: readonly Float64Array[], f: (x: Float64Array) => number): number =>
  points.reduce((sum, point) => sum + f(point), 0) / points.length;

describe('the map from the cube to the simplex', () => {
  it('has the closed form of a triangle', () => {
    expect(Array.from(toSimplex([0.75, 0.5]))).toEqual([0.5, 0.25, 0.25]);
    expect(Array.from(toSimplex([]))).toEqual([1]);
  });

  it.each([2, 4, 9])('gives the moments of the even distribution over %d shares', (count) => {
    const at = sobolSequence(count - 1, createRng(1));
    const points = Array.from({ length: 4096 }, (_, i) => toSimplex(at(i)));
    for (let i = 0; i < count; i++) {
      expect(meanOf(points, (x) => x[i]!)).toBeCloseTo(1 / count, 3);
      expect(meanOf(points, (x) => x[i]! ** 2)).toBeCloseTo(2 / (count * (count + 1)), 3);
      for (let j = 0; j < i; j++) {
        expect(meanOf(points, (x) => x[i]! * x[j]!)).toBeCloseTo(1 / (count * (count + 1)), 3);
      }
    }
  });
});

describe('quasi-random mixtures', () => {
  it('have a quarter of the error of random ones, or less, in the mean of a product over 5 domains', () => {
    const sweep = makeSweep({ domains: domainsOf(5) });
    const feasible = feasibleSet(sweep);
    const errorOf = (points: readonly Float64Array[]): number => meanOf(points, (x) => x[0]! * x[3]!) - 1 / 30;
    let [even, random] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const rng = createRng(seed);
      even += errorOf(take(sweep, 64, seed)) ** 2;
      random += errorOf(Array.from({ length: 64 }, () => feasible.sample(rng, 1))) ** 2;
    }
    expect(Math.sqrt(even / random)).toBeLessThan(0.25);
  });

  it.each(LIMITED)('keep %s, and are all different', (_, limits) => {
    const sweep = makeSweep(limits);
    const feasible = feasibleSet(sweep);
    const mixtures = take(sweep, 50);
    expect(new Set(mixtures.map((shares) => shares.join())).size).toBe(50);
    for (const shares of mixtures) expect(feasible.contains(shares)).toBe(true);
  });

  it('lie inside, and not on faces alone, however tight the limits are', () => {
    const sweep = makeSweep({ domains: domainsOf(17, 0.07) });
    const feasible = feasibleSet(sweep);
    const mixtures = take(sweep, 40);
    expect(mixtures).toHaveLength(40);
    for (const shares of mixtures) expect(feasible.contains(shares)).toBe(true);
    const inside = mixtures.filter((shares) => shares.every((share) => share > 1e-6 && share < 0.07 - 1e-6));
    expect(inside.length).toBeGreaterThan(10);
  });

  it('are the members of a finite list, each once', () => {
    const mixtures: Mixture[] = [0, 0.25, 0.5, 0.75, 1].map((web) => ({ web, code: 1 - web, books: 0 }));
    const found = take(makeSweep({ mixtures }), 10).map((shares) => shares[0]!);
    expect([...found].sort((a, b) => a - b)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it('are one where the limits leave one', () => {
    const domains = { web: { min: 0.5, max: 0.5 }, code: { min: 0.5, max: 0.5 }, books: { min: 0, max: 0 } };
    expect(take(makeSweep({ domains }), 10).map((shares) => Array.from(shares))).toEqual([[0.5, 0.5, 0]]);
  });
});

describe('the policy sobol', () => {
  const policy = { name: 'sobol' };

  it('runs at the target until the budget is spent, and recommends its best run', () => {
    const sweep = makeSweep({ policy, budget: 1650 });
    const runs = runSweep(sweep);
    expect(runs).toHaveLength(16);
    for (const { scale, steps } of runs) expect([scale, steps]).toEqual(['L', 1000]);
    const best = runs.reduce((a, b) => (lossOf(b.mixture) < lossOf(a.mixture) ? b : a));
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(best.mixture);
  });

  it('goes along one sequence though every decision has its own seed', () => {
    const sweep = makeSweep({ policy, budget: 1650 });
    const shares = runSweep(sweep).map(({ mixture }) => sharesOf(mixture, ['web', 'code', 'books']).join());
    expect(shares).toEqual(take(sweep, 16).map((point) => Array.from(point).join()));
  });

  it('runs elsewhere when told to, and refuses places that there are none of', () => {
    const runs = runSweep(makeSweep({ policy: { name: 'sobol', scale: 'S', steps: 300 }, budget: 3 }));
    expect(runs.map(({ scale, steps }) => [scale, steps])).toEqual(Array.from({ length: 5 }, () => ['S', 300]));
    expect(() => propose(makeSweep({ policy: { ...policy, scale: 'XL' } }), [], { seed: 1 })).toThrow(/policy.scale/);
  });

  it('does nothing with a budget that buys nothing', () => {
    expect(propose(makeSweep({ policy, budget: 99 }), [], { seed: 1 })).toBeNull();
  });

  it('says that it has too few dimensions for forty domains', () => {
    const sweep = makeSweep({ policy, domains: domainsOf(40) });
    expect(() => propose(sweep, [], { seed: 1 })).toThrow(InputError);
    expect(() => propose(sweep, [], { seed: 1 })).toThrow(/at most 37 domains/);
  });
});
