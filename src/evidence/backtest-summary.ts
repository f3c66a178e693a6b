/** What plays of several policies and seeds come to, in figures and in words. */
import { median } from 'd3-array';
import { costUnit } from '../domain/cost.js';
import {
  formatCost,
  formatCount,
  formatFidelity,
  formatFixed,
  formatMixture,
  formatShare,
  formatValue,
  plural,
} from '../reports/format.js';
import { objectiveName } from '../reports/objective-of.js';
import { plainText } from '../reports/plain-text.js';
import { textTable } from '../reports/text-table.js';
import type { Played } from './backtest.js';
import { regretAt } from './regret-at.js';
import type { Replay } from './replay.js';

/** Parts of what the team spent at which policies are compared. */
const MARKS = [0.05, 0.1, 0.25, 0.5, 1] as const;

/** Over those seeds that got there, in the sweep's units. */
export interface Paid {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A policy over its seeds. */
export interface PolicySummary {
  readonly policy: string;
  readonly seeds: number;
  /** Seeds that came to recommend the team's best mixture and kept to it. */
  readonly found: number;
  /** What those had paid by then: median, and from least to most; null when none did. */
  readonly paidToFind: Paid | null;
  /** What was paid when a play had itself run that mixture at the target; null when none did. */
  readonly paidToRun: Paid | null;
  /** Median of all that was spent. */
  readonly spent: number;
  readonly runs: number;
  /** Median regret where so much of the team's spend had been paid; null before the first recommendation. */
  readonly regretAt: readonly { readonly paid: number; readonly regret: number | null }[];
}

export interface BacktestSummary {
  readonly unit: string;
  readonly budget: number;
  readonly parallel: number;
  readonly team: Replay['team'];
  readonly best: {
    readonly mixture: Replay['targetRows'][number]['mixture'];
    readonly value: number;
    readonly run: string;
  };
  readonly atTarget: number;
  /** See `Replay.broken`. */
  readonly broken: number;
  /** See `Replay.outside`. */
  readonly outside: number;
  readonly policies: readonly PolicySummary[];
}

const medianOf = (values: readonly number[]): number => median(values) ?? Number.NaN;

const paidOf = (paid: readonly number[]): Paid | null =>
  paid.length === 0 ? null : { median: medianOf(paid), least: Math.min(...paid), most: Math.max(...paid) };

const summaryOf = (policy: string, played: readonly Played[], teamSpent: number): PolicySummary => {
  const paid = played.flatMap(({ found }) => found ?? []);
  return {
    policy,
    seeds: played.length,
    found: paid.length,
    paidToFind: paidOf(paid),
    paidToRun: paidOf(played.flatMap(({ ran }) => ran ?? [])),
    spent: medianOf(played.map(({ spent }) => spent)),
    runs: medianOf(played.map(({ runs }) => runs)),
    regretAt: MARKS.map((mark) => ({ paid: mark * teamSpent, regret: regretAt(played, mark * teamSpent) })),
  };
};

/** Adds up plays, policy by policy in their order. */
export const summarize = (
  { sweep, team, targetRows, broken, outside }: Replay,
  played: readonly Played[],
): BacktestSummary => {
  const [best] = targetRows;
  const policies = [...new Set(played.map(({ policy }) => policy))];
  return {
    unit: costUnit(sweep.cost),
    budget: sweep.budget,
    parallel: sweep.parallel,
    team,
    best: { mixture: best?.mixture ?? {}, value: best?.value ?? Number.NaN, run: best?.run.run ?? '' },
    atTarget: targetRows.length,
    broken,
    outside,
    policies: policies.map((policy) =>
      summaryOf(
        policy,
        played.filter((one) => one.policy === policy),
        team.spent,
      ),
    ),
  };
};

const foundText = ({ found, seeds }: PolicySummary): string =>
  seeds === 1 ? (found === 1 ? 'yes' : 'no') : `${found} of ${seeds}`;

const paidText = (paid: Paid | null): string => {
  if (paid === null) return '-';
  const { median: middle, least, most } = paid;
  return least === most ? formatCost(middle) : `${formatCost(middle)} (${formatCost(least)} to ${formatCost(most)})`;
};

const rowOf = (summary: PolicySummary, teamSpent: number): string[] => [
  summary.policy,
  foundText(summary),
  paidText(summary.paidToFind),
  summary.paidToFind === null ? '-' : formatShare(summary.paidToFind.median / teamSpent),
  paidText(summary.paidToRun),
  ...summary.regretAt.map(({ regret }) => (regret === null || Number.isNaN(regret) ? '-' : formatFixed(regret, 3))),
  formatCost(summary.spent),
];

/** Says what a backtest came to. */
export const backtestText = (summary: BacktestSummary, { sweep }: Replay): string => {
  const { unit, team, best, atTarget, broken, outside, budget, parallel } = summary;
  const marks = MARKS.map((mark) => `at ${formatShare(mark, 0)}`);
  const header = ['policy', 'found', `paid to find (${unit})`, 'of team', `paid to run (${unit})`, ...marks, 'spent'];
  const unguarded = broken === 0 ? '' : `; ${formatCount(broken)} more did and broke a guard there`;
  const excluded = outside === 0 ? '' : `; ${formatCount(outside)} more did that the sweep’s limits exclude`;
  return [
    `The team made ${plural(team.runs, 'run')} for ${formatCost(team.spent, unit)}; ${plural(atTarget, 'mixture')} ran to the target, ${formatFidelity(sweep.target)}${unguarded}${excluded}.`,
    `Best there: ${objectiveName(sweep.objective)} ${formatValue(best.value)} (${plainText(best.run)}): ${formatMixture(best.mixture)}.`,
    `In the table's order, the team had it after ${formatCost(team.spentAtBest, unit)}.`,
    '',
    ...textTable(
      header,
      summary.policies.map((one) => rowOf(one, team.spent)),
      [2, 3, 4, ...marks.map((_, i) => 5 + i), 5 + marks.length],
    ),
    '',
    `found: recommends the team's best mixture and never another again; run: has run it at the target itself.`,
    `Then the regret of the recommendation after that part of the team's spend:`,
    `0 is the best row at the target, 1 the median one; medians over seeds. Budget ${formatCost(budget, unit)}, ${plural(parallel, 'run')} at once.`,
  ].join('\n');
};
