import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import { regretOf, sweepOf, targetCostOf } from '../../bench/arena.js';
import { openProblem } from '../../bench/worlds.js';
import { referenceFolder } from './reference-folder.js';

describe.skipIf(referenceFolder === undefined)('the replay of RegMix', () => {
  const open = (name: string) => openProblem(name, { reference: referenceFolder!, seed: 1, noise: 0 });

  it('knows 832 mixtures, 1088 runs and 64 at the target', () => {
    const { allowed } = open('regmix-pile_cc').arena;
    expect(allowed?.mixtures).toHaveLength(832);
    expect(allowed?.runs).toHaveLength(1088);
    expect(allowed?.runs?.filter(({ scale }) => scale === '1B')).toHaveLength(64);
  });

  it('ranks the mixtures run at the target from 0 to the median 1, and knows no other', () => {
    const problem = open('regmix-mean');
    const { arena, objective } = problem;
    const feasible = feasibleSet(sweepOf(arena, objective, { policy: 'random', budget: 1, seed: 1 }));
    const regrets = feasible.list!.map((shares) => regretOf(problem, mixtureOf(shares, arena.domains)));
    const known = regrets.filter((regret) => !Number.isNaN(regret)).sort((a, b) => a - b);
    expect(known).toHaveLength(64);
    expect(known[0]).toBe(0);
    expect((known[31]! + known[32]!) / 2).toBeCloseTo(1, 9);
  });

  it('charges by FLOP, 196 for a target run', () => {
    const { arena } = open('regmix-pile_cc');
    expect(targetCostOf(arena)).toBeCloseTo(196, 9);
    expect(1000 * arena.perStep['60M']!).toBeCloseTo((196 * 60e6 * 1e9) / (1e9 * 25e9), 9);
  });

  it('has, with 60M as the target, 256 mixtures to choose from, all of them run at 1M too', () => {
    const { arena } = open('regmix60-pile_cc');
    const mixturesAt = (size: string): Set<string> =>
      new Set(arena.allowed!.runs!.filter(({ scale }) => scale === size).map(({ mixture }) => JSON.stringify(mixture)));
    const [small, target] = [mixturesAt('1M'), mixturesAt('60M')];
    expect([small.size, target.size]).toEqual([768, 256]);
    expect([...target].every((mixture) => small.has(mixture))).toBe(true);
    expect(targetCostOf(arena)).toBeCloseTo(196, 9);
    expect(1000 * arena.perStep['1M']!).toBeCloseTo(196 / 60, 9);
  });

  it('names the losses it has', () => {
    expect(() => open('regmix-hellaswag')).toThrow(/pile_cc/);
  });
});
