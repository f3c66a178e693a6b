import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import type { Observation } from '../../../src/domain/observation.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { estimateUtilities } from '../../../src/policy/methods/utilities.js';
import { solveUtilityProgram, type UtilityProgram } from '../../../src/policy/methods/utilimax-program.js';
import { expectAllowed, LIMITED, runSweep } from '../run-sweep.js';
import { lossOf, makeSweep } from '../sweeps.js';

const rowsOf = (utilities: readonly (readonly number[])[]): Float64Array[] =>
  utilities.map((row) => Float64Array.from(row));

const setOf = (count: number, changes: Partial<Sweep> = {}) => {
  const domains = Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i}`, { min: 0, max: 1 }]));
  return feasibleSet(makeSweep({ domains, ...changes }));
};

const valueOf = ({ utilities, risk }: UtilityProgram, shares: ArrayLike<number>): number => {
  const tasks = utilities[0]!.length;
  const short = Array.from({ length: tasks }, (_, t) =>
    utilities.reduce((sum, row, i) => sum + row[t]! * shares[i]!, -1),
  );
  return Math.hypot(...short) + risk * Array.from(shares).reduce((sum, share) => sum + share * share, 0);
};

describe('the program of UtiliMax', () => {
  const firstShare = (first: number, feasible = setOf(2)): number =>
    solveUtilityProgram({ utilities: rowsOf([[first], [0]]), risk: 2 }, feasible).shares[0]!;

  it('has the closed form of two domains and one task', () => {
    // min |a w - 1| + 2 (w^2 + (1 - w)^2): w = 1/2 + a/8 short of the utility of 1, at which the norm has its kink.
    expect(firstShare(0)).toBeCloseTo(0.5, 7);
    expect(firstShare(1)).toBeCloseTo(0.625, 7);
    expect(firstShare(1.9)).toBeCloseTo(1 / 1.9, 7);
    expect(firstShare(2)).toBeCloseTo(0.5, 7);
    expect(firstShare(8)).toBeCloseTo(0.125, 7);
  });

  it('stops at a cap', () => {
    const domains = { d0: { min: 0, max: 0.55 }, d1: { min: 0, max: 1 } };
    expect(firstShare(1, feasibleSet(makeSweep({ domains })))).toBeCloseTo(0.55, 9);
  });

  it('is even where all domains are alike', () => {
    const { shares } = solveUtilityProgram(
      { utilities: rowsOf(Array.from({ length: 5 }, () => [0.3, 0.8])), risk: 5 },
      setOf(5),
    );
    for (const share of shares) expect(share).toBeCloseTo(0.2, 9);
  });

  it('finds an optimum that no allowed mixture beats, and says how near it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        (seed, count, tasks, risk) => {
          const rng = createRng(seed);
          const groups = [{ domains: ['d0', 'd1'], min: 0.1, max: 0.6 }];
          const feasible = setOf(count, count > 2 ? { groups } : {});
          const utilities = Array.from({ length: count }, () =>
            Float64Array.from({ length: tasks }, () => rng.uniform()),
          );
          const program = { utilities, risk };
          const { shares, value, gap } = solveUtilityProgram(program, feasible);
          expect(feasible.contains(shares)).toBe(true);
          expect(value).toBeCloseTo(valueOf(program, shares), 12);
          expect(gap).toBeLessThan(1e-9);
          for (let i = 0; i < 40; i++) {
            const other = feasible.sample(rng, 1);
            const near = shares.map((share, d) => share + 0.01 * (other[d]! - share));
            expect(valueOf(program, other)).toBeGreaterThan(value - 1e-9);
            expect(valueOf(program, near)).toBeGreaterThan(value - 1e-9);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tries every member of a list', () => {
    const mixtures = [0, 0.6, 0.7, 1].map((d0) => ({ d0, d1: 1 - d0 }));
    expect(firstShare(1, setOf(2, { mixtures }))).toBe(0.6);
  });
});

describe('the utilities of domains', () => {
  const run = (shares: number[], ...scores: number[]) => ({ shares, scores: Float64Array.from(scores) });

  it('are what runs of single domains scored, from 0 to 1 task by task', () => {
    const found = estimateUtilities([run([1, 0, 0], 3, -1), run([0, 1, 0], 5, -2), run([0, 0, 1], 4, -5)])!;
    const expected = [
      [0, 1],
      [1, 0.75],
      [0.5, 0],
    ];
    expected.forEach((row, i) => row.forEach((utility, t) => expect(found[i]![t]).toBeCloseTo(utility, 6)));
  });

  it('explain the scores of mixtures where domains may not stand alone', () => {
    const mixes = [
      [0.8, 0.1, 0.1],
      [0.1, 0.7, 0.2],
      [0.3, 0.2, 0.5],
    ];
    const truth = [0.2, 0.9, 0.5];
    const scores = mixes.map((shares) => shares.reduce((sum, share, i) => sum + share * truth[i]!, 0));
    const found = estimateUtilities(mixes.map((shares, r) => run(shares, scores[r]!)))!;
    const [least, most] = [Math.min(...scores), Math.max(...scores)];
    truth.forEach((utility, i) => expect(found[i]![0]).toBeCloseTo((utility - least) / (most - least), 4));
  });

  it('are 0 for a domain whose run blew up, the mean for one that was not run, and 1 for all that are alike', () => {
    const blown = estimateUtilities([run([1, 0], 2), { shares: [0, 1], scores: 'worst' }])!;
    expect([blown[0]![0], blown[1]![0]].map((x) => Number(x!.toFixed(6)))).toEqual([1, 0]);
    const missing = estimateUtilities([run([1, 0, 0], 2), run([0, 1, 0], 3)])!;
    expect(missing[2]![0]).toBeCloseTo(0.5, 6);
    expect(estimateUtilities([{ shares: [1, 0], scores: 'worst' }])).toBeUndefined();
    expect(estimateUtilities([])).toBeUndefined();
  });
});

describe('the policy utilimax', () => {
  const policy = { name: 'utilimax' };

  it('runs every domain alone at the cheapest scale, as long as the budget allows, and then stops', () => {
    const runsFor = (budget: number) => runSweep(makeSweep({ policy, budget }));
    expect(runsFor(500).map(({ mixture, scale, steps }) => [mixture, scale, steps])).toEqual([
      [{ web: 1, code: 0, books: 0 }, 'S', 1000],
      [{ web: 0, code: 1, books: 0 }, 'S', 1000],
      [{ web: 0, code: 0, books: 1 }, 'S', 1000],
    ]);
    expect(runsFor(5).map(({ steps }) => steps)).toEqual([300, 300, 300]);
    expect(runsFor(0.5).map(({ steps }) => steps)).toEqual([100, 100]);
    expect(runsFor(0.1)).toEqual([]);
  });

  it('recommends the portfolio of what it measured', () => {
    const sweep = makeSweep({ policy });
    const runs = runSweep(sweep);
    const losses = runs.map(({ mixture }) => lossOf(mixture, 'S'));
    const [least, most] = [Math.min(...losses), Math.max(...losses)];
    const utilities = rowsOf(losses.map((loss) => [(most - loss) / (most - least)]));
    const { shares } = solveUtilityProgram({ utilities, risk: 3 }, feasibleSet(sweep));
    const found = sharesOf(recommend(sweep, runs, { seed: 1 }).mixture, ['web', 'code', 'books']);
    found.forEach((share, i) => expect(share).toBeCloseTo(shares[i]!, 5));
    expect(found[0]).toBeGreaterThan(found[2]!); // web is best alone, books worst
    expect(found[1]).toBeGreaterThan(found[2]!);
  });

  it('takes each metric of the objective for a task, in the direction that its weight and the objective say', () => {
    const objective = { direction: 'maximize', weights: { accuracy: 1, loss: -0.1, unused: 0 } } as const;
    const sweep = makeSweep({ policy: { ...policy, risk: 0.01 }, objective, maxEpochs: 4 });
    const metrics = [
      { accuracy: 0.9, loss: 3, unused: 0 },
      { accuracy: 0.1, loss: 1, unused: 9 },
      { accuracy: 0.1, loss: 3, unused: 9 },
    ];
    const runs: Observation[] = [];
    for (const reported of metrics) {
      const { mixture, scale, steps } = propose(sweep, runs, { seed: 1 })!;
      runs.push({ trial: `t${runs.length}`, mixture, scale, steps, status: 'completed', metrics: reported });
    }
    const { mixture } = recommend(sweep, runs, { seed: 1 });
    // Web is best at one task, code at the other, books at neither.
    expect(mixture['web']).toBeCloseTo(0.5, 2);
    expect(mixture['code']).toBeCloseTo(0.5, 2);
    expect(mixture['books']).toBeLessThan(0.01);
  });

  it.each(LIMITED)('keeps %s', (_, limits) => {
    const sweep = makeSweep({ policy, ...limits });
    const runs = runSweep(sweep);
    expect(runs.length).toBeGreaterThan(1);
    expect(runs.length).toBeLessThanOrEqual(3);
    expectAllowed(sweep, runs);
  });

  it('measures every domain under caps, whatever the order of the file', () => {
    const utility: Readonly<Record<string, number>> = { a: 1, b: 0, c: 0.5, d: 0.2, e: 0.2 };
    const recommended = ['abcde', 'bacde', 'edcba'].map((order) => {
      const domains = Object.fromEntries([...order].map((name) => [name, { min: 0, max: 0.4 }]));
      const sweep = makeSweep({ policy: { ...policy, risk: 0.05 }, domains });
      const runs: Observation[] = [];
      for (let next = propose(sweep, runs, { seed: 1 }); next !== null; next = propose(sweep, runs, { seed: 1 })) {
        const { mixture, scale, steps } = next;
        const loss = 3 - Object.entries(mixture).reduce((sum, [name, share]) => sum + utility[name]! * share, 0);
        runs.push({ trial: `t${runs.length}`, mixture, scale, steps, status: 'completed', metrics: { loss } });
      }
      expect(runs.length).toBe(5);
      return sharesOf(recommend(sweep, runs, { seed: 1 }).mixture, ['a', 'b', 'c', 'd', 'e']);
    });
    for (const shares of recommended) {
      shares.forEach((share, i) => expect(share).toBeCloseTo(recommended[0]![i]!, 6));
      expect(shares[0]).toBe(Math.max(...shares));
      expect(shares[1]).toBe(Math.min(...shares));
    }
  });

  it('runs nothing beyond the target at its scale', () => {
    const [, , large] = makeSweep().scales;
    const sweep = makeSweep({ policy: { name: 'utilimax' }, scales: [large!], target: { scale: 'L', steps: 300 } });
    expect(propose(sweep, [], { seed: 1 })).toMatchObject({ scale: 'L', steps: 300 });
  });

  it('does not pay again for domains that imported runs measured, and takes the length that they have', () => {
    const sweep = makeSweep({ policy, budget: 2.5 });
    const [web, code] = runSweep({ ...sweep, budget: 500 }).map((run, i): Observation => {
      return { ...run, trial: `i${i}`, imported: true, cost: 0 };
    });
    const next = propose(sweep, [web!, code!], { seed: 1 })!;
    expect([next.mixture, next.steps]).toEqual([{ web: 0, code: 0, books: 1 }, 1000]);
    expect(propose(sweep, [web!], { seed: 1 })?.steps).toBe(300);
  });

  it('goes by checkpoints of runs that are longer than the budget, lowered since, would buy', () => {
    const sweep = makeSweep({ policy });
    const runs = runSweep(sweep);
    const short = runSweep(makeSweep({ policy: { ...policy, steps: 300 } }));
    const lowered = { ...sweep, budget: 5 };
    const found = recommend(lowered, runs, { seed: 1 }).mixture;
    expect(found).toEqual(recommend(lowered, short, { seed: 1 }).mixture);
    expect(found['web']).toBeGreaterThan(found['books']! + 0.01);
  });

  it('makes no run for a share that is fixed', () => {
    const domains = { web: { min: 0, max: 1 }, code: { min: 0.2, max: 0.2 }, books: { min: 0, max: 1 } };
    const runs = runSweep(makeSweep({ policy, domains }));
    expect(runs.map(({ mixture }) => mixture['web']!.toFixed(6))).toEqual(['0.800000', '0.000000']);
  });

  it('goes by members of a list, and recommends one', () => {
    const mixtures = [0, 0.2, 0.5, 0.9].map((web) => ({ web, code: 1 - web, books: 0 }));
    const sweep = makeSweep({ policy, mixtures });
    const runs = runSweep(sweep);
    expect(runs.map(({ mixture }) => mixture['web'])).toEqual([0.9, 0]);
    expect(mixtures).toContainEqual(recommend(sweep, runs, { seed: 1 }).mixture);
  });

  it('goes on when runs fail or diverge, and recommends the centre when all did', () => {
    const sweep = makeSweep({ policy });
    const runs = runSweep(sweep);
    const failed = runs.map((run): Observation => ({ ...run, status: 'failed', metrics: {}, curve: [] }));
    expect(propose(sweep, failed, { seed: 1 })).toBeNull();
    for (const share of Object.values(recommend(sweep, failed, { seed: 1 }).mixture))
      expect(share).toBeCloseTo(1 / 3, 9);
    const diverged: Observation = { ...runs[0]!, status: 'diverged', metrics: {}, curve: [] };
    const { mixture } = recommend(sweep, [diverged, ...runs.slice(1)], { seed: 1 });
    expect(mixture['web']).toBeLessThan(mixture['code']!);
  });

  it('leans more to what is useful the less it fears risk', () => {
    const shareOfWeb = (risk: number): number => {
      const sweep = makeSweep({ policy: { ...policy, risk } });
      return recommend(sweep, runSweep(sweep), { seed: 1 }).mixture['web']!;
    };
    expect(shareOfWeb(0.1)).toBeGreaterThan(shareOfWeb(1) + 0.1);
  });

  it('refuses a place that there is none of, and a run that lacks a metric', () => {
    const at = (options: object) => () => propose(makeSweep({ policy: { ...policy, ...options } }), [], { seed: 1 });
    expect(at({ scale: 'XL' })).toThrow(/policy.scale/);
    expect(at({ steps: 77 })).toThrow(/policy.steps/);
    expect(at({ risk: 0 })).toThrow(/policy.risk/);
    const sweep = makeSweep({ policy });
    const [run] = runSweep(sweep, 1);
    const nameless = { ...run!, metrics: { other: 1 } };
    expect(() => propose(sweep, [nameless], { seed: 1 })).toThrow(/metrics.loss/);
  });
});
