import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { mixtureOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation, PendingTrial } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { planOpening, type Tier } from '../../src/policy/opening.js';
import { propose } from '../../src/policy/propose.js';
import { makeSweep } from './sweeps.js';

const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `d${i}`);
const sweepOver = (domains: number, changes: Partial<Sweep> = {}): Sweep =>
  makeSweep({
    domains: Object.fromEntries(named(domains).map((name) => [name, { min: 0, max: 1 }])),
    budget: 2000,
    ...changes,
  });
/** Nine domains, and a scale between the cheapest and the middle one. */
const sweepOfFourScales = (): Sweep =>
  sweepOver(9, {
    scales: [10e6, 20e6, 50e6, 250e6].map((parameters) => ({
      name: `${parameters / 1e6}M`,
      parameters,
      tokensPerStep: 1e5,
      steps: [100, 300, 1000],
    })),
    target: { scale: '250M', steps: 1000 },
    cost: { kind: 'table', unit: 'units', perStep: { '10M': 0.002, '20M': 0.004, '50M': 0.012, '250M': 0.1 } },
  });
const plan = (sweep: Sweep, observations: readonly Observation[] = [], pending: readonly PendingTrial[] = []): Tier[] =>
  planOpening({ sweep, feasible: feasibleSet(sweep), observations, pending });

// Rank of the domain that a corner is made of: d3 is best, then d4, d5, ..., d0, d1, d2.
const lossOf = (mixture: Mixture, domains: number): number =>
  Object.entries(mixture).reduce(
    (sum, [name, share]) => sum + share * ((Number(name.slice(1)) + domains - 3) % domains),
    0,
  );
const observe = (sweep: Sweep, tier: Tier): Observation[] => {
  const names = Object.keys(sweep.domains);
  return tier.mixtures.map((shares, i) => {
    const mixture = mixtureOf(shares, names);
    const metrics = { loss: lossOf(mixture, names.length) };
    const { scale, steps } = tier;
    return {
      trial: `t${i}`,
      mixture,
      scale,
      steps,
      status: 'completed',
      metrics,
      curve: [],
      cost: costOf(sweep, tier),
    };
  });
};
/** The domains that a tier's corners are made of; `centre` for the centre, `half` for what lies between. */
const kinds = ({ mixtures }: Tier): string[] =>
  mixtures.map((shares) => {
    const most = Math.max(...shares);
    if (most > 0.999) return `d${shares.indexOf(most)}`;
    return most - Math.min(...shares) < 1e-9 ? 'centre' : 'half';
  });
const names = (tiers: readonly Tier[]): string[] => tiers.map(({ scale, mixtures }) => `${scale} ${mixtures.length}`);

