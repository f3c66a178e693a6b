import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { massMoved, sharesOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { Guard, Sweep } from '../../src/domain/sweep.js';
import { formGuards } from '../../src/policy/guards.js';
import { normalCdf, normalQuantile } from '../../src/policy/normal.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { lossOf, makeSweep } from './sweeps.js';

/** Rises with the share of web alone: 0.2 without any, 0.8 where all is web. */
const toxicityOf = ({ web }: Mixture): number => 0.2 + 0.6 * web!;

const metricsOf = (mixture: Mixture, scale: string): Record<string, number> => ({
  loss: lossOf(mixture, scale),
  toxicity: toxicityOf(mixture),
  accuracy: 1 - toxicityOf(mixture),
});

const observe = (sweep: Sweep, count: number, scale = 'L'): Observation[] => {
  const feasible = feasibleSet(sweep);
  const rng = createRng(3);
  return Array.from({ length: count }, (_, i) => {
    const shares = feasible.sample(rng, 1);
    const mixture = { web: shares[0]!, code: shares[1]!, books: shares[2]! };
    const metrics = metricsOf(mixture, scale);
    return { trial: `${scale}${i}`, mixture, scale, steps: 1000, status: 'completed', metrics };
  });
};

const guard = (limit: Partial<Guard>): Guard => ({ metric: 'toxicity', confidence: 0.84, ...limit });
const guarded = (...guards: Guard[]): Sweep => makeSweep({ guards });

// The optimum without guards is (0.5, 0.3, 0.2). With web at most 0.3 what is taken from web goes to the others alike.
const LIMITED: Mixture = { web: 0.3, code: 0.4, books: 0.3 };

describe('a recommendation under guards', () => {
  it('lies on the limit that binds, at the best mixture there', () => {
    const sweep = guarded(guard({ atMost: toxicityOf(LIMITED) }));
    const { mixture, guards, note } = recommend(sweep, observe(sweep, 20), { seed: 1 });
    expect(mixture['web']).toBeGreaterThan(0.28);
    expect(toxicityOf(mixture)).toBeLessThan(toxicityOf(LIMITED) + 0.002);
    expect(lossOf(mixture) - lossOf(LIMITED)).toBeLessThan(0.01);
    expect(guards).toHaveLength(1);
    expect(guards![0]!.probability).toBeGreaterThanOrEqual(0.84);
    expect(Math.abs(guards![0]!.mean - toxicityOf(mixture))).toBeLessThan(0.01);
    expect(note).toBeUndefined();
  });

  it('is the same for a limit from below on what is better the more of it there is', () => {
    const above = guarded(guard({ atMost: toxicityOf(LIMITED) }));
    const below = guarded(guard({ metric: 'accuracy', atLeast: 1 - toxicityOf(LIMITED) }));
    const a = recommend(above, observe(above, 20), { seed: 1 });
    const b = recommend(below, observe(below, 20), { seed: 1 });
    for (const domain of Object.keys(LIMITED)) expect(b.mixture[domain]).toBeCloseTo(a.mixture[domain]!, 3);
  });

  it('is the same in whatever unit the objective is', () => {
    const sweep = guarded(guard({ atMost: toxicityOf(LIMITED) }));
    const inUnit = (unit: number) =>
      recommend(
        sweep,
        observe(sweep, 7).map((run) => ({ ...run, metrics: { ...run.metrics, loss: unit * run.metrics['loss']! } })),
        { seed: 1 },
      ).mixture;
    const expected = inUnit(1);
    for (const unit of [1e-20, 1e20, 1e90]) expect(massMoved(inUnit(unit), expected), String(unit)).toBeLessThan(1e-3);
  });

  it('is what it would be without them where they do not bind', () => {
    const sweep = guarded(guard({ atMost: 0.79 }));
    const runs = observe(sweep, 20);
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(recommend(makeSweep(), runs, { seed: 1 }).mixture);
  });

  it('keeps farther from the limit the surer it has to be', () => {
    const at = (confidence: number): number => {
      const sweep = guarded(guard({ atMost: toxicityOf(LIMITED), confidence }));
      return recommend(sweep, observe(sweep, 7), { seed: 1 }).mixture['web']!;
    };
    expect(at(0.999)).toBeLessThan(at(0.5) - 1e-4);
  });

  it('keeps its near-optimal set within them', () => {
    const sweep = guarded(guard({ atMost: toxicityOf(LIMITED) }));
    const runs = observe(sweep, 8);
    const { nearOptimal } = recommend(sweep, runs, { seed: 1 });
    const guards = formGuards(sweep, feasibleSet(sweep), runs, [])!;
    for (const { mixture } of nearOptimal)
      expect(guards.areKept(sharesOf(mixture, ['web', 'code', 'books']))).toBe(true);
    const free = recommend(makeSweep(), runs, { seed: 1 }).nearOptimal;
    expect(free.some(({ mixture }) => !guards.areKept(sharesOf(mixture, ['web', 'code', 'books'])))).toBe(true);
  });

  it('says in words that none keeps them, and breaks them least', () => {
    const sweep = guarded(guard({ atMost: 0.1 })); // the least there is is 0.2, without any web
    const { mixture, guards, note } = recommend(sweep, observe(sweep, 20), { seed: 1 });
    expect(mixture['web']).toBeLessThan(0.01);
    expect(guards![0]!.probability).toBeLessThan(0.1);
    expect(note).toMatch(/^No mixture looked at .* break them least: toxicity at most 0.1 \(chance .* %\)\.$/);
  });

  it('meets a band, between what is too little and too much', () => {
    const sweep = guarded(guard({ atLeast: toxicityOf({ web: 0.1 }), atMost: toxicityOf({ web: 0.2 }) }));
    const { mixture } = recommend(sweep, observe(sweep, 20), { seed: 1 });
    expect(mixture['web']).toBeGreaterThan(0.1);
    expect(mixture['web']).toBeLessThan(0.202);
    expect(lossOf(mixture) - lossOf({ web: 0.2, code: 0.45, books: 0.35 })).toBeLessThan(0.01);
  });

  it('of a finite list is the best listed mixture that keeps them', () => {
    const mixtures = [0.5, 0.4, 0.29, 0.2, 0.1].map((web) => ({ web, code: 0.6 * (1 - web), books: 0.4 * (1 - web) }));
    const sweep = makeSweep({ mixtures, guards: [guard({ atMost: toxicityOf(LIMITED) })] });
    const runs = mixtures.map((mixture, i): Observation => {
      const metrics = metricsOf(mixture, 'L');
      return { trial: `t${i}`, mixture, scale: 'L', steps: 1000, status: 'completed', metrics };
    });
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(mixtures[2]);
  });

  it('leaves a preferred mixture that turned out to break them', () => {
    const sweep = guarded(guard({ atMost: toxicityOf(LIMITED) }));
    const prefer = { web: 0.4, code: 0.35, books: 0.25 };
    const { mixture } = recommend(sweep, observe(sweep, 20), { seed: 1, prefer });
    expect(mixture['web']).toBeLessThan(0.302);
  });

  it('is the best run that kept them for policies that recommend a run', () => {
    const sweep = { ...guarded(guard({ atMost: toxicityOf(LIMITED) })), policy: { name: 'random' } };
    const runs = observe(sweep, 12);
    const kept = runs.filter(({ mixture }) => toxicityOf(mixture) <= toxicityOf(LIMITED));
    const best = kept.reduce((a, b) => (b.metrics['loss']! < a.metrics['loss']! ? b : a));
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(best.mixture);
  });

  it('has no word of guards where nothing is guarded, or nothing is known', () => {
    const sweep = makeSweep();
    expect(Object.keys(recommend(sweep, observe(sweep, 5), { seed: 1 }))).not.toContain('guards');
    expect(Object.keys(recommend(guarded(guard({ atMost: 1 })), [], { seed: 1 }))).not.toContain('guards');
  });
});

/** Proposes and runs until the policy stops, at most `limit` times. */
const runAll = (sweep: Sweep, limit: number): Observation[] => {
  const runs: Observation[] = [];
  while (runs.length < limit) {
    const proposal = propose(sweep, runs, { seed: 1 });
    if (proposal === null) break;
    const { mixture, scale, steps, cost } = proposal;
    const metrics = metricsOf(mixture, scale);
    runs.push({ trial: `t${runs.length + 1}`, mixture, scale, steps, status: 'completed', metrics, cost });
  }
  return runs;
};

describe('the search under guards', () => {
  const scales = makeSweep().scales.map((scale) => ({ ...scale, steps: [1000] }));
  const sweep = { ...guarded(guard({ atMost: toxicityOf(LIMITED) })), scales, budget: 900 };
  const runs = runAll(sweep, 24);
  const atTarget = (all: readonly Observation[]): Observation[] => all.filter(({ scale }) => scale === 'L');

  it('ends on the limit, having paid for runs that keep it', () => {
    const { mixture } = recommend(sweep, runs, { seed: 1 });
    expect(toxicityOf(mixture)).toBeLessThan(toxicityOf(LIMITED) + 0.01);
    expect(lossOf(mixture) - lossOf(LIMITED)).toBeLessThan(0.02);
    const keptShare = (all: readonly Observation[]): number =>
      all.filter((run) => toxicityOf(run.mixture) < toxicityOf(LIMITED) + 0.03).length / all.length;
    const free = runAll({ ...makeSweep(), scales, budget: 900 }, 24);
    expect(keptShare(atTarget(runs))).toBeGreaterThan(0.5);
    expect(keptShare(atTarget(runs))).toBeGreaterThan(keptShare(atTarget(free)));
  });

  it('explains what a run is expected to do to the guarded metrics, and how its value was weighed', () => {
    const found = runs.map((_, count) => propose(sweep, runs.slice(0, count), { seed: 1 })!);
    const searched = found.filter(({ explanation }) => explanation.phase !== 'opening');
    expect(searched.length).toBeGreaterThan(1);
    for (const { explanation } of searched) {
      expect(explanation.guards).toHaveLength(1);
      expect(explanation.reason).toMatch(/weighed by the chance that the guards hold at the target, [\d.]+ % for/);
    }
  });
});

describe('what is believed of guards', () => {
  it('is an even chance on the limit itself, and the sum of what each limit leaves in a band', () => {
    const runs = observe(makeSweep(), 9);
    const shares = [0.3, 0.4, 0.3];
    const at = (limit: Partial<Guard>) => formGuards(guarded(guard(limit)), feasibleSet(makeSweep()), runs, [])!;
    const { mean, sd } = at({ atMost: 1 }).forecast(shares)[0]!;
    expect(at({ atMost: mean }).chance(shares)).toBeCloseTo(0.5, 9);
    expect(at({ atMost: mean + sd }).chance(shares)).toBeCloseTo(normalCdf(1), 6);
    expect(at({ atMost: mean + sd, atLeast: mean - sd }).chance(shares)).toBeCloseTo(2 * normalCdf(1) - 1, 6);
  });

  it('falls short by what a limit is exceeded, in the spreads of the metric', () => {
    const runs = observe(makeSweep(), 20);
    const sweep = guarded(guard({ atMost: 0.2 }));
    const guards = formGuards(sweep, feasibleSet(sweep), runs, [])!;
    const at = (web: number): number => guards.shortfall([web, 0.7 - web, 0.3]);
    expect(at(0.6) / at(0.3)).toBeCloseTo(2, 1);
  });

  it('needs every completed run to report its metric', () => {
    const sweep = guarded(guard({ atMost: 0.5 }));
    const [run] = observe(sweep, 1);
    const silent = { ...run!, metrics: { loss: 2 } };
    expect(() => recommend(sweep, [silent], { seed: 1 })).toThrow(
      /metrics\.toxicity: expected the metric of a guard, a finite number; found loss/,
    );
  });
});

it('the normal distribution function has its closed values, and its quantile turns it round', () => {
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1)).toBeCloseTo(0.8413447460685429, 14); // Abramowitz & Stegun 1964, table 26.1
  expect(normalCdf(-3.5)).toBeCloseTo(2.3262907903552504e-4, 16); // likewise, 1 - P(3.5)
  for (const chance of [0.001, 0.3, 0.5, 0.84, 0.999])
    expect(normalCdf(normalQuantile(chance))).toBeCloseTo(chance, 10);
});
