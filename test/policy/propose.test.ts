import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/domain/decision.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { massMoved, mixtureOf, sharesOf, type Mixture } from '../../src/domain/mixture.js';
import { retractedRun, type Observation, type PendingTrial } from '../../src/domain/observation.js';
import { POLICY_NAMES } from '../../src/domain/policy-options.js';
import { createRng } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { startTrials } from './run-sweep.js';
import { lossOf, makeSweep, runOf } from './sweeps.js';

/** Proposes and runs until the policy stops, at most `limit` times. */
const runAll = (sweep: Sweep, limit = 30, seed = 1): Observation[] => {
  const observations: Observation[] = [];
  while (observations.length < limit) {
    const proposal = propose(sweep, observations, { seed });
    if (proposal === null) break;
    observations.push(runOf(sweep, proposal, `t${observations.length + 1}`));
  }
  return observations;
};

const spentOn = (runs: readonly Observation[]): number => runs.reduce((sum, { cost }) => sum + cost!, 0);
const keyOf = ({ mixture, scale, steps }: PendingTrial): string => `${JSON.stringify(mixture)}|${scale}|${steps}`;

/** Policies with a number of runs of their own, however large the budget. */
const OWN_RUNS: readonly string[] = [
  'proportional',
  'unimax',
  'utilimax',
  'log-linear',
  'data-mixing-laws',
  'bimix',
  'autoscale',
];

/** Options of policies that else would still be about their first runs. */
const FEW_FIRST: Readonly<Record<string, object>> = { 'mfms-ei': { initial: 4 } };

/** A sweep of the policy, which says all that any policy needs to know. */
const sweepOf = (name: string, changes: Partial<Sweep> = {}): Sweep => {
  const sweep = makeSweep({ policy: { name }, maxEpochs: 4, ...changes });
  const domains = Object.entries(sweep.domains).map(([domain, limits], i) => [
    domain,
    { ...limits, tokens: 1e9 / 2 ** i },
  ]);
  return { ...sweep, domains: Object.fromEntries(domains) as Sweep['domains'] };
};

describe('a run whose result was taken back', () => {
  it('may be bought again, and its checkpoint is not gone on from', () => {
    const sweep = sweepOf('titrate');
    const first = runAll(sweep, 1)[0]!;
    const again = propose(sweep, [{ ...first, status: 'retracted' }], { seed: 1 });
    expect(again).toMatchObject({ mixture: first.mixture, scale: first.scale, steps: first.steps });
    expect(again).not.toHaveProperty('continues');
    const other = propose(sweep, [{ ...first, status: 'abandoned', metrics: {}, curve: [] }], { seed: 1 });
    expect(other?.mixture).not.toEqual(first.mixture);
  });

  it('is made again where it was a turn of the policy: a test, a promotion, one of the first runs', () => {
    const sweep = sweepOf('titrate');
    const runs = runAll(sweep, 15);
    const tested = propose(sweep, runs.slice(0, 14), { seed: 1 })!;
    expect(tested.explanation.phase).toBe('test-recommendation');
    const untested = runs.with(14, retractedRun(runs[14]!));
    expect(propose(sweep, untested, { seed: 1 })?.explanation.phase).toBe('test-recommendation');
    for (const name of ['asha', 'single-fidelity-gp']) {
      const rich = sweepOf(name, { budget: 5000 });
      const made = runAll(rich, 5); // the fifth is a promotion, and the first one that is no opening
      const lost = name === 'asha' ? 4 : 3;
      const { explanation: before, ...run } = propose(rich, made.slice(0, lost), { seed: 2 })!;
      const all = made.slice(0, lost + 1).with(lost, retractedRun(made[lost]!));
      const { explanation, ...again } = propose(rich, all, { seed: 2 })!;
      expect([again, explanation.phase]).toEqual([run, before.phase]);
    }
  });
});

