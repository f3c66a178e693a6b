import { describe, expect, it, vi } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { fixed } from '../../src/domain/fixed.js';
import { mixtureOf } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { lossOf, makeSweep } from '../policy/sweeps.js';

const sweep = makeSweep();
const feasible = feasibleSet(sweep);

const observe = (count: number): Observation[] => {
  const rng = createRng(5);
  return Array.from({ length: count }, (_, i) => {
    const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
    const metrics = { loss: lossOf(mixture, 'S'), other: mixture['code']! ** 2 };
    return { trial: `t${i}`, mixture, scale: 'S', steps: 1000, status: 'completed', metrics };
  });
};

const about = (metric: string) =>
  ({ ...sweep, objective: { direction: 'minimize', weights: { [metric]: 1 } } }) as const;

describe('hyper-parameters', () => {
  const runs = observe(9);

  it("are those of the sweep's own objective for a belief about another, whichever is formed first", () => {
    const first = formBelief(about('other'), runs, [], undefined, sweep)!;
    const own = formBelief(sweep, runs, [])!;
    expect(first.fit.theta).toEqual(own.fit.theta);
    const later = observe(10);
    const ownFirst = formBelief(sweep, later, [])!;
    const second = formBelief(about('other'), later, [], undefined, sweep)!;
    expect(second.fit.theta).toEqual(ownFirst.fit.theta);
    expect(second.fit.theta).not.toEqual(first.fit.theta);
  });

  it('leave the belief about another metric its own values', () => {
    const belief = formBelief(about('other'), runs, [], undefined, sweep)!;
    const shares = [0.1, 0.8, 0.1];
    const near = belief.predictAt([shares], { scale: 'S', steps: 1000 })[0]!;
    expect(Math.abs(near.mean - 0.64)).toBeLessThan(0.1);
    const alone = formBelief(about('other'), runs, [])!.predictAt([shares], { scale: 'S', steps: 1000 })[0]!;
    expect(near.mean).toBeCloseTo(alone.mean, 1);
  });

  it('do not depend on what is pending', () => {
    const pending = [{ mixture: runs[0]!.mixture, scale: 'L', steps: 1000 }];
    expect(formBelief(sweep, runs, pending)!.fit.theta).toEqual(formBelief(sweep, runs, [])!.fit.theta);
  });

  it("are fitted to the other metric itself where no run has reported the sweep's own", () => {
    const silent = runs.map((run) => ({ ...run, metrics: { other: run.metrics['other']! } }));
    expect(formBelief(sweep, silent, [])).toBeNull();
    expect(formBelief(about('other'), silent, [], undefined, sweep)!.fit.theta).toEqual(
      formBelief(about('other'), silent, [])!.fit.theta,
    );
  });
});

describe('pending trials', () => {
  const runs = observe(9);
  const sdAt = (pending: Parameters<typeof formBelief>[2], steps: number): number => {
    const { web, code, books } = runs[0]!.mixture;
    return formBelief(sweep, runs, pending)!.predictAt([[web!, code!, books!]], { scale: 'L', steps })[0]!.sd;
  };

  it('that go on from an earlier run report beyond it alone', () => {
    const begun: Observation = {
      ...runs[0]!,
      trial: 'begun',
      scale: 'L',
      steps: 300,
      metrics: { loss: 2, other: 0.1 },
    };
    const going = { mixture: begun.mixture, scale: 'L', steps: 1000, continues: 'begun' };
    const known = [...runs, begun];
    const again = formBelief(sweep, known, [{ mixture: begun.mixture, scale: 'L', steps: 1000 }])!;
    expect(formBelief(sweep, known, [going])!.process.rows).toBe(again.process.rows - 2);
    expect(sdAt([{ mixture: begun.mixture, scale: 'L', steps: 1000 }], 1000)).toBeLessThan(sdAt([], 1000));
  });
});

