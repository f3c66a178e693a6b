/** Tables of what the benchmark of choices found. */
import type { Outcome } from './choice-task.js';

/** Cumulative costs at which regret is printed; 196 is one target run of the reference. */
export const MARKS = [10, 20, 50, 100, 196, 300, 400, 500, 600, 766, 980, 1500, 2000, 3000, 4000];
const LEVELS = [0.1, 0.05, 0.01];
const FLOOR = 1e-3; // regret below a thousandth counts as one in geometric means
const RANDOM = 1; // regret of the median random mixture
const INTERVAL90 = 1.645; // sds on either side that hold 90 % of a normal

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The median, Infinity and NaN (nothing recommended yet) last. */
const median = (values: readonly number[]): number => {
  const ranked = sorted(values.map((value) => (Number.isNaN(value) ? Infinity : value)));
  const middle = ranked.length >> 1;
  return ranked.length % 2 === 1 ? ranked[middle]! : (ranked[middle - 1]! + ranked[middle]!) / 2;
};

/** Regret of what is recommended once `cost` has been spent. */
const regretAt = ({ moments }: Outcome, cost: number): number =>
  moments.findLast((moment) => moment.cost <= cost * (1 + 1e-9))?.regret ?? Number.NaN;

/** The cost from which regret stays at or below a level; Infinity when it does not. */
const settledFrom = ({ moments }: Outcome, level: number): number => {
  const last = moments.findLastIndex(({ regret }) => regret > level);
  return moments[last + 1]?.cost ?? Infinity;
};

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, FLOOR)), 0) / values.length);

const cell = (value: number, digits = 3): string =>
  (Number.isFinite(value) ? value.toFixed(digits) : '-').padStart(digits === 0 ? 6 : 7);

const groupBy = <T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};

const spendOf = (outcomes: readonly Outcome[]): string => {
  const total: Record<string, number> = {};
  for (const { spendByScale } of outcomes) {
    for (const [scale, cost] of Object.entries(spendByScale)) total[scale] = (total[scale] ?? 0) + cost;
  }
  return Object.entries(total)
    .map(([scale, cost]) => `${scale} ${Math.round(cost / outcomes.length)}`)
    .join(', ');
};

/** Share of instances worse than a random mixture: at the worst cost mark, and over all moments from the first run on. */
const worseThanRandom = (outcomes: readonly Outcome[], marks: readonly number[]): string => {
  const share = (values: readonly number[]): number =>
    values.filter((value) => value > RANDOM).length / Math.max(1, values.length);
  const atMarks = marks.map((mark) =>
    share(outcomes.map((outcome) => regretAt(outcome, mark)).filter((regret) => !Number.isNaN(regret))),
  );
  const all = share(outcomes.flatMap(({ moments }) => moments.map(({ regret }) => regret)));
  const worst = Math.max(...atMarks);
  return `worse than random: ${(100 * worst).toFixed(0)} % at ${marks[atMarks.indexOf(worst)]}, ${(100 * all).toFixed(1)} % of all moments`;
};

/** How often the 90 % interval of the recommendation held the truth, at the cost marks. */
const coverage = (outcomes: readonly Outcome[], marks: readonly number[]): string => {
  const errors = outcomes.flatMap(({ moments }) =>
    marks.flatMap(
      (mark) => moments.findLast((moment) => moment.cost <= mark * (1 + 1e-9))?.standardizedError ?? Number.NaN,
    ),
  );
  const known = errors.filter((error) => Number.isFinite(error));
  const held = known.filter((error) => Math.abs(error) <= INTERVAL90).length;
  return `90 % intervals hold ${((100 * held) / Math.max(1, known.length)).toFixed(0)} % of ${known.length}`;
};

/** Prints one policy's outcomes: a row for each problem, then its families. */
export const printPolicy = (policy: string, outcomes: readonly Outcome[], marks: readonly number[]): void => {
  const heads = [...marks.map((mark) => String(mark).padStart(7)), ...LEVELS.map((level) => `<=${level}`.padStart(6))];
  console.log(`\n${policy}: median regret at cost`.padEnd(32) + heads.join(''));
  const rows = [...groupBy(outcomes, ({ task }) => task.problem)].map(([name, runs]) => {
    const regrets = marks.map((mark) => median(runs.map((run) => regretAt(run, mark))));
    const levels = LEVELS.map((level) => median(runs.map((run) => settledFrom(run, level))));
    console.log(
      name.padEnd(31) + regrets.map((value) => cell(value)).join('') + levels.map((value) => cell(value, 0)).join(''),
    );
    return { family: runs[0]!.family, regrets };
  });
  for (const [family, members] of groupBy(rows, (row) => row.family)) {
    if (members.length < 2) continue;
    const columns = marks.map((_, k) => members.map(({ regrets }) => regrets[k]!));
    console.log(`${family}: geometric mean`.padEnd(31) + columns.map((column) => cell(geometricMean(column))).join(''));
    console.log(`${family}: worst`.padEnd(31) + columns.map((column) => cell(Math.max(...column))).join(''));
  }
  for (const [family, runs] of groupBy(outcomes, (outcome) => outcome.family)) {
    const seconds = runs.reduce((sum, run) => sum + run.seconds, 0) / runs.length;
    console.log(
      `${family}: ${worseThanRandom(runs, marks)}; ${coverage(runs, marks)}; ` +
        `spend ${spendOf(runs)}; ${seconds.toFixed(1)} s a sweep`,
    );
  }
};