describe.each(POLICY_NAMES)('the policy %s', (name) => {
  it('stays within the budget less the reserve for confirmation, and spends most of it', () => {
    const sweep = sweepOf(name, { budget: 450, confirm: 1 });
    const runs = runAll(sweep);
    expect(spentOn(runs)).toBeLessThanOrEqual(350 + 1e-9);
    expect(spentOn(runs)).toBeGreaterThan(runs.length === 30 || OWN_RUNS.includes(name) ? 0 : 250);
  });

  it('runs only allowed mixtures, at fidelities of the sweep, and none twice', () => {
    const sweep = sweepOf(name, {
      domains: { web: { min: 0.1, max: 0.6 }, code: { min: 0, max: 0.5 }, books: { min: 0.15, max: 1 } },
    });
    const feasible = feasibleSet(sweep);
    const runs = runAll(sweep, 18);
    for (const { mixture, scale, steps } of runs) {
      expect(feasible.contains(sharesOf(mixture, feasible.domains))).toBe(true);
      expect(sweep.scales.find((candidate) => candidate.name === scale)!.steps).toContain(steps);
    }
    expect(new Set(runs.map(keyOf)).size).toBe(runs.length);
  });

  it('buys no run at the target’s scale that is longer than the target', () => {
    const { scales } = makeSweep();
    const own = {
      cost: { kind: 'table', unit: 'units', perStep: { L: 0.1 } },
      policy: { name, ...FEW_FIRST[name] },
    } as const;
    const sweep = sweepOf(name, { scales: scales.slice(2), target: { scale: 'L', steps: 300 }, ...own });
    for (const { steps } of runAll(sweep, 12)) expect(steps).toBeLessThanOrEqual(300);
  });

  it('recommends from what is left when a result was taken back, and goes on', () => {
    const sweep = sweepOf(name);
    const runs = runAll(sweep, 16);
    const at = Math.floor(runs.length / 2);
    const wild = runs.with(at, { ...runs[at]!, metrics: { loss: -50 }, curve: [] });
    const retracted = wild.with(at, { ...wild[at]!, status: 'retracted' });
    const left = recommend(sweep, runs.toSpliced(at, 1), { seed: 5 });
    const { mixture, mean, sd } = recommend(sweep, retracted, { seed: 5 });
    expect({ mixture, mean, sd }).toEqual({ mixture: left.mixture, mean: left.mean, sd: left.sd });
    const paid = { ...sweep, budget: sweep.budget + spentOn(runs) };
    const next = propose(paid, retracted, { seed: 5 });
    expect(next?.continues).not.toBe(runs[at]!.trial);
  });

  it('gives the same proposal for the same input, bit for bit', () => {
    const sweep = sweepOf(name);
    const runs = runAll(sweep, 16);
    const once = JSON.stringify(propose(sweep, runs, { seed: 5 }));
    expect(JSON.stringify(propose(sweep, structuredClone(runs), { seed: 5 }))).toBe(once);
  });

  it('never proposes what is pending, and counts its cost', () => {
    const sweep = sweepOf(name, { budget: 700 });
    const runs = OWN_RUNS.includes(name) ? [] : runAll(sweep, 4);
    const pending = startTrials(sweep, runs, [], 10);
    const all = [...runs, ...pending];
    expect(pending.length).toBeGreaterThan(OWN_RUNS.includes(name) ? 0 : 1);
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
    expect(spentOn(runs) + pending.reduce((sum, { cost }) => sum + cost!, 0)).toBeLessThanOrEqual(700 + 1e-6);
  });

  it('runs every row of a finite list at most once and then stops', () => {
    const mixtures: Mixture[] = [
      { web: 1, code: 0, books: 0 },
      { web: 0.5, code: 0.3, books: 0.2 },
      { web: 0.2, code: 0.2, books: 0.6 },
    ];
    const scales = makeSweep().scales.map((scale) => ({ ...scale, steps: [1000] }));
    const sweep = sweepOf(name, { mixtures, scales, budget: 1e5 });
    const runs = runAll(sweep);
    expect(runs.length).toBeLessThanOrEqual(9);
    for (const { mixture } of runs) expect(mixtures.some((row) => massMoved(row, mixture) < 1e-9)).toBe(true);
    expect(propose(sweep, runs, { seed: 1 })).toBeNull();
  });

  it('refuses options that it does not know', () => {
    expect(() => propose(sweepOf(name, { policy: { name, colour: 'red' } }), [], { seed: 1 })).toThrow(/colour/);
  });

  it('explains itself in plain JSON of a few kilobytes', () => {
    const sweep = sweepOf(name, { budget: 1e4 });
    const proposal = propose(sweep, OWN_RUNS.includes(name) ? [] : runAll(sweep, 18), { seed: 1 })!;
    const text = JSON.stringify(proposal.explanation);
    expect(JSON.parse(text)).toEqual(proposal.explanation);
    expect(text.length).toBeLessThan(6144);
    expect(proposal.explanation.policy).toBe(name);
    expect(proposal.explanation.reason).toMatch(/\.$/);
  });
});

