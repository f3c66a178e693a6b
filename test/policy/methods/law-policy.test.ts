import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../../src/domain/decision.js';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { isSameMixture, mixtureOf, sharesOf, type Mixture } from '../../../src/domain/mixture.js';
import type { Metrics, Observation, PendingTrial } from '../../../src/domain/observation.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { runIn, runToEnd, type World } from './law-sweeps.js';
import { lossOf, makeSweep } from '../sweeps.js';

const world: World = ([web, code, books], scale, steps) => ({
  loss: lossOf({ web: web!, code: code!, books: books! }, scale, steps),
});
const spentOn = (runs: readonly Observation[]): number => runs.reduce((sum, { cost }) => sum + cost!, 0);
const limited: Partial<Sweep> = {
  domains: {
    web: { min: 0.1, max: 0.6 },
    code: { min: 0, max: 1, tokens: 2e7 },
    books: { min: 0.1, max: 1 },
  },
  maxEpochs: 2, // at most 0.4 of code at the target
  groups: [{ domains: ['web', 'books'], min: 0.65, max: 0.9 }],
};

describe.each(['log-linear', 'data-mixing-laws', 'bimix', 'autoscale'])('the law of %s', (name) => {
  const sweepOf = (changes: Partial<Sweep> = {}): Sweep => makeSweep({ policy: { name }, ...changes });

  it('ends with one run of what it recommends, at the target', () => {
    const sweep = sweepOf();
    const { observations, proposals } = runToEnd(world, sweep);
    const last = proposals.at(-1)!;
    expect([last.scale, last.steps, last.explanation.phase]).toEqual(['L', 1000, 'test-recommendation']);
    expect(last.mixture).toEqual(recommend(sweep, observations, { seed: 1 }).mixture);
    expect(proposals.slice(0, -1).every(({ explanation }) => explanation.phase === 'opening')).toBe(true);
  });

  it('keeps bounds, caps and groups in every run and in what it recommends', () => {
    const sweep = sweepOf(limited);
    const feasible = feasibleSet(sweep);
    const { observations } = runToEnd(world, sweep);
    const { mixture } = recommend(sweep, observations, { seed: 1 });
    for (const found of [mixture, ...observations.map((run) => run.mixture)]) {
      expect(feasible.contains(sharesOf(found, feasible.domains))).toBe(true);
    }
  });

  it('stays on the members of a list', () => {
    const mixtures: Mixture[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7].map((web, i) => {
      const code = (1 - web) * (0.2 + 0.1 * (i % 4));
      return { web, code, books: 1 - web - code };
    });
    const sweep = sweepOf({ mixtures });
    const { observations } = runToEnd(world, sweep);
    const { mixture } = recommend(sweep, observations, { seed: 1 });
    for (const found of [mixture, ...observations.map((run) => run.mixture)]) {
      expect(mixtures.some((row) => isSameMixture(row, found))).toBe(true);
    }
  });

  it('keeps to any budget, down to one that buys nothing', () => {
    expect(propose(sweepOf({ budget: 0.01 }), [], { seed: 1 })).toBeNull();
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2.5, noNaN: true }), fc.integer({ min: 0, max: 1 }), (log, confirm) => {
        const sweep = sweepOf({ budget: 10 ** log, confirm });
        const { observations } = runToEnd(world, sweep);
        expect(spentOn(observations)).toBeLessThanOrEqual(Math.max(0, 10 ** log - 100 * confirm) * (1 + 1e-8));
      }),
      { numRuns: 4 },
    );
  });

  it('recommends the best run it has when these are too few for the law, and the centre when there is none', () => {
    const sweep = sweepOf();
    const one = runIn(world, sweep, propose(sweep, [], { seed: 1 })!, 'a');
    expect(recommend(sweep, [one], { seed: 1 }).mixture).toEqual(one.mixture);
    const failed: Observation = { ...one, status: 'failed', metrics: {}, curve: [] };
    expect(recommend(sweep, [failed], { seed: 1 }).mixture).toEqual({ web: 1 / 3, code: 1 / 3, books: 1 / 3 });
  });

  it('runs its design side by side, and waits for all of it before the solution', () => {
    const sweep = sweepOf({ parallel: 100 });
    const pending: (PendingTrial & { readonly proposal: Proposal })[] = [];
    for (;;) {
      const proposal = propose(sweep, [], { seed: pending.length, pending });
      if (proposal === null) break;
      const { mixture, scale, steps, cost } = proposal;
      pending.push({ trial: `t${pending.length}`, mixture, scale, steps, cost, proposal });
    }
    expect(pending.length).toBeGreaterThan(5);
    const observations = pending.map(({ proposal }, i) => runIn(world, sweep, proposal, `t${i}`));
    const nearly = propose(sweep, observations.slice(0, -1), { seed: 1, pending: pending.slice(-1) });
    expect(nearly?.explanation.phase ?? 'opening').toBe('opening');
    expect(propose(sweep, observations, { seed: 1 })).not.toBeNull();
  });

  it('goes on when runs fail, and ends when all do', () => {
    const sweep = sweepOf();
    const observations: Observation[] = [];
    const states = ['failed', 'completed', 'diverged', 'completed', 'completed'] as const;
    for (;;) {
      const proposal = propose(sweep, observations, { seed: 1 });
      if (proposal === null) break;
      const run = runIn(world, sweep, proposal, `t${observations.length}`);
      const status = states[observations.length % states.length]!;
      observations.push(status === 'completed' ? run : { ...run, status, metrics: {}, curve: [] });
    }
    expect(observations.at(-1)!.scale).toBe('L');
    const allFail: Observation[] = [];
    for (let proposal = propose(sweep, [], { seed: 1 }); proposal !== null;) {
      const run = runIn(world, sweep, proposal, `t${allFail.length}`);
      allFail.push({ ...run, status: 'failed', metrics: {}, curve: [] });
      proposal = propose(sweep, allFail, { seed: 1 });
    }
    expect(allFail.length).toBeLessThan(130);
  });

  it('works where every run is at the target, with one domain less to choose, and without curves', () => {
    const one = makeSweep();
    const sweep = sweepOf({
      domains: { web: { min: 0, max: 1 }, code: { min: 0, max: 1 }, books: { min: 0.2, max: 0.2 } },
      scales: [{ ...one.scales.at(-1)!, steps: [1000] }],
      cost: { kind: 'table', unit: 'units', perStep: { L: 0.1 } },
      budget: 5000,
    });
    const { observations } = runToEnd(world, sweep);
    const { mixture } = recommend(
      sweep,
      observations.map(({ curve: _, ...run }) => run),
      { seed: 1 },
    );
    expect(mixture['books']).toBeCloseTo(0.2, 9);
  });

  it("ends when its design is made at the target's own scale, whose runs pass its checkpoints", () => {
    const policy = { name, ...(name === 'data-mixing-laws' ? { scales: ['L'] } : { scale: 'L' }) };
    const { observations, proposals } = runToEnd(world, sweepOf({ policy, budget: 1e5 }));
    const found = recommend(sweepOf({ policy, budget: 1e5 }), observations, { seed: 1 }).mixture;
    expect(found).toEqual(proposals.at(-1)!.mixture);
    expect(proposals.slice(0, -1).every(({ explanation }) => explanation.phase === 'opening')).toBe(true);
  });

  describe('with imported runs', () => {
    const sweep = sweepOf();
    const { observations, proposals } = runToEnd(world, sweep);
    const design = proposals.slice(0, -1);
    /** Runs as those of the design, of other mixtures. */
    const importedAs = (change: (shares: readonly number[]) => readonly number[]): Observation[] =>
      design.map(({ continues: _, ...run }, i) => {
        const mixture = mixtureOf(
          change(sharesOf(run.mixture, Object.keys(sweep.domains))),
          Object.keys(sweep.domains),
        );
        return { ...runIn(world, sweep, { ...run, mixture, cost: 0 }, `i${i}`), imported: true };
      });
    const boughtAfter = (imported: readonly Observation[], changes: Partial<Sweep> = {}): Proposal[] =>
      runToEnd(world, { ...sweep, ...changes }, 150, imported).proposals;
    const moved = (shares: readonly number[]): number[] => shares.map((share, i) => 0.9 * share + (i === 0 ? 0.1 : 0));
    const withoutBooks = ([web, code]: readonly number[]): number[] => [
      web! / (web! + code!),
      code! / (web! + code!),
      0,
    ];

    it('pays for none of its mixtures again', () => {
      const bought = boughtAfter(
        importedAs((shares) => shares),
        { budget: 101 },
      );
      expect(bought).toHaveLength(1);
      expect(bought[0]!.mixture).toEqual(recommend(sweep, observations, { seed: 1 }).mixture);
    });

    it('fits the mean of several seeds of a mixture', () => {
      const seeds = (shift: number): Observation[] =>
        importedAs(moved).map((run) => {
          const shifted = ({ loss }: Metrics): Metrics => ({ loss: loss! + shift });
          const curve = run.curve!.map(({ steps, metrics }) => ({ steps, metrics: shifted(metrics) }));
          return { ...run, trial: `${run.trial}${shift}`, metrics: shifted(run.metrics), curve };
        });
      const [low, high] = [seeds(-0.25), seeds(0.25)];
      const noisy = low.flatMap((run, i) => (i % 2 === 0 ? [run, high[i]!] : [high[i]!, run]));
      const found = recommend(sweep, noisy, { seed: 1 }).mixture;
      const wanted = recommend(sweep, importedAs(moved), { seed: 1 }).mixture;
      for (const [domain, share] of Object.entries(wanted)) expect(found[domain]).toBeCloseTo(share, 4);
    });

    it('fits them at the fidelities that they have, whatever the budget would buy', () => {
      const poor = { ...sweep, budget: 1 };
      const { mixture } = recommend(
        poor,
        importedAs((shares) => shares),
        { seed: 1 },
      );
      expect(mixture).toEqual(recommend(sweep, observations, { seed: 1 }).mixture);
    });

    it('goes by those of other mixtures where its own are drawn, and keeps the money for the target', () => {
      const bought = boughtAfter(importedAs(moved), { budget: 101 });
      const isTarget = bought.map(({ scale, steps }) => scale === 'L' && steps === 1000);
      expect(isTarget).toEqual(name === 'autoscale' ? isTarget.map(() => false) : [true]);
      expect(bought.length).toBeGreaterThan(0);
    });

    it('makes all of its own where they tell little of a domain, or are few', () => {
      expect(boughtAfter(importedAs(withoutBooks))).toHaveLength(proposals.length);
      expect(boughtAfter(importedAs(moved).slice(0, 2))).toHaveLength(proposals.length);
    });

    it('says how many of the runs that the law is fitted to are imported', () => {
      const [next] = boughtAfter(importedAs(moved).filter((_, i) => i % 2 === 0));
      expect(/, (\d+) of them imported/.test(next!.explanation.reason)).toBe(name !== 'autoscale');
    });
  });

  it('depends on nothing but its input', () => {
    const sweep = sweepOf(limited);
    const { observations } = runToEnd(world, sweep);
    const again = recommend(sweep, structuredClone(observations), { seed: 1 });
    expect(again).toEqual(recommend(sweep, observations, { seed: 1 }));
    const other = propose({ ...sweep, seed: 2 }, [], { seed: 1 })!;
    expect(name === 'autoscale').toBe(isSameMixture(other.mixture, observations[0]!.mixture));
  });
});
