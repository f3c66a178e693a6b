import { describe, expect, it } from 'vitest';
import {
  geometricMean,
  heldOutCoverage,
  isHeld,
  median,
  priceOfParallel,
  quantile,
  recommendationCoverage,
  regretAt,
  settledMoment,
  spendByScale,
  worseThanRandom,
  worstMark,
} from '../../bench/choice-statistics.js';
import type { Moment } from '../../bench/choice-task.js';

/** A sweep that recommends mixtures of these regrets, `[cost, regret]`, with wall time a quarter of the cost. */
const sweepOf = (...path: readonly (readonly [number, number])[]): { moments: Moment[] } => ({
  moments: path.map(([cost, regret]) => ({ cost, wall: cost / 4, regret, standardizedError: 0, run: '' })),
});

describe('regret at cost marks', () => {
  it('is that of the last run that had ended by then', () => {
    const sweep = sweepOf([10, 0.9], [30, 0.4], [100, 0.05]);
    expect([10, 29, 30, 99, 5000].map((mark) => regretAt(sweep, mark))).toEqual([0.9, 0.9, 0.4, 0.4, 0.05]);
  });

  it('is not known before a run has ended', () => {
    expect(regretAt(sweepOf([10, 0.9]), 9.9)).toBeNaN();
  });

  it('counts a run at a mark although sums of costs are rounded', () => {
    expect(regretAt(sweepOf([0.1 + 0.2, 0.5]), 0.3)).toBe(0.5);
  });
});

describe('the cost of a level', () => {
  it('is where regret stays at or below it, not where it first gets there', () => {
    const sweep = sweepOf([10, 0.05], [20, 0.3], [30, 0.1], [40, 0.02]);
    expect(settledMoment(sweep, 0.1)?.cost).toBe(30);
    expect(settledMoment(sweep, 0.5)?.cost).toBe(10);
  });

  it('is none where the last recommendation is above it', () => {
    expect(settledMoment(sweepOf([10, 0.05], [20, 0.3]), 0.1)).toBeUndefined();
  });
});

describe('medians and quartiles', () => {
  it('takes the mean of the middle two', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('interpolates between ranks', () => {
    expect(quantile([0, 10, 20, 30], 0.25)).toBe(7.5);
  });

  it('counts what is not known yet as the worst', () => {
    expect(median([Number.NaN, 1, 2])).toBe(2);
    expect(median([Number.NaN, Number.NaN, 1])).toBe(Infinity);
  });

  it('counts regrets below a thousandth as one in geometric means', () => {
    expect(geometricMean([0, 0.1])).toBeCloseTo(0.01, 12);
  });
});

describe('worse than random', () => {
  it('is the share of all moments, and of instances at the worst mark', () => {
    const sweeps = [sweepOf([10, 2], [20, 0.5]), sweepOf([10, 0.5], [20, 0.5], [30, 1])];
    expect(worseThanRandom(sweeps)).toEqual({ share: 0.2, of: 5 });
    expect(worstMark(sweeps, [5, 10, 20])).toEqual({ mark: 10, share: 0.5, of: 2 });
  });
});

describe('coverage', () => {
  it('holds 90 % of standard normal errors', () => {
    expect([-1.6, 1.6, 1.7, -1.7].map(isHeld)).toEqual([true, true, false, false]);
  });

  it('judges recommendations at the marks alone, one that stands for several marks once for each', () => {
    const [first, second] = sweepOf([10, 0], [100, 0]).moments as [Moment, Moment];
    const sweep = { moments: [{ ...first, standardizedError: 3 }, second] };
    expect(recommendationCoverage([sweep], [20, 50, 100])).toEqual({ share: 1 / 3, of: 3 });
  });

  it('adds up held-out mixtures', () => {
    const [first, second] = sweepOf([10, 0], [100, 0]).moments as [Moment, Moment];
    const sweep = {
      moments: [
        { ...first, heldOut: { inside: 12, of: 20 } },
        { ...second, heldOut: { inside: 8, of: 10 } },
      ],
    };
    expect(heldOutCoverage([sweep], [20, 100])).toEqual({ share: 20 / 30, of: 30 });
  });
});

describe('spend and the price of running side by side', () => {
  it('averages spend over sweeps', () => {
    expect(spendByScale([{ spendByScale: { '20M': 4 } }, { spendByScale: { '20M': 2, '1B': 10 } }])).toEqual({
      '20M': 3,
      '1B': 5,
    });
  });

  it('compares medians of what it takes to settle at a level', () => {
    const alone = [sweepOf([100, 0.05]), sweepOf([200, 0.05]), sweepOf([300, 0.05])];
    const together = [sweepOf([260, 0.05]), sweepOf([240, 0.05]), sweepOf([220, 0.05])].map(({ moments }) => ({
      moments: moments.map((moment) => ({ ...moment, wall: 10 })),
    }));
    expect(priceOfParallel(alone, together, 0.1)).toEqual({ cost: 1.2, wall: 0.2 });
  });

  it('gives none where half of the sweeps do not settle', () => {
    const alone = [sweepOf([100, 0.05])];
    expect(priceOfParallel(alone, [sweepOf([100, 0.5])], 0.1).cost).toBeNaN();
  });
});