describe('the opening', () => {
  it('asks a larger scale about all corners where they are few', () => {
    const [corners, middle, ...rest] = plan(sweepOver(5));
    expect(kinds(corners!)).toEqual(['centre', ...named(5)]);
    expect(kinds(middle!)).toEqual(kinds(corners!));
    expect([corners!.scale, middle!.scale]).toEqual(['S', 'M']);
    expect(rest.flatMap(kinds).every((kind) => kind === 'half')).toBe(true);
  });

  it('asks it of many about the centre and those at even ranks of the cheapest scale', () => {
    const sweep = sweepOver(9);
    const [corners] = plan(sweep);
    const [again, middle] = plan(sweep, observe(sweep, corners!));
    expect(again).toEqual(corners);
    expect(kinds(middle!)).toEqual(['centre', 'd3', 'd5', 'd7', 'd0', 'd2']);
  });

  it('ranks a maximised objective the other way round, and puts what failed last', () => {
    const maximised = sweepOver(9, { objective: { direction: 'maximize', weights: { loss: 1 } } });
    const [corners] = plan(maximised);
    expect(kinds(plan(maximised, observe(maximised, corners!))[1]!)).toEqual(['centre', 'd2', 'd0', 'd7', 'd5', 'd3']);
    const sweep = sweepOver(9);
    const failed = observe(sweep, corners!).map((run) =>
      run.mixture['d3'] === 1 ? { ...run, status: 'failed' as const, metrics: {} } : run,
    );
    expect(kinds(plan(sweep, failed)[1]!)).toEqual(['centre', 'd4', 'd6', 'd8', 'd1', 'd3']);
  });

  const inFlight = (runs: readonly Observation[]): PendingTrial[] =>
    runs.map(({ mixture, scale, steps, trial }) => ({ mixture, scale, steps, trial: `p${trial}` }));
  const waiting = (tiers: readonly Tier[]): boolean[] => tiers.map(({ awaits }) => awaits === true);

  it('makes contrasts wait for the corners that they are chosen by, and nothing wait for a few stragglers', () => {
    const sweep = sweepOver(9);
    const runs = observe(sweep, plan(sweep)[0]!);
    expect(names(plan(sweep, runs))).toEqual(['S 10', 'M 6', 'S 9', 'M 9']);
    const withLate = (count: number): boolean[] =>
      waiting(plan(sweep, runs.slice(count), inFlight(runs.slice(0, count))));
    expect(withLate(0)).toEqual([false, false, false, false]);
    expect(withLate(2)).toEqual([false, false, false, false]);
    expect(withLate(3)).toEqual([false, true, false, true]);
  });

  it('makes what comes last wait for the contrasts that it is decided by', () => {
    const sweep = sweepOfFourScales();
    const corners = observe(sweep, plan(sweep)[0]!);
    const contrasts = observe(sweep, plan(sweep, corners)[1]!);
    expect(contrasts).toHaveLength(6);
    const withLate = (count: number): boolean[] =>
      waiting(plan(sweep, [...corners, ...contrasts.slice(count)], inFlight(contrasts.slice(0, count))));
    expect(withLate(1)).toEqual([false, false, false, false, false]);
    expect(withLate(2)).toEqual([false, false, false, true, true]);
  });

  it('holds it back for corners in flight alone, which have no rank yet', () => {
    const sweep = sweepOver(9);
    const runs = observe(sweep, plan(sweep)[0]!);
    const whole = plan(sweep, runs);
    const { scale, steps, mixtures } = whole[2]!;
    const halfWay = mixtureOf(mixtures[0]!, named(9));
    expect(plan(sweep, runs, [{ trial: 't10', mixture: halfWay, scale, steps }])).toEqual(whole);
  });

  it('asks it about fewer where half a target run does not pay for more, and never about fewer than four', () => {
    const costing = (M: number): Sweep =>
      sweepOver(9, { cost: { kind: 'table', unit: 'units', perStep: { S: 0.002, M, L: 0.1 } } });
    const counts = [0.012, 0.025, 0.03, 0.05].map((perStep) => {
      const sweep = costing(perStep);
      return kinds(plan(sweep, observe(sweep, plan(sweep)[0]!))[1]!);
    });
    expect(counts[0]).toHaveLength(6);
    expect(counts[1]).toEqual(['centre', 'd3', 'd6', 'd8', 'd2']);
    expect(counts[2]).toEqual(['centre', 'd3', 'd7', 'd2']);
    expect(counts[3]).toEqual(counts[2]);
  });

  it('asks a second small scale where the first is a guide, and else half-way points of the middle one, of what it does not know first', () => {
    const sweep = sweepOfFourScales();
    const runs = observe(sweep, plan(sweep)[0]!);
    const whole = plan(sweep, runs);
    expect(names(whole)).toEqual(['10M 10', '50M 6', '10M 9', '20M 10', '20M 9']);
    const seen = observe(sweep, whole[1]!);
    expect(plan(sweep, [...runs, ...seen])).toEqual(whole);
    const reversed = seen.map((run) => ({ ...run, metrics: { loss: -run.metrics['loss']! } }));
    expect(plan(sweep, [...runs, ...reversed.slice(0, 2)])).toEqual(whole); // two say nothing
    const unlike = seen.map((run, i) => ({ ...run, metrics: { loss: [3, 4, 1, 5, 2, 1][i]! } }));
    for (const misled of [reversed, unlike]) {
      const tiers = plan(sweep, [...runs, ...misled]);
      expect(tiers.slice(0, 3)).toEqual(whole.slice(0, 3));
      expect(names(tiers.slice(3))).toEqual(['50M 9']);
      const towards = tiers[3]!.mixtures.map((shares) => `d${shares.indexOf(Math.max(...shares))}`);
      const asked = kinds(whole[1]!);
      expect(towards.map((domain) => asked.includes(domain))).toEqual([
        ...Array(4).fill(false),
        ...Array(5).fill(true),
      ]);
    }
  });

  it('cuts contrasts short where checkpoints so early rank corners as the end does, and goes on with them where small scale is no guide', () => {
    const sweep = sweepOfFourScales();
    const lengths = (tiers: readonly Tier[]): string[] =>
      tiers.map(({ scale, steps, mixtures }) => `${scale}@${steps} ${mixtures.length}`);
    const withCurves = (runs: readonly Observation[], early: (loss: number) => number): Observation[] =>
      runs.map((run) => ({
        ...run,
        curve: [
          { steps: 100, metrics: { loss: early(run.metrics['loss']!) } },
          { steps: 300, metrics: run.metrics },
        ],
      }));
    const bare = observe(sweep, plan(sweep)[0]!);
    const usual = ['10M@300 10', '50M@300 6', '10M@300 9', '20M@300 10', '20M@300 9'];
    expect(lengths(plan(sweep, bare))).toEqual(usual); // no checkpoints
    expect(
      lengths(
        plan(
          sweep,
          withCurves(bare, (loss) => (loss === 3 ? 6 : loss)),
        ),
      ),
    ).toEqual(usual);
    const runs = withCurves(bare, (loss) => 1.5 * loss + 1);
    const whole = plan(sweep, runs);
    expect(lengths(whole)).toEqual(usual.with(1, '50M@100 6'));
    expect(whole[1]!.cost).toBeCloseTo(6 * 0.012 * 100, 9);
    const why = 'It is cut short, as 10M ranked corners at 100 steps as it did at 300 (correlation 1.000).';
    expect(whole.map(({ because }) => because)).toEqual([undefined, why, undefined, undefined, undefined]);
    const { scale, steps, explanation } = propose(sweep, runs, { seed: 1 })!;
    expect([scale, steps]).toEqual(['50M', 100]);
    expect(explanation.reason).toContain(why);

    const cut = observe(sweep, whole[1]!);
    expect(plan(sweep, [...runs, ...cut])).toEqual(whole);
    const misled = cut.map((run) => ({ ...run, metrics: { loss: -run.metrics['loss']! } }));
    const tiers = plan(sweep, [...runs, ...misled]);
    expect(lengths(tiers)).toEqual([...lengths(whole.slice(0, 3)), '50M@300 6', '50M@300 9']);
    expect(tiers[3]!.mixtures).toEqual(whole[1]!.mixtures);
    expect(tiers[3]!.cost).toBeCloseTo(6 * 0.012 * 200, 9); // they go on
    const asked =
      '10M is no guide to 50M (correlation -1.00 over the mixtures run at both), so 50M itself is asked about more.';
    expect(tiers.slice(3).map(({ because }) => because)).toEqual([asked, asked]);
  });

  it('asks the target of nothing more where there is no scale between', () => {
    const sweep = sweepOver(9, {
      scales: makeSweep()
        .scales.filter(({ name }) => name !== 'M')
        .map((scale) => ({ ...scale, steps: [100, 1000] })),
    });
    const runs = observe(sweep, plan(sweep)[0]!);
    const whole = plan(sweep, runs);
    expect(names(whole)).toEqual(['S 10', 'L 4', 'S 9']);
    const reversed = observe(sweep, whole[1]!).map((run) => ({ ...run, metrics: { loss: -run.metrics['loss']! } }));
    expect(plan(sweep, [...runs, ...reversed])).toEqual(whole);
  });

  it('asks the scale in the middle about fewer, three at the least, where nothing pays for all', () => {
    const at = (perStep: number): Tier[] => {
      const sweep = sweepOver(5, {
        scales: makeSweep().scales.map((scale) => ({ ...scale, steps: [1000] })),
        cost: { kind: 'table', unit: 'units', perStep: { S: 0.0025, M: perStep, L: 0.1 } },
      });
      return plan(sweep, observe(sweep, plan(sweep)[0]!));
    };
    const tiers = at(0.025); // six corners cost 15 of 100, so that three of 25 can be paid for
    expect(names(tiers)).toEqual(['S 6', 'M 3']);
    expect(kinds(tiers[1]!)).toEqual(['centre', 'd3', 'd2']); // the best and the worst
    expect(names(at(0.03))).toEqual(['S 6', 'S 5']);
  });

  it('stays within its part of the budget, and thins the first tier when that is all there is', () => {
    for (const budget of [1, 3, 10, 50, 100, 500, 5000]) {
      const sweep = sweepOver(17, { budget });
      const tiers = plan(sweep);
      const cost = tiers.reduce((sum, tier) => sum + tier.mixtures.length * costOf(sweep, tier), 0);
      expect(cost).toBeLessThanOrEqual(Math.min(0.4 * budget, 100) + 1e-9);
      if (tiers.length > 0) expect(kinds(tiers[0]!)[0]).toBe('centre');
    }
  });
});