describe('what is told of a mixture', () => {
  const lossAt = ({ web, code }: Readonly<Record<string, number>>, scale: string): number =>
    2 + (web! - 0.5) ** 2 + (code! - 0.3) ** 2 + (scale === 'S' ? 0.3 : 0);
  const NOISE = 0.01; // a tenth of the mixtures' spread

  it('holds the truth many times as often as the belief that takes few runs for as quiet as they look', () => {
    const held = { told: 0, believed: 0 };
    const draws = 40;
    for (let seed = 1; seed <= draws; seed++) {
      const rng = createRng(seed);
      const runs = Array.from({ length: 9 }, (_, i): Observation => {
        const mixture = mixtureOf(feasible.sample(rng, 1), feasible.domains);
        const scale = i < 6 ? 'S' : 'L';
        const metrics = { loss: lossAt(mixture, scale) + NOISE * rng.normal() };
        return { trial: `t${i}`, mixture, scale, steps: 1000, status: 'completed', metrics };
      });
      const belief = formBelief(sweep, runs, [])!;
      const { web, code, books } = runs.at(-1)!.mixture;
      const shares = [web!, code!, books!];
      const truth = lossAt(runs.at(-1)!.mixture, 'L');
      const isHeld = ({ mean, sd }: { mean: number; sd: number }): number =>
        Number(Math.abs(truth - mean) <= 1.645 * sd);
      held.told += isHeld(belief.tell(shares));
      held.believed += isHeld(belief.predict(shares));
    }
    expect(held.told / draws).toBeGreaterThan(0.4);
    expect(held.told).toBeGreaterThan(5 * held.believed);
  });

  const scales = [20, 60, 200, 1000].map((millions) => ({
    name: `${millions}M`,
    parameters: millions * 1e6,
    tokensPerStep: 1e5,
    steps: [300, 1000],
  }));
  const ladder = makeSweep({ scales, target: { scale: '1000M', steps: 1000 } });
  const questions = Array.from({ length: 20 }, (_, i) => feasible.sample(createRng(100 + i), 1));

  /** Asks about twenty mixtures at the target of a score of which differences grow as `compute ** power`, after runs of the small scales. */
  const ask = (power: number): { told: number; believed: number; wider: number } => {
    const scoreAt = (shares: ArrayLike<number>, parameters: number, steps: number): number => {
      const compute = (parameters / 20e6) * (steps / 1000);
      return 0.7 - 0.01 * Math.log(compute) - 0.02 * (shares[0]! - 0.6 * shares[1]! ** 2) * compute ** power;
    };
    const rng = createRng(3);
    const mixtures = [...feasible.extremePoints(3), ...Array.from({ length: 5 }, () => feasible.sample(rng, 1))];
    const runs = scales.slice(0, 3).flatMap(({ name, parameters, steps }, k) =>
      mixtures.slice(0, mixtures.length - 2 * k).map((shares, i): Observation => {
        const curve = steps.map((at) => ({ steps: at, metrics: { loss: scoreAt(shares, parameters, at) } }));
        const { metrics } = curve.at(-1)!;
        const mixture = mixtureOf(shares, feasible.domains);
        return { trial: `${name}-${i}`, mixture, scale: name, steps: 1000, status: 'completed', metrics, curve };
      }),
    );
    const belief = formBelief(ladder, runs, [])!;
    const sum = { told: 0, believed: 0, wider: 0 };
    for (const shares of questions) {
      const truth = scoreAt(shares, 1000e6, 1000);
      const [told, believed] = [belief.tell(shares), belief.predict(shares)];
      sum.told += Number(Math.abs(truth - told.mean) <= 1.645 * told.sd);
      sum.believed += Number(Math.abs(truth - believed.mean) <= 1.645 * believed.sd);
      sum.wider += told.sd / believed.sd / questions.length;
    }
    return sum;
  };

  it('holds the truth where mixtures differ by more the larger the run, as accuracies do that leave chance', () => {
    const { told, believed } = ask(0.5);
    expect(told / questions.length).toBeGreaterThan(0.75);
    expect(believed / questions.length).toBeLessThan(0.5);
  });

  it('is hardly wider for that where they differ alike at all sizes', () => {
    const { told, wider } = ask(0);
    expect(told).toBe(questions.length);
    expect(wider).toBeLessThan(1.05);
  });
});

