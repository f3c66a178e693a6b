import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import { createRng } from '../../src/domain/rng.js';
import { regretOf, sweepOf } from '../../bench/arena.js';
import { openProblem } from '../../bench/worlds.js';
import { referenceFolder } from './reference-folder.js';

describe.skipIf(referenceFolder === undefined)('sums of the reference emulator', () => {
  const open = (seed: number) => openProblem('emulator-sum', { reference: referenceFolder!, seed, noise: 0 });

  it('are of two to five metrics, others for every seed, and the same again for the same one', () => {
    const sums = Array.from({ length: 12 }, (_, seed) => open(seed).objective);
    const counts = sums.map(({ weights }) => Object.keys(weights).length);
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([2, 5]);
    expect(new Set(sums.map((sum) => JSON.stringify(sum))).size).toBe(12);
    expect(open(3).objective).toEqual(sums[3]);
  });

  it('give half of random mixtures a regret below 1', () => {
    for (const problem of [open(1), open(2)]) {
      const feasible = feasibleSet(sweepOf(problem.arena, problem.objective, { policy: 'random', budget: 1, seed: 1 }));
      const rng = createRng(99);
      const regrets = Array.from({ length: 400 }, () =>
        regretOf(problem, mixtureOf(feasible.sample(rng, 1), problem.arena.domains)),
      );
      expect(Math.abs(regrets.filter((regret) => regret < 1).length - 200)).toBeLessThan(40); // four standard deviations
      expect(Math.min(...regrets)).toBeGreaterThan(-1e-6);
    }
  });
});
