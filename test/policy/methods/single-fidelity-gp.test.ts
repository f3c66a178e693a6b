import { describe, expect, it } from 'vitest';
import { sharesOf } from '../../../src/domain/mixture.js';
import type { Observation, PendingTrial } from '../../../src/domain/observation.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { expectAllowed, LIMITED, runSweep } from '../run-sweep.js';
import { lossOf, makeSweep, runOf } from '../sweeps.js';

const policy = { name: 'single-fidelity-gp' };
const BEST = lossOf({ web: 0.5, code: 0.3, books: 0.2 });

describe('the policy single-fidelity-gp', () => {
  it('runs at the target alone: one more quasi-random run than domains, then the search', () => {
    const sweep = makeSweep({ policy, budget: 800 });
    const runs: Observation[] = [];
    const phases: string[] = [];
    for (;;) {
      const proposal = propose(sweep, runs, { seed: runs.length });
      if (proposal === null) break;
      phases.push(proposal.explanation.phase);
      runs.push(runOf(sweep, proposal, `t${runs.length}`));
    }
    expect(phases).toEqual([...Array(4).fill('opening'), ...Array(4).fill('search')]);
    for (const { scale, steps } of runs) expect([scale, steps]).toEqual(['L', 1000]);
  });

  it('finds the optimum of a smooth loss in ten runs, a hundred times closer than random search', () => {
    const regret = (name: string): number => {
      const sweep = makeSweep({ policy: { name }, budget: 1000 });
      return lossOf(recommend(sweep, runSweep(sweep), { seed: 1 }).mixture) - BEST;
    };
    expect(regret('single-fidelity-gp')).toBeLessThan(2e-4);
    expect(regret('single-fidelity-gp')).toBeLessThan(0.01 * regret('random'));
  });

  it('recommends the best of its first runs while they are all there is', () => {
    const sweep = makeSweep({ policy });
    const runs = runSweep(sweep, 3);
    const best = runs.reduce((a, b) => (lossOf(b.mixture) < lossOf(a.mixture) ? b : a));
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(best.mixture);
    expect(recommend(sweep, runs.slice(0, 1), { seed: 1 }).mixture).toEqual(runs[0]!.mixture);
  });

  it('finds an optimum on a face', () => {
    const domains = { web: { min: 0, max: 0.3 }, code: { min: 0, max: 1 }, books: { min: 0, max: 1 } };
    const sweep = makeSweep({ policy, budget: 1000, domains });
    const shares = sharesOf(recommend(sweep, runSweep(sweep), { seed: 1 }).mixture, ['web', 'code', 'books']);
    // With web at 0.3, what is over goes evenly to the others: 0.4 and 0.3.
    [0.3, 0.4, 0.3].forEach((share, i) => expect(Math.abs(shares[i]! - share)).toBeLessThan(0.01));
  });

  it.each(LIMITED)('keeps %s', (_, limits) => {
    const sweep = makeSweep({ policy, budget: 700, ...limits });
    const runs = runSweep(sweep);
    expect(runs).toHaveLength(7);
    expectAllowed(sweep, runs);
  });

  it('finds the best member of a list without running all', () => {
    const mixtures = Array.from({ length: 21 }, (_, i) => ({ web: i / 20, code: 1 - i / 20, books: 0 }));
    const sweep = makeSweep({ policy, mixtures, budget: 900 });
    const runs = runSweep(sweep);
    expect(runs).toHaveLength(9);
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual({ web: 0.6, code: 0.4, books: 0 });
  });

  it('keeps apart from what is in flight', () => {
    const sweep = makeSweep({ policy, budget: 2000 });
    const runs = runSweep(sweep, 6);
    const pending: PendingTrial[] = [];
    for (let i = 0; i < 4; i++) pending.push({ ...propose(sweep, runs, { seed: i, pending })!, trial: `p${i}` });
    const keys = pending.map(({ mixture }) => sharesOf(mixture, ['web', 'code', 'books']));
    for (const a of keys) {
      for (const b of keys)
        if (a !== b) expect(Math.hypot(...a.map((share, i) => share - b[i]!))).toBeGreaterThan(0.02);
    }
  });

  it('keeps away from where a run diverged, and goes on when all have failed', () => {
    const sweep = makeSweep({ policy, budget: 2000 });
    const runs = runSweep(sweep, 8);
    const next = propose(sweep, runs, { seed: 1 })!;
    const diverged: Observation = { ...runOf(sweep, next, 'd'), status: 'diverged', metrics: {}, curve: [] };
    const after = propose(sweep, [...runs, diverged], { seed: 1 })!;
    const gap = sharesOf(after.mixture, ['web', 'code', 'books']).map(
      (share, i) => share - Object.values(next.mixture)[i]!,
    );
    expect(Math.hypot(...gap)).toBeGreaterThan(0.05);
    const failed = runs.map((run): Observation => ({ ...run, status: 'failed', metrics: {}, curve: [] }));
    expect(propose(sweep, failed, { seed: 1 })).toMatchObject({ scale: 'L', explanation: { phase: 'opening' } });
  });

  it('turns a maximised objective round', () => {
    const mirrored = makeSweep({ policy, budget: 800, objective: { direction: 'maximize', weights: { loss: 1 } } });
    const sweep = makeSweep({ policy, budget: 800 });
    expect(runSweep(mirrored).map(({ mixture }) => mixture)).toEqual(runSweep(sweep).map(({ mixture }) => mixture));
    const { explanation } = propose(mirrored, runSweep(mirrored, 6), { seed: 1 })!;
    expect(explanation.incumbent!.mean).toBeLessThan(0);
  });

  it('does nothing with a budget that buys nothing, and takes as many first runs as it is told', () => {
    expect(propose(makeSweep({ policy, budget: 99 }), [], { seed: 1 })).toBeNull();
    const sweep = makeSweep({ policy: { ...policy, initial: 2 }, budget: 400 });
    expect(propose(sweep, runSweep(sweep, 2), { seed: 1 })!.explanation.phase).toBe('search');
  });

  it('starts with forty domains too, for which there is no Sobol sequence', () => {
    const domains = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d${i}`, { min: 0, max: 1 }]));
    expect(propose(makeSweep({ policy, domains }), [], { seed: 1 })).toMatchObject({ scale: 'L', steps: 1000 });
  });
});
