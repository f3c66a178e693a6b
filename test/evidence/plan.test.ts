import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { play, type Decider } from '../../src/evidence/backtest.js';
import { planText } from '../../src/evidence/plan-text.js';
import { planOf } from '../../src/evidence/plan.js';
import { summarizeRehearsals } from '../../src/evidence/rehearsal-summary.js';
import { rehearsalStage } from '../../src/evidence/rehearsal.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';

const here: Decider = {
  propose: ({ sweep, observations, pending, seed }) => Promise.resolve(propose(sweep, observations, { seed, pending })),
  recommend: ({ sweep, observations, seed }) => Promise.resolve(recommend(sweep, observations, { seed })),
};

const sweepWith = (changes: Readonly<Record<string, unknown>> = {}): Sweep =>
  parseSweep({
    name: 'planned',
    objective: { minimize: 'loss' },
    domains: { web: {}, code: { max: 0.5 }, books: {} },
    scales: {
      '7M': { parameters: 7e6, tokensPerStep: 1e5, steps: [500, 1000] },
      '100M': { parameters: 1e8, tokensPerStep: 1e5, steps: [1000, 2000, 4000] },
      '7B': { parameters: 7e9, tokensPerStep: 1e6, steps: [10_000, 20_000] },
    },
    target: { scale: '7B', steps: 20_000 },
    cost: { kind: 'table', unit: 'node-hours', perStep: { '7M': 0.0001, '100M': 0.001, '7B': 0.005 } },
    budget: 350,
    parallel: 2,
    launcher: { kind: 'none' },
    ...changes,
  });

