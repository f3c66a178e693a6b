import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import type { Proposal } from '../../src/domain/decision.js';
import { feasibleSet, type FeasibleSet } from '../../src/domain/feasible-set.js';
import { sharesOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { ALLOWED, bestAtTarget, earlierRuns, LADDERS, ranAs } from './generality-worlds.js';
import { makeSweep } from './sweeps.js';

const TARGET_COST = 100;
const BUDGETS = [0.1, 1, 10, 100].map((runs) => runs * TARGET_COST);

const isAllowed = (feasible: FeasibleSet, mixture: Mixture): boolean => {
  const shares = sharesOf(mixture, feasible.domains);
  return feasible.contains(shares, 1e-9) && Math.abs(shares.reduce((a, b) => a + b, 0) - 1) <= 1e-9;
};

const spentOn = (runs: readonly Observation[]): number => runs.reduce((sum, { cost }) => sum + cost!, 0);

const sameMixture = (a: Mixture, b: Mixture): boolean =>
  Object.entries(a).every(([domain, share]) => Math.abs(share - b[domain]!) < 1e-6);

/** What every proposal must be: allowed, listed, paid for, new, and charged for what it adds to an earlier run. */
const checkProposal = (sweep: Sweep, feasible: FeasibleSet, runs: readonly Observation[], next: Proposal): void => {
  const { mixture, scale, steps, cost, continues } = next;
  expect(isAllowed(feasible, mixture)).toBe(true);
  expect(sweep.scales.find(({ name }) => name === scale)!.steps).toContain(steps);
  expect(spentOn(runs) + cost).toBeLessThanOrEqual(sweep.budget * (1 + 1e-8));
  const alike = runs.filter((run) => run.scale === scale && sameMixture(run.mixture, mixture));
  for (const run of alike) expect(run.steps).toBeLessThan(steps);
  const source = alike.find(({ trial }) => trial === continues);
  expect(source === undefined).toBe(continues === undefined);
  expect(cost).toBeCloseTo(costOf(sweep, next, source?.steps ?? 0), 9);
  if (sweep.runs !== undefined) {
    const row = sweep.mixtures!.findIndex((member) => sameMixture(member, mixture));
    expect(sweep.runs).toContainEqual({ mixture: row, scale, steps });
  }
};

const checkRecommendation = (sweep: Sweep, feasible: FeasibleSet, runs: readonly Observation[]): void => {
  const { mixture, mean, sd, nearOptimal } = recommend(sweep, runs, { seed: 1 });
  for (const found of [mixture, ...nearOptimal.map((near) => near.mixture)])
    expect(isAllowed(feasible, found)).toBe(true);
  expect(Number.isFinite(mean) && sd >= 0 && Number.isFinite(sd)).toBe(true);
};

/** Proposes and runs until the policy stops; checks every proposal. */
const play = (sweep: Sweep, limit: number): Observation[] => {
  const feasible = feasibleSet(sweep);
  const runs: Observation[] = [];
  while (runs.length < limit) {
    const next = propose(sweep, runs, { seed: 1 });
    if (next === null) break;
    checkProposal(sweep, feasible, runs, next);
    runs.push(ranAs(sweep, next, `t${runs.length}`));
  }
  return runs;
};

const cheapestRun = (sweep: Sweep): number =>
  Math.min(...sweep.scales.map(({ name, steps }) => costOf(sweep, { scale: name, steps: steps[0]! })));

describe.each(Object.keys(ALLOWED))('titrate over %s', (kind) => {
  const limits = ALLOWED[kind]!;
  const isFinite = limits.mixtures !== undefined || kind === 'nothing free';

  it('goes on from any runs, at any scales and budget, within all limits', () => {
    const [ladders, budgets, counts] = [Object.keys(LADDERS), BUDGETS, [0, 1, 4, 12]];
    const any = fc.tuple(
      fc.constantFrom(...ladders),
      fc.constantFrom(...budgets),
      fc.constantFrom(...counts),
      fc.nat(1e6),
    );
    fc.assert(
      fc.property(any, ([ladder, budget, count, seed]) => {
        const sweep = makeSweep({ ...limits, ...LADDERS[ladder], budget });
        const feasible = feasibleSet(sweep);
        const runs = earlierRuns(sweep, feasible, count, seed);
        const next = propose(sweep, runs, { seed });
        if (next !== null) checkProposal(sweep, feasible, runs, next);
        else if (!isFinite) expect(sweep.budget - spentOn(runs)).toBeLessThan(cheapestRun(sweep));
        checkRecommendation(sweep, feasible, runs);
      }),
      { numRuns: 3 },
    );
  });

  it('buys what a tenth of a target run buys, and recommends from it', () => {
    const sweep = makeSweep({ ...limits, budget: TARGET_COST / 10 });
    const runs = play(sweep, 4);
    expect(runs.length).toBeGreaterThan(1);
    checkRecommendation(sweep, feasibleSet(sweep), runs);
  });
});

describe('titrate, where target runs are plentiful,', () => {
  const faces = ['simplex', 'groups', 'epoch caps'] as const;
  it.each(faces)('finds the optimum on a face of %s', (kind) => {
    const sweep = makeSweep({ ...ALLOWED[kind], ...LADDERS['one scale'], budget: 100 * TARGET_COST });
    const runs = play(sweep, 25);
    const feasible = feasibleSet(sweep);
    const found = sharesOf(recommend(sweep, runs, { seed: 1 }).mixture, feasible.domains);
    const best = bestAtTarget(feasible);
    found.forEach((share, i) => expect(Math.abs(share - best[i]!)).toBeLessThan(0.005));
  });
});

describe('titrate, where money is scarce,', () => {
  it('lets nothing lie that buys a run', () => {
    for (const name of ['three scales', 'one scale', 'one run length']) {
      const sweep = makeSweep({ ...ALLOWED['simplex'], ...LADDERS[name], budget: TARGET_COST / 10 });
      const runs = play(sweep, 20);
      expect(sweep.budget - spentOn(runs)).toBeLessThan(cheapestRun(sweep));
    }
  });

  it('pays for the rest of a run alone where it goes on', () => {
    const sweep = makeSweep({ ...ALLOWED['nothing free'], budget: TARGET_COST });
    const runs = play(sweep, 10);
    const later = runs.filter(({ continues }) => continues !== undefined);
    expect(later.length).toBeGreaterThan(0);
    for (const run of later) expect(run.cost).toBeLessThan(costOf(sweep, run));
  });
});