describe('titrate', () => {
  it('beats random search at the same budget on a world whose small scales are biased', () => {
    const best = lossOf({ web: 0.5, code: 0.3, books: 0.2 });
    const regret = (name: string): number => {
      const sweep = makeSweep({ policy: { name } });
      return lossOf(recommend(sweep, runAll(sweep), { seed: 1 }).mixture) - best;
    };
    expect(regret('titrate')).toBeLessThan(0.2 * regret('random'));
  });

  it('counts what is in flight in the choice, but shows and trusts what runs have said alone', () => {
    const sweep = makeSweep({ budget: 2000 });
    const feasible = feasibleSet(sweep);
    const rng = createRng(3);
    const runs = Array.from({ length: 24 }, (_, i) => {
      const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
      return runOf(sweep, { mixture, scale: i < 12 ? 'S' : 'M', steps: 1000, cost: i < 12 ? 2 : 12 }, `t${i}`);
    });
    const decide = (pending: readonly PendingTrial[]): Explanation =>
      propose(sweep, runs, { seed: 1, pending })!.explanation;
    const alone = decide([]);
    const { mixture } = alone.incumbent!;
    const pending = [mixture, { web: 0, code: 1, books: 0 }].map((shares, i) => ({
      trial: `p${i}`,
      mixture: shares,
      ...sweep.target,
      cost: 100,
    }));
    const beside = decide(pending);
    expect(beside.considered).not.toEqual(alone.considered);
    expect(beside.trust).toEqual(alone.trust);
    expect(massMoved(beside.incumbent!.mixture, mixture)).toBeLessThan(1e-3);
    expect(beside.incumbent!.sd).toBeCloseTo(alone.incumbent!.sd, 6);
    expect(beside.incumbent!.sd).toBeGreaterThan(0.01);
  });

  it('goes on from a shorter run at the price of the difference', () => {
    const mixtures: Mixture[] = [
      { web: 0.5, code: 0.3, books: 0.2 },
      { web: 0.45, code: 0.35, books: 0.2 },
      { web: 0.5, code: 0.25, books: 0.25 },
    ];
    const sweep = makeSweep({ mixtures, budget: 2000 });
    const runs = mixtures.map((mixture, i): Observation => {
      const metrics = { loss: lossOf(mixture, 'L', 300) };
      return { trial: `r${i}`, mixture, scale: 'L', steps: 300, status: 'completed', metrics, cost: 30 };
    });
    const opened = [...runAll(sweep, 6), ...runs];
    const proposal = propose(sweep, opened, { seed: 1 })!;
    expect([proposal.scale, proposal.steps, proposal.cost]).toEqual(['L', 1000, 70]);
    const source = runs.find(({ trial }) => trial === proposal.continues)!;
    expect(proposal.mixture).toEqual(source.mixture);
    // Once promised to another trial, a checkpoint is not gone on from again.
    const { mixture, scale, steps, continues } = proposal;
    const pending = [{ trial: 'p', mixture, scale, steps, continues: continues! }];
    expect(propose(sweep, opened, { seed: 1, pending })?.continues).not.toBe(continues);
  });

  it('tests its recommendation before it stops, however certain', () => {
    const mixtures = [
      { web: 0.5, code: 0.3, books: 0.2 },
      { web: 0, code: 0, books: 1 },
    ];
    const runs = runAll(makeSweep({ mixtures, budget: 2000 }));
    expect(runs.filter(({ scale, steps }) => scale === 'L' && steps === 1000)).toContainEqual(
      expect.objectContaining({ mixture: mixtures[0] }),
    );
  });

  it.each([12, 60, 5000])('opens within two fifths of a budget of %d', (budget) => {
    const sweep = makeSweep({ budget });
    let opening = 0;
    const observations: Observation[] = [];
    for (;;) {
      const proposal = propose(sweep, observations, { seed: 1 });
      if (proposal?.explanation.phase !== 'opening') break;
      opening += proposal.cost;
      observations.push(runOf(sweep, proposal, `t${observations.length}`));
    }
    expect(observations.length).toBeGreaterThan(0);
    expect(opening).toBeLessThanOrEqual(0.4 * budget + 1e-9);
  });

  it('works with one scale and one length', () => {
    const scales = [{ name: 'L', parameters: 250e6, tokensPerStep: 1e5, steps: [1000] }];
    const sweep = makeSweep({ scales, budget: 1000 });
    const runs = runAll(sweep);
    expect(runs).toHaveLength(10);
    expect(
      lossOf(recommend(sweep, runs, { seed: 1 }).mixture) - lossOf({ web: 0.5, code: 0.3, books: 0.2 }),
    ).toBeLessThan(0.02);
  });

  it.each([100, 300])('runs nothing beyond a target of %i steps at its scale, and tests there', (steps) => {
    const sweep = makeSweep({ target: { scale: 'L', steps } });
    const runs = runAll(sweep, 40);
    const atTargetScale = runs.filter(({ scale }) => scale === 'L');
    expect(atTargetScale.length).toBeGreaterThan(1);
    for (const run of atTargetScale) expect(run.steps).toBeLessThanOrEqual(steps);
    const { mixture } = recommend(sweep, runs, { seed: 1 });
    const atTarget = runs.filter((run) => run.scale === 'L' && run.steps === steps);
    expect(Math.min(...atTarget.map((run) => massMoved(run.mixture, mixture)))).toBeLessThan(0.05);
    expect(lossOf(mixture) - lossOf({ web: 0.5, code: 0.3, books: 0.2 })).toBeLessThan(0.001);
  });

  it('works with seventeen domains', () => {
    const domains = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`d${i}`, { min: 0, max: 1 }]));
    const sweep = makeSweep({ domains, budget: 200 });
    const observations: Observation[] = [];
    for (let i = 0; i < 45; i++) {
      const proposal = propose(sweep, observations, { seed: 1 });
      if (proposal === null) break;
      const loss = 3 - proposal.mixture['d3']! + 0.1 * proposal.mixture['d5']!;
      observations.push({ ...runOf(sweep, proposal, `t${i}`), curve: [], metrics: { loss } });
    }
    expect(spentOn(observations)).toBeLessThanOrEqual(200 + 1e-9);
    expect(recommend(sweep, observations, { seed: 1 }).mixture['d3']).toBeGreaterThan(0.9);
  });

  it('does not propose a failed run again and keeps away from a diverged one', () => {
    const sweep = makeSweep();
    const runs = runAll(sweep, 10);
    const failing = propose(sweep, runs, { seed: 1 })!;
    const { mixture, scale, steps } = failing;
    const after = propose(sweep, [...runs, { trial: 'f', mixture, scale, steps, status: 'failed', metrics: {} }], {
      seed: 1,
    })!;
    expect(keyOf(after)).not.toBe(keyOf(failing));
    const before = recommend(sweep, runs, { seed: 1 });
    const diverged: Observation = {
      trial: 'd',
      mixture: before.mixture,
      scale: 'L',
      steps: 1000,
      status: 'diverged',
      metrics: {},
    };
    expect(massMoved(recommend(sweep, [...runs, diverged], { seed: 1 }).mixture, before.mixture)).toBeGreaterThan(0.05);
  });

  it('goes on when every run has failed', () => {
    const sweep = makeSweep({ budget: 20 });
    const observations: Observation[] = [];
    for (let i = 0; i < 40; i++) {
      const proposal = propose(sweep, observations, { seed: 1 });
      if (proposal === null) break;
      observations.push({ ...runOf(sweep, proposal, `t${i}`), status: 'failed', metrics: {}, curve: [] });
    }
    expect(spentOn(observations)).toBeLessThanOrEqual(20 + 1e-9);
    expect(observations.length).toBeGreaterThan(8);
  });

  it('states what it considered, left out and trusts once it searches', () => {
    const sweep = makeSweep();
    const runs = runAll(sweep).slice(0, -1);
    const { explanation, scale, steps } = propose(sweep, runs, { seed: 1 })!;
    expect(explanation.phase).not.toBe('opening');
    expect(explanation.considered.length).toBeGreaterThan(0);
    expect(explanation.considered.map((c) => `${c.scale}@${c.steps}`)).toContain(`${scale}@${steps}`);
    const looked = [...explanation.excluded, ...explanation.considered].map((c) => `${c.scale}@${c.steps}`);
    // Two lengths of three scales, and a short one of those that are guides; what a rule forbids is in both lists.
    expect([...new Set(looked)].sort()).toEqual([
      'L@1000',
      'L@300',
      'M@100',
      'M@1000',
      'M@300',
      'S@100',
      'S@1000',
      'S@300',
    ]);
    expect(explanation.trust.map((trust) => trust.scale)).toEqual(['S', 'M', 'L']);
    expect(explanation.trust.at(-1)!.correlation).toBeCloseTo(1, 6);
    expect(explanation.committed).toBeCloseTo(spentOn(runs), 6);
  });

  it('leaves a budget that buys nothing alone', () => {
    expect(propose(makeSweep({ budget: 0.01 }), [], { seed: 1 })).toBeNull();
  });

  it('keeps to any budget', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 150, noNaN: true }), fc.integer({ min: 0, max: 1 }), (budget, confirm) => {
        const runs = runAll(makeSweep({ budget, confirm }), 15);
        expect(spentOn(runs)).toBeLessThanOrEqual(Math.max(0, budget - 100 * confirm) * (1 + 1e-8));
      }),
      { numRuns: 3 },
    );
  });
});