describe('warps that go apart where nothing was run', () => {
  const scales = [10, 20, 50, 100, 250].map((millions) => ({
    name: `${millions}M`,
    parameters: millions * 1e6,
    tokensPerStep: 1e5,
    steps: [100, 300, 1000],
  }));
  const lossAt = (web: number, parameters: number, steps: number): number =>
    1 + (0.5 + Math.abs(web - 0.6) ** 1.5) * (parameters / 250e6) ** -0.12 * (steps / 1000) ** -0.15;
  const wide = makeSweep({ scales, target: { scale: '250M', steps: 1000 } });
  const runs = scales.slice(0, -1).flatMap(({ name, parameters, steps }) =>
    [0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1].map((web): Observation => {
      const reports = steps.map((count) => lossAt(web, parameters, count));
      const curve = reports.map((loss, i) => ({ steps: steps[i]!, metrics: { loss, twin: loss } }));
      const mixture = { web, code: 1 - web, books: 0 };
      return {
        trial: `${name}${web}`,
        mixture,
        scale: name,
        steps: 1000,
        status: 'completed',
        metrics: curve.at(-1)!.metrics,
        curve,
      };
    }),
  );
  const believed = (weights: Record<string, number>) =>
    formBelief({ ...wide, objective: { direction: 'minimize', weights } }, runs, [])!;
  /** What the warps' going apart adds to the variance of the best mixture, over the square of how far they do. */
  const sayOf = (weights: Record<string, number>): number => {
    const belief = believed(weights);
    const point = belief.predict([0.6, 0.4, 0]);
    const under = (kind: string): number =>
      belief.columns.reduce(
        (sum, column, i) => sum + (column.kind === kind ? column.coefficient * point.columnMeans[i]! : 0),
        0,
      );
    return (point.sd ** 2 - point.variance * belief.scaleAt(point) ** 2) / (under('none') - under('log')) ** 2;
  };

  it('have a say in the doubt, however little the evidence leaves them of the mean', () => {
    const least = Math.min(...believed({ loss: 1 }).columns.map(({ weight }) => weight));
    expect(least).toBeLessThan(0.1);
    expect(sayOf({ loss: 1 })).toBeGreaterThan(0.13);
    expect(sayOf({ loss: 1 })).toBeLessThan(0.2);
  });

  it('go apart together in all metrics of an objective', () => {
    expect(sayOf({ loss: 0.5, twin: 0.5 })).toBeCloseTo(sayOf({ loss: 1 }), 6);
  });
});

describe('beliefs that are kept', () => {
  const long = (): Observation[] =>
    observe(9).map((run) => ({ ...run, curve: [100, 300].map((steps) => ({ steps, metrics: run.metrics })) }));

  it('are found again by runs that say the same, and not by others', () => {
    const belief = formBelief(sweep, long(), []);
    expect(formBelief(sweep, long(), [])).toBe(belief);
    expect(formBelief(sweep, long().slice(1), [])).not.toBe(belief);
    const runs = fixed(long());
    const ofFixed = formBelief(sweep, runs, []);
    expect(formBelief(sweep, [...runs], [])).toBe(ofFixed);
    expect(formBelief(sweep, runs.slice(1), [])).not.toBe(ofFixed);
    expect(formBelief(sweep, runs.toReversed(), [])).not.toBe(ofFixed);
  });

  it('keep no text of runs that cannot change, as a thousand long curves make a hundred megabytes', () => {
    const runs = fixed(long());
    const size = JSON.stringify(runs).length;
    const stringify = vi.spyOn(JSON, 'stringify');
    formBelief(sweep, runs, []);
    const sizes = stringify.mock.results.map(({ value }) => String(value).length);
    stringify.mockRestore();
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThan(JSON.stringify(sweep).length + size / 10);
  });
});
