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

  it('names the losses it has', () => {
    expect(() => open('regmix-hellaswag')).toThrow(/pile_cc/);
  });
});
