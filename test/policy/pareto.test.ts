import { describe, expect, it } from 'vitest';
import type { FrontPoint } from '../../src/domain/decision.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { sharesOf, type Mixture } from '../../src/domain/mixture.js';
import type { Metrics, Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { Objective, Sweep } from '../../src/domain/sweep.js';
import { historyOf } from '../../src/policy/history.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { drawTradeOff } from '../../src/policy/trade-off.js';
import { makeSweep } from './sweeps.js';

const DOMAINS = ['web', 'code', 'books'];
// Two bowls, one about each of these: their front is the straight line between the two.
const PROSE_BEST = [0.6, 0.1, 0.3];
const CODE_BEST = [0.2, 0.7, 0.1];

const bowl = (mixture: Mixture, best: readonly number[]): number =>
  sharesOf(mixture, DOMAINS).reduce((sum, share, i) => sum + (share - best[i]!) ** 2, 0);

/** Losses fall with size; the accuracy says what the code loss says, the other way round and in another unit. */
const metricsOf = (mixture: Mixture, scale: string): Metrics => {
  const left = { S: 1.2, M: 0.8, L: 0.5 }[scale] ?? 0;
  const code = bowl(mixture, CODE_BEST);
  return { prose: 2 + left + bowl(mixture, PROSE_BEST), code: 1 + left + code, passed: 60 - 10 * left - 40 * code };
};

const runOf = (mixture: Mixture, scale: string, trial: string, cost?: number): Observation => {
  const run = { trial, mixture, scale, steps: 1000, status: 'completed' as const, metrics: metricsOf(mixture, scale) };
  return cost === undefined ? run : { ...run, cost };
};

const observe = (sweep: Sweep, count: number): Observation[] => {
  const feasible = feasibleSet(sweep);
  const rng = createRng(3);
  return Array.from({ length: count }, (_, i) => {
    const [web, code, books] = feasible.sample(rng, 1);
    return runOf({ web: web!, code: code!, books: books! }, 'L', `t${i}`);
  });
};

const TWO_LOSSES: Objective = { direction: 'minimize', weights: { prose: 1, code: 1 }, pareto: true };
const MIXED: Objective = {
  direction: 'maximize',
  weights: { prose: -1, passed: 1 },
  references: { prose: { zero: 2.5, unit: 1 }, passed: { zero: 50, unit: 40 } },
  pareto: true,
};

/** Where on the way from one optimum to the other a mixture stands (0 to 1), and how far off that way. */
const placeOf = (mixture: Mixture): { along: number; off: number } => {
  const way = CODE_BEST.map((share, i) => share - PROSE_BEST[i]!);
  const from = sharesOf(mixture, DOMAINS).map((share, i) => share - PROSE_BEST[i]!);
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const along = dot(from, way) / dot(way, way);
  return { along, off: Math.sqrt(dot(from, from) - along ** 2 * dot(way, way)) };
};

const dominates = (a: FrontPoint, b: FrontPoint, wanted: Readonly<Record<string, 1 | -1>>): boolean =>
  Object.entries(wanted).every(([metric, sign]) => sign * a.metrics[metric]!.mean <= sign * b.metrics[metric]!.mean) &&
  Object.entries(wanted).some(([metric, sign]) => sign * a.metrics[metric]!.mean < sign * b.metrics[metric]!.mean);

describe.each([
  ['two losses', TWO_LOSSES, { prose: 1, code: 1 }],
  ['a loss and an accuracy', MIXED, { prose: 1, passed: -1 }],
] as const)('the front of %s', (_, objective, wanted) => {
  const sweep = makeSweep({ objective });
  const { front = [], mixture } = recommend(sweep, observe(sweep, 25), { seed: 1 });

  it('lies on the line between the two optima, from end to end', () => {
    const places = front.map((point) => placeOf(point.mixture));
    for (const { off } of places) expect(off).toBeLessThan(0.04);
    const along = places.map(({ along: t }) => t).sort((a, b) => a - b);
    expect(along[0]).toBeLessThan(0.1); // 0.1 of the way costs a hundredth of what the whole way does
    expect(along.at(-1)).toBeGreaterThan(0.9);
    for (let i = 1; i < along.length; i++) expect(along[i]! - along[i - 1]!).toBeLessThan(0.25);
  });

  it('holds no mixture that another is better than in every metric, and few enough to read', () => {
    for (const a of front) for (const b of front) expect(dominates(a, b, wanted)).toBe(false);
    expect(front.length).toBeGreaterThan(5);
    expect(front.length).toBeLessThanOrEqual(12);
  });

  it('gives every metric in its own unit and direction, with an interval', () => {
    for (const { mixture: at, metrics } of front) {
      for (const [metric, { mean, sd }] of Object.entries(metrics)) {
        const unit = metric === 'passed' ? 40 : 1;
        expect(Math.abs(mean - metricsOf(at, 'L')[metric]!) / unit).toBeLessThan(0.01);
        expect(sd).toBeGreaterThan(0);
      }
    }
  });

  it('goes with the compromise that the weights ask for: here half-way', () => {
    const { along, off } = placeOf(mixture);
    expect(Math.abs(along - 0.5)).toBeLessThan(0.08);
    expect(off).toBeLessThan(0.04);
  });
});

describe('a front', () => {
  it('keeps every limit of the sweep and every guard', () => {
    const guards = [{ metric: 'prose', atMost: 2.65, confidence: 0.84 }];
    const domains = { web: { min: 0, max: 0.5 }, code: { min: 0, max: 1 }, books: { min: 0.15, max: 1 } };
    const sweep = makeSweep({ objective: TWO_LOSSES, guards, domains });
    const { front = [] } = recommend(sweep, observe(makeSweep(), 25), { seed: 1 });
    const feasible = feasibleSet(sweep);
    expect(front.length).toBeGreaterThan(3);
    for (const { mixture } of front) {
      expect(feasible.contains(sharesOf(mixture, DOMAINS))).toBe(true);
      expect(metricsOf(mixture, 'L')['prose']).toBeLessThan(2.655);
    }
    // The limit binds: the front goes as far towards code as it lets it.
    expect(Math.max(...front.map(({ mixture }) => metricsOf(mixture, 'L')['prose']!))).toBeGreaterThan(2.62);
  });

  it('is there when asked for alone', () => {
    const sweep = makeSweep({ objective: { direction: 'minimize', weights: { prose: 1, code: 1 } } });
    expect(Object.keys(recommend(sweep, observe(sweep, 6), { seed: 1 }))).not.toContain('front');
  });

  it('of a finite list is what of the list no other beats in both', () => {
    const mixtures = [0, 0.25, 0.5, 0.75, 1].flatMap((t) =>
      [0, 0.03].map((off) => {
        // (-4, -1, 5) is at a right angle to the way between the optima: every second mixture is worse in both.
        const web = PROSE_BEST[0]! + t * (CODE_BEST[0]! - PROSE_BEST[0]!) - 4 * off;
        const code = PROSE_BEST[1]! + t * (CODE_BEST[1]! - PROSE_BEST[1]!) - off;
        return { web, code, books: 1 - web - code };
      }),
    );
    const sweep = makeSweep({ objective: TWO_LOSSES, mixtures });
    const runs = mixtures.map((mixture, i) => runOf(mixture, 'L', `t${i}`));
    const { front = [] } = recommend(sweep, runs, { seed: 1 });
    expect(front.map(({ mixture }) => mixtures.indexOf(mixtures.find((row) => row.web === mixture['web'])!))).toEqual([
      0, 2, 4, 6, 8,
    ]);
  });
});

/** Proposes and runs until the policy stops, at most `limit` times. */
const runAll = (sweep: Sweep, limit: number): Observation[] => {
  const runs: Observation[] = [];
  while (runs.length < limit) {
    const proposal = propose(sweep, runs, { seed: 1 });
    if (proposal === null) break;
    const { mixture, scale, steps, cost, continues } = proposal;
    const run = { ...runOf(mixture, scale, `t${runs.length + 1}`, cost), steps };
    runs.push(continues === undefined ? run : { ...run, continues });
  }
  return runs;
};

describe('the search for a front', () => {
  const scales = makeSweep().scales.map((scale) => ({ ...scale, steps: [1000] }));
  const sweep = makeSweep({ objective: TWO_LOSSES, scales, budget: 1200 });
  const runs = runAll(sweep, 30); // three and a half target runs' worth

  it('finds it from end to end at the price of a few target runs', () => {
    const { front = [] } = recommend(sweep, runs, { seed: 1 });
    const places = front.map(({ mixture }) => placeOf(mixture));
    for (const { off } of places) expect(off).toBeLessThan(0.12);
    expect(Math.min(...places.map(({ along }) => along))).toBeLessThan(0.1);
    expect(Math.max(...places.map(({ along }) => along))).toBeGreaterThan(0.9);
  });

  it('is pure, and says by which trade-off it went and what it believes in the units of the objective', () => {
    const proposals = [16, 17, 18, 19].map((count) => propose(sweep, runs.slice(0, count), { seed: 1 })!);
    const again = propose(sweep, structuredClone(runs.slice(0, 17)), { seed: 1 });
    expect(JSON.stringify(again)).toBe(JSON.stringify(proposals[1]));
    const drawn = proposals.filter(({ explanation: { reason } }) =>
      /trade-off .*: .* % prose, .* % code\.$/.test(reason),
    );
    expect(drawn.length).toBeGreaterThan(1);
    expect(new Set(drawn.map(({ explanation }) => explanation.reason)).size).toBe(drawn.length);
    for (const { mixture, scale, explanation } of drawn) {
      const { prose, code } = metricsOf(mixture, scale) as { prose: number; code: number };
      expect(Math.abs(explanation.expected!.mean - (prose + code))).toBeLessThan(0.3);
      expect(Math.abs(explanation.incumbent!.mean - 4)).toBeLessThan(0.4);
    }
  });

  it('gives a metric that is the same for every run no weight beyond its unit, whatever is lost in rounding', () => {
    const stuck = runs.map((run) => ({ ...run, metrics: { ...run.metrics, passed: 0.2295 } }));
    const mixed = makeSweep({ objective: MIXED, scales });
    const history = historyOf(mixed, stuck, []);
    const situation = {
      sweep: mixed,
      feasible: feasibleSet(mixed),
      observations: stuck,
      pending: [],
      seed: 4,
      history,
    };
    expect(Math.abs(drawTradeOff(situation).objective.weights['passed']!)).toBeLessThanOrEqual(1);
  });

  it('weighs every metric in its own spread, whichever way it is wanted', () => {
    const mixed = makeSweep({ objective: MIXED, scales });
    const situation = {
      sweep: mixed,
      feasible: feasibleSet(mixed),
      observations: runs,
      pending: [],
      seed: 4,
      history: historyOf(mixed, runs, []),
    };
    const { objective, parts } = drawTradeOff(situation);
    expect(objective.direction).toBe('minimize');
    expect(parts['prose']! + parts['passed']!).toBeCloseTo(1, 12);
    expect(objective.weights['prose']).toBeGreaterThan(0);
    expect(objective.weights['passed']).toBeLessThan(0);
    // Of two metrics that say the same in units of 1 and 40, the second weighs a fortieth for an equal part.
    const other = makeSweep({ objective: { ...MIXED, weights: { code: -1, passed: 1 } }, scales });
    const same = drawTradeOff({ ...situation, sweep: other });
    const perPart = (metric: string): number => Math.abs(same.objective.weights[metric]!) / same.parts[metric]!;
    expect(perPart('code') / perPart('passed')).toBeCloseTo(40, 6);
  });
});