describe('a plan', () => {
  const sweep = sweepWith({ confirm: 1, approval: { above: 60, scales: ['100M'], outside: { code: [0, 0.3] } } });
  const plan = planOf(sweep);

  it('says what part of a large budget the opening takes, however small', () => {
    const [opening = ''] = planText(planOf(sweepWith({ budget: 50_000 })), []).match(/Opening: .*/) ?? [];
    expect(opening).toMatch(/ 0\.\d+ % of the search's money/);
  });

  it('prices every run and says which wait for a person, whatever is mixed', () => {
    expect(plan.prices).toHaveLength(7);
    for (const { scale, steps, cost } of plan.prices) expect(cost).toBe(costOf(sweep, { scale, steps }));
    const waiting = plan.prices.filter(({ approval }) => approval.length > 0);
    expect(waiting.map(({ scale, steps }) => `${scale} ${steps}`)).toEqual([
      '100M 1000',
      '100M 2000',
      '100M 4000',
      '7B 20000',
    ]);
    expect(plan.notes.join()).toContain('code');
  });

  it('divides the budget, and its opening is the one that the sweep makes', () => {
    expect(plan).toMatchObject({ budget: 350, confirmation: 100, search: 250, targetCost: 100 });
    const first = propose(sweep, [], { seed: 1 })!;
    expect(plan.opening[0]).toMatchObject({ scale: first.scale, steps: first.steps });
    const opened = plan.opening.reduce((sum, { cost }) => sum + cost, 0);
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThanOrEqual(0.4 * 250);
    expect(plan.targetRuns).toBeCloseTo((250 - opened) / 100, 9);
  });

  it('says what people need to know', () => {
    const text = planText(plan, []);
    expect(text).toContain('350 node-hours, 3.5 runs to the target; 100 of it kept for 1 confirmation run');
    expect(text).toContain('waits for a person: it may cost 100, more than 60');
    expect(text).not.toContain('Rehearsed');
    expect(text).not.toMatch(/NaN|undefined|Infinity|n\/a/);
  });

  it('tells the money where the file prices a GPU-hour', () => {
    const cost = { kind: 'gpu-hours', perStep: { '7M': 0.0001, '100M': 0.001, '7B': 0.005 }, price: 2.5 };
    const priced = planOf(sweepWith({ cost }));
    expect(priced).toMatchObject({ price: 2.5, unit: 'GPU-hours' });
    expect(planText(priced, [])).toContain('350 GPU-hours (875 at 2.5 per GPU-hour), 3.5 runs to the target');
    expect(plan.price).toBeNull();
  });

  it('warns of a budget that pays for no run to the target, and tells no opening where the policy has none', () => {
    const small = planOf(sweepWith({ budget: 60, policy: 'random' }));
    expect(small.opening).toEqual([]);
    expect(small.notes.join()).toContain('cannot pay for a run to the target');
    expect(planOf(sweepWith({ budget: 100 })).notes).toEqual([]);
  });
});

describe('a rehearsal', () => {
  it('spends as the sweep would, learns where small scales guide, and is the same every time', async () => {
    const sweep = sweepWith({ budget: 110 });
    const stage = rehearsalStage(sweep, 3, 'guide');
    const [one, two] = await Promise.all([play(stage, 'titrate', 3, here), play(stage, 'titrate', 3, here)]);
    expect(one).toEqual(two);
    expect(one.spent).toBeLessThanOrEqual(110 * (1 + 1e-9));
    expect(one.moments.at(-1)!.regret).toBeLessThan(0.1);
    expect(one.moments.at(-1)!.regret).toBeGreaterThan(-1e-3); // nothing is better than what is called best
    const summary = summarizeRehearsals(sweep, 'guide', [one]);
    expect(summary.runs).toEqual([one.runs, one.runs]);
    expect(summary.runsAtTargetScale[0]).toBeGreaterThanOrEqual(summary.targetRuns[0]);
    expect(one.lasted).toBeGreaterThanOrEqual(one.spent / 2 - 1e-9); // two places
    expect(one.lasted).toBeLessThanOrEqual(one.spent);
    expect(summary.lasted[0]).toBeCloseTo(one.lasted / 100, 9);
    expect(summary.regretAt.at(-1)!.regret).toBe(one.moments.at(-1)!.regret);
    const text = planText(planOf(sweep), [summary]);
    expect(text).toContain('Rehearsed on 1 made-up law of each kind');
    expect(text).toMatch(/^small scales +runs +at 7B +to the target +spent \(node-hours\) +lasts +at 10 %/m);
  });

  it('is as hard at the target whatever small scales say there, and they differ below', () => {
    const sweep = sweepWith();
    const [guide, mislead] = (['guide', 'mislead'] as const).map((kind) => rehearsalStage(sweep, 5, kind));
    const mixture = { web: 0.7, code: 0.2, books: 0.1 };
    const at = (stage: typeof guide, scale: string, steps: number) =>
      stage!.observe('t1', { mixture, scale, steps, cost: 1 }).metrics['loss'];
    expect(guide!.regretOf(mixture)).toBe(mislead!.regretOf(mixture));
    expect(at(guide, '7B', 20_000)).toBe(at(mislead, '7B', 20_000));
    expect(at(guide, '7M', 1000)).not.toBe(at(mislead, '7M', 1000));
  });

  it('reports every checkpoint, and losses that fall with steps and size over a ladder of a factor of a thousand', () => {
    const stage = rehearsalStage(sweepWith(), 1, 'guide');
    const mixture = { web: 0.4, code: 0.3, books: 0.3 };
    const curve = (scale: string, steps: number) => stage.observe('t1', { mixture, scale, steps, cost: 1 }).curve!;
    const losses = curve('100M', 4000).map(({ metrics }) => metrics['loss']!);
    expect(curve('100M', 4000).map(({ steps }) => steps)).toEqual([1000, 2000, 4000]);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
    const ends = [curve('7M', 1000), curve('100M', 4000), curve('7B', 20_000)].map((c) => c.at(-1)!.metrics['loss']!);
    expect(ends).toEqual(ends.toSorted((a, b) => b - a));
  });

  it('knows which way metrics are wanted, more of them than a law has, and leaves guards out', () => {
    const names = Array.from({ length: 8 }, (_, i) => `m${i}`);
    const isHigh = (name: string): boolean => names.indexOf(name) % 2 === 0;
    const metrics = Object.fromEntries(
      names.map((name) => [
        name,
        { direction: isHigh(name) ? 'maximize' : 'minimize', reference: { zero: 0.25, unit: 0.05 } },
      ]),
    );
    const sweep = sweepWith({ objective: { metrics }, guards: [{ metric: 'm1', atMost: 0 }] });
    const stage = rehearsalStage(sweep, 2, 'guide');
    expect(stage.sweep.guards).toBeUndefined();
    const mixture = { web: 0.4, code: 0.3, books: 0.3 };
    const at = (scale: string, steps: number) => stage.observe('t1', { mixture, scale, steps, cost: 1 }).metrics;
    const [small, large] = [at('7M', 500), at('7B', 20_000)];
    for (const name of names) expect(large[name]! > small[name]!, name).toBe(isHigh(name));
    expect(new Set(Object.values(large)).size).toBe(8);
  });

  it('keeps to a list of mixtures', async () => {
    const mixtures = [
      { web: 0.6, code: 0.2, books: 0.2 },
      { web: 0.2, code: 0.5, books: 0.3 },
      { web: 0.1, code: 0.1, books: 0.8 },
    ];
    const stage = rehearsalStage(sweepWith({ mixtures, budget: 150 }), 4, 'guide');
    const regrets = mixtures.map((mixture) => stage.regretOf(mixture)).sort((a, b) => a - b);
    expect(regrets[0]).toBe(0);
    expect(regrets[1]).toBe(1);
    const { moments } = await play(stage, 'titrate', 4, here);
    expect(regrets).toContain(moments.at(-1)!.regret);
  });
});
