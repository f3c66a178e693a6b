import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import { createRng } from '../../src/domain/rng.js';
import { regretOf, sweepOf, targetCostOf } from '../../bench/arena.js';
import { descend, listExtremes } from '../../src/evidence/extremes.js';
import { autoscaleOutputs, bimixOutputs, quadraticOutputs, type Outputs } from '../../bench/judging-laws.js';
import { openProblem } from '../../bench/worlds.js';

const TARGET = { size: 1e9, steps: 20_000 };
const open = (name: string, seed = 1) => openProblem(name, { seed, noise: 0 });
const simplex = (domains: number) =>
  feasibleSet({
    domains: Object.fromEntries(Array.from({ length: domains }, (_, i) => [`d${i}`, { min: 0, max: 1 }])),
    groups: [],
    scales: [],
    target: { scale: '', steps: 0 },
  });

const massBetween = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, share, i) => sum + Math.abs(share - b[i]!) / 2, 0);

describe('the search for the best mixture', () => {
  it('finds the nearest mixture to a point outside, on its face', () => {
    const feasible = simplex(3);
    const target = [0.8, 0.5, -0.3]; // its projection onto the simplex is (0.65, 0.35, 0)
    const distance = (shares: Float64Array): number => shares.reduce((sum, x, i) => sum + (x - target[i]!) ** 2, 0);
    const { shares } = descend(distance, feasible, feasible.centre);
    [0.65, 0.35, 0].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 3));
  });

  it('ranks a finite list', () => {
    expect(listExtremes([5, 1, 3, 2])).toEqual({ best: 1, median: 2.5 });
  });
});

