/** Tables of what the benchmark of choices found. */
import {
  geometricMean,
  groupBy,
  heldOutCoverage,
  LEVELS,
  median,
  priceOfParallel,
  recommendationCoverage,
  regretAt,
  settledMoment,
  spendByScale,
  worseThanRandom,
  worstMark,
  type Share,
} from './choice-statistics.js';
import type { Outcome } from './choice-task.js';

const NAME_WIDTH = 44; // a family's name and what its row is

const cell = (value: number, digits = 3): string =>
  (Number.isFinite(value) ? value.toFixed(digits) : '-').padStart(digits === 0 ? 6 : 7);

const percent = ({ share }: Share, digits = 0): string =>
  Number.isNaN(share) ? 'none' : `${(100 * share).toFixed(digits)} %`;

const spendText = (outcomes: readonly Outcome[]): string =>
  Object.entries(spendByScale(outcomes))
    .map(([scale, cost]) => `${scale} ${cost.toFixed(cost < 10 ? 1 : 0)}`)
    .join(', ');

const summaryOf = (outcomes: readonly Outcome[], marks: readonly number[]): string => {
  const worst = worstMark(outcomes, marks);
  const all = worseThanRandom(outcomes);
  const held = recommendationCoverage(outcomes, marks);
  const heldOut = heldOutCoverage(outcomes, marks);
  return (
    `worse than random ${percent(worst)} at ${worst.mark}, ${percent(all, 1)} of ${all.of} moments; ` +
    `90 % intervals hold ${percent(held)} of ${held.of} recommendations, ${percent(heldOut)} of ${heldOut.of} held-out mixtures`
  );
};

interface Row {
  readonly family: string;
  readonly regrets: readonly number[];
}

const problemRow = (name: string, runs: readonly Outcome[], marks: readonly number[]): Row => {
  const regrets = marks.map((mark) => median(runs.map((run) => regretAt(run, mark))));
  const levels = LEVELS.map((level) => median(runs.map((run) => settledMoment(run, level)?.cost ?? Infinity)));
  const cells = [...regrets.map((value) => cell(value)), ...levels.map((value) => cell(value, 0))];
  console.log(name.padEnd(NAME_WIDTH) + cells.join(''));
  return { family: runs[0]!.family, regrets };
};

const familyRows = (family: string, members: readonly Row[], marks: readonly number[]): void => {
  if (members.length < 2) return;
  const columns = marks.map((_, k) => members.map(({ regrets }) => regrets[k]!));
  const line = (what: string, of: (column: readonly number[]) => number): void =>
    console.log(`${family}: ${what}`.padEnd(NAME_WIDTH) + columns.map((column) => cell(of(column))).join(''));
  line('geometric mean', geometricMean);
  line('worst', (column) => Math.max(...column));
};

/** Prints one policy's outcomes: a row for each problem, then its families, then all of them. */
export const printPolicy = (title: string, outcomes: readonly Outcome[], marks: readonly number[]): void => {
  const heads = [...marks.map((mark) => String(mark).padStart(7)), ...LEVELS.map((level) => `<=${level}`.padStart(6))];
  console.log(`\n${title}: median regret at cost`.padEnd(NAME_WIDTH + 1) + heads.join(''));
  const rows = [...groupBy(outcomes, ({ task }) => task.problem)].map(([name, runs]) => problemRow(name, runs, marks));
  for (const [family, members] of groupBy(rows, (row) => row.family)) familyRows(family, members, marks);
  for (const [family, runs] of groupBy(outcomes, (outcome) => outcome.family)) {
    const seconds = runs.reduce((sum, run) => sum + run.seconds, 0) / runs.length;
    console.log(`${family}: ${summaryOf(runs, marks)}; spend ${spendText(runs)}; ${seconds.toFixed(1)} s a sweep`);
  }
  console.log(`all: ${summaryOf(outcomes, marks)}`);
};

const ratio = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '-').padStart(7);

/** Prints what trials in flight cost in money and save in time, by problem and level of regret, against one at a time. */
export const printPriceOfParallel = (
  policy: string,
  sequential: readonly Outcome[],
  parallel: readonly Outcome[],
  places: number,
): void => {
  const heads = LEVELS.map((level) => `   cost   wall <=${level}`.padStart(20)).join('');
  console.log(`\n${policy}: ${places} in flight over 1`.padEnd(NAME_WIDTH + 1) + heads);
  const others = groupBy(parallel, ({ task }) => task.problem);
  const prices = [...groupBy(sequential, ({ task }) => task.problem)].map(([problem, runs]) => {
    const found = LEVELS.map((level) => priceOfParallel(runs, others.get(problem) ?? [], level));
    console.log(
      problem.padEnd(NAME_WIDTH) + found.map(({ cost, wall }) => `${ratio(cost)}${ratio(wall)}      `).join(''),
    );
    return found;
  });
  const mean = (k: number, key: 'cost' | 'wall'): number => {
    const known = prices.map((found) => found[k]![key]).filter(Number.isFinite);
    return known.length === 0 ? Number.NaN : geometricMean(known);
  };
  const means = LEVELS.map((_, k) => `${ratio(mean(k, 'cost'))}${ratio(mean(k, 'wall'))}      `);
  console.log('geometric mean'.padEnd(NAME_WIDTH) + means.join(''));
};
