/** What is read off the benchmark's sweeps: regret at cost marks, the cost of reaching a level, coverage, and the price of running side by side. */
import type { Moment, Outcome } from './choice-task.js';

/** Cumulative costs at which regret is printed; 196 is one target run of the reference. */
export const MARKS = [10, 20, 50, 100, 196, 300, 500, 766, 980, 1500, 2000];
export const LEVELS = [0.1, 0.05, 0.01];

const FLOOR = 1e-3; // regret below a thousandth counts as one in geometric means
const RANDOM = 1; // regret of the median random mixture
const INTERVAL90 = 1.645; // sds on either side that hold 90 % of a normal
const SLACK = 1 + 1e-9; // sums of costs are rounded

const ranked = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** Returns the value below which a share `q` of the values lies, by linear interpolation; infinite values and NaN (nothing yet) count as the largest. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = ranked(values.map((value) => (Number.isNaN(value) ? Infinity : value)));
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low === high ? low : low + (at - Math.floor(at)) * (high - low);
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** What is known once `cost` has been spent; undefined before the first run has ended. */
export const momentAt = ({ moments }: Pick<Outcome, 'moments'>, cost: number): Moment | undefined =>
  moments.findLast((moment) => moment.cost <= cost * SLACK);

/** Regret of what is recommended once `cost` has been spent; NaN before the first run has ended. */
export const regretAt = (outcome: Pick<Outcome, 'moments'>, cost: number): number =>
  momentAt(outcome, cost)?.regret ?? Number.NaN;

/** The first moment from which on regret stays at or below a level; undefined when it does not. */
export const settledMoment = ({ moments }: Pick<Outcome, 'moments'>, level: number): Moment | undefined => {
  const last = moments.findLastIndex(({ regret }) => !(regret <= level));
  return moments[last + 1];
};

/** The geometric mean, values below a thousandth counting as one. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, FLOOR)), 0) / values.length);

/** Is the truth within the 90 % interval, its error in units of the predicted sd? */
export const isHeld = (standardizedError: number): boolean => Math.abs(standardizedError) <= INTERVAL90;

/** A share of so many cases, in [0, 1]; NaN of none. */
export interface Share {
  readonly share: number;
  readonly of: number;
}

const shareOf = (hits: number, of: number): Share => ({ share: of === 0 ? Number.NaN : hits / of, of });

/** How often the recommendation is worse than a random mixture, over all moments looked at. */
export const worseThanRandom = (outcomes: readonly Pick<Outcome, 'moments'>[]): Share => {
  const regrets = outcomes.flatMap(({ moments }) => moments.map(({ regret }) => regret));
  return shareOf(regrets.filter((regret) => regret > RANDOM).length, regrets.length);
};

/** The cost mark at which most instances recommend what is worse than random, and their share there. */
export const worstMark = (
  outcomes: readonly Pick<Outcome, 'moments'>[],
  marks: readonly number[],
): Share & { readonly mark: number } => {
  const byMark = marks.map((mark) => {
    const regrets = outcomes.map((outcome) => regretAt(outcome, mark)).filter((regret) => !Number.isNaN(regret));
    return { mark, ...shareOf(regrets.filter((regret) => regret > RANDOM).length, regrets.length) };
  });
  return byMark.reduce((a, b) => (b.share > a.share || Number.isNaN(a.share) ? b : a));
};

/** The moments that stand for cost marks; one that stands for several counts once for each. */
const momentsAtMarks = (outcomes: readonly Pick<Outcome, 'moments'>[], marks: readonly number[]): Moment[] =>
  outcomes.flatMap((outcome) => marks.flatMap((mark) => momentAt(outcome, mark) ?? []));

/** How often the 90 % interval of the recommendation at the target held the truth, at the cost marks. */
export const recommendationCoverage = (
  outcomes: readonly Pick<Outcome, 'moments'>[],
  marks: readonly number[],
): Share => {
  const errors = momentsAtMarks(outcomes, marks)
    .map(({ standardizedError }) => standardizedError)
    .filter(Number.isFinite);
  return shareOf(errors.filter(isHeld).length, errors.length);
};

/** How often the 90 % interval of a mixture that was not run at the target held the truth, at the cost marks. */
export const heldOutCoverage = (outcomes: readonly Pick<Outcome, 'moments'>[], marks: readonly number[]): Share => {
  const tallies = momentsAtMarks(outcomes, marks).flatMap(({ heldOut }) => heldOut ?? []);
  return shareOf(
    tallies.reduce((sum, { inside }) => sum + inside, 0),
    tallies.reduce((sum, { of }) => sum + of, 0),
  );
};

/** Mean spend by scale. */
export const spendByScale = (outcomes: readonly Pick<Outcome, 'spendByScale'>[]): Record<string, number> => {
  const total: Record<string, number> = {};
  for (const outcome of outcomes) {
    for (const [scale, cost] of Object.entries(outcome.spendByScale)) {
      total[scale] = (total[scale] ?? 0) + cost / outcomes.length;
    }
  }
  return total;
};

/** What running side by side costs against one after another. */
export interface Price {
  /** Median cost from which regret stays at or below the level, over the sequential one. */
  readonly cost: number;
  /** The same of simulated wall time. */
  readonly wall: number;
}

/** Compares sweeps with many places to sweeps of the same problem with one; NaN where either does not settle at the level. */
export const priceOfParallel = (
  sequential: readonly Pick<Outcome, 'moments'>[],
  parallel: readonly Pick<Outcome, 'moments'>[],
  level: number,
): Price => {
  const medianOf = (outcomes: readonly Pick<Outcome, 'moments'>[], key: 'cost' | 'wall'): number => {
    const value = median(outcomes.map((outcome) => settledMoment(outcome, level)?.[key] ?? Infinity));
    return Number.isFinite(value) ? value : Number.NaN;
  };
  const ratio = (key: 'cost' | 'wall'): number => medianOf(parallel, key) / medianOf(sequential, key);
  return { cost: ratio('cost'), wall: ratio('wall') };
};

/** Collects items that share a key, in the order of first sight. */
export const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
};