describe.each<[string, (domains: number, seed: number) => Outputs]>([
  ['BiMix', bimixOutputs],
  ['AutoScale', autoscaleOutputs],
  ['quadratic', quadraticOutputs],
])('the %s law', (_, make) => {
  it('has its optimum where the closed form says, at every fidelity', () => {
    for (const seed of [1, 2]) {
      const law = make(5, seed);
      for (const [size, steps] of [
        [25e6, 2500],
        [TARGET.size, TARGET.steps],
      ] as const) {
        const best = law.optimum(0, size, steps);
        const value = (shares: ArrayLike<number>): number => law.evaluate(shares, size, steps)[0]!;
        expect(best.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const found = descend((shares) => value(shares), simplex(5), Float64Array.from(best));
        expect(value(best) - found.y).toBeLessThan(1e-7);
        const rng = createRng(seed);
        for (let i = 0; i < 20; i++) expect(value(simplex(5).sample(rng, 1))).toBeGreaterThan(value(best));
      }
    }
  });

  it('moves its optimum between the smallest run and the target', () => {
    const moves = [1, 2, 3, 4, 5].map((seed) => {
      const law = make(6, seed);
      return massBetween(law.optimum(0, 25e6, 2500), law.optimum(0, TARGET.size, TARGET.steps));
    });
    expect(moves.toSorted((a, b) => a - b)[2]).toBeGreaterThan(0.1);
  });

  it('gets better with size and with steps', () => {
    const law = make(4, 7);
    const even = [0.25, 0.25, 0.25, 0.25];
    const losses = [
      [25e6, 2500],
      [25e6, 20_000],
      [1e9, 20_000],
    ].map(([size, steps]) => Math.min(...law.evaluate(even, size!, steps!)));
    expect(losses[0]).toBeGreaterThan(losses[1]!);
    expect(losses[1]).toBeGreaterThan(losses[2]!);
  });
});

describe('problems', () => {
  it.each(['bimix5-one', 'autoscale5-one', 'quad5-one'])('%s has the closed form optimum as its best', (name) => {
    const problem = open(name);
    const [, law, count] = /^(\D+)(\d+)/.exec(name)!;
    const make = { bimix: bimixOutputs, autoscale: autoscaleOutputs, quad: quadraticOutputs }[law!]!;
    const best = make(Number(count), 1).optimum(0, TARGET.size, TARGET.steps);
    expect(regretOf(problem, mixtureOf(best, problem.arena.domains))).toBeCloseTo(0, 4);
  });

  it.each(['law5-one', 'bimix5-one', 'bounded7-one'])('%s gives half of random mixtures a regret below 1', (name) => {
    const problem = open(name);
    const feasible = feasibleSet(sweepOf(problem.arena, problem.objective, { policy: 'random', budget: 1, seed: 1 }));
    const rng = createRng(99);
    const regrets = Array.from({ length: 400 }, () =>
      regretOf(problem, mixtureOf(feasible.sample(rng, 1), problem.arena.domains)),
    );
    const below = regrets.filter((regret) => regret < 1).length;
    expect(Math.abs(below - 200)).toBeLessThan(40); // four standard deviations
    expect(Math.min(...regrets)).toBeGreaterThan(-1e-6);
  });

  it('keeps what is called best within the limits', () => {
    const [free, limited] = [open('law7-one'), open('bounded7-one')];
    expect(limited.extremes.best).toBeGreaterThan(free.extremes.best);
    expect(limited.truth(mixtureOf([0, 0, 0, 0, 0, 0, 1], limited.arena.domains))).toBe(
      free.truth(mixtureOf([0, 0, 0, 0, 0, 0, 1], free.arena.domains)),
    );
  });

  it('narrows to one scale and to little money by suffixes', () => {
    const whole = open('bimix5-one');
    const narrow = open('bimix5-one+one-scale+tiny');
    expect(narrow.arena.scales).toEqual([whole.arena.scales.at(-1)]);
    expect(narrow.budget).toBeCloseTo(targetCostOf(whole.arena) / 10, 9);
    expect(narrow.extremes).toEqual(whole.extremes);
    expect(() => open('bimix5-one+short')).toThrow(/one-scale/);
  });

  it('thins the ladder, lengths and mixtures by suffixes, and keeps the target', () => {
    const whole = open('law5-one');
    const scalesOf = (name: string) => open(name).arena.scales;
    const { scales } = whole.arena;
    const target = (list: typeof scales) => [list.at(-1)!.name, list.at(-1)!.steps.at(-1)];
    for (const suffix of ['two-scales', 'three-scales', 'ends', 'own-lengths', 'listed'])
      expect(target(scalesOf(`law5-one+${suffix}`))).toEqual(target(scales));
    expect(scalesOf('law5-one+two-scales').map(({ name }) => name)).toEqual(['25M', '1000M']);
    expect(scalesOf('law5-one+three-scales').map(({ name }) => name)).toEqual(['25M', '250M', '1000M']);
    expect(scalesOf('law5-one+ends').map(({ steps }) => steps)).toEqual(scales.map(() => [20000]));
    expect(scalesOf('law5-one+two-scales+own-lengths').map(({ steps }) => steps.at(-1))).toEqual([500, 20000]);
    const listed = open('law5-one+listed');
    const values = listed.arena.allowed!.mixtures!.map((mixture) => regretOf(listed, mixture));
    expect(values).toHaveLength(64);
    expect(Math.min(...values)).toBe(0);
    expect(values.filter((value) => value < 1)).toHaveLength(32);
  });

  it('charges a tenth of the parameters and a third of the tokens where larger models see more tokens a step', () => {
    const { scales, perStep } = open('autoscale5-one').arena;
    expect(perStep['100M']! / perStep['1000M']!).toBeCloseTo(0.1 * Math.sqrt(0.1), 9);
    expect(scales[2]!.tokensPerStep / scales.at(-1)!.tokensPerStep).toBeCloseTo(Math.sqrt(0.1), 4);
  });

  it('says which names it knows', () => {
    expect(() => open('nonsense')).toThrow(/choice-settings/);
    expect(() => open('built-in:nonsense')).toThrow(/no metric nonsense/);
    expect(() => open('hellaswag')).toThrow(/--reference/);
  });
});
