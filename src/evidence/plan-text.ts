/** A plan, and what rehearsals of it came to, in words. */
import { formatCost, formatCount, formatFixed, formatShare, formatSignificant, plural } from '../reports/format.js';
import { plainText } from '../reports/plain-text.js';
import { textTable } from '../reports/text-table.js';
import type { Plan, PricedFidelity } from './plan.js';
import { REHEARSAL_MARKS, type Range, type RehearsalSummary } from './rehearsal-summary.js';

const budgetText = ({ budget, confirmation, price, search, targetCost, unit }: Plan): string => {
  const money = price === null ? '' : ` (${formatCost(budget * price)} at ${price} per GPU-hour)`;
  const whole = `${formatCost(budget, unit)}${money}, ${formatFixed(budget / targetCost, 1)} runs to the target`;
  if (confirmation === 0) return `Budget: ${whole}; all of it for the search.`;
  const runs = plural(Math.round(confirmation / targetCost), 'confirmation run');
  return `Budget: ${whole}; ${formatCost(confirmation)} of it kept for ${runs}, ${formatCost(search)} for the search.`;
};

const priceTable = ({ prices, targetCost, unit }: Plan): string[] => {
  const waits = prices.some(({ approval }) => approval.length > 0);
  const rowOf = ({ scale, steps, cost, approval }: PricedFidelity): string[] => [
    plainText(scale),
    formatCount(steps),
    formatCost(cost),
    `${formatSignificant((100 * cost) / targetCost, 2)} %`,
    ...(waits ? [approval.length > 0 ? `waits for a person: ${approval.join('; ')}` : ''] : []),
  ];
  const header = [
    'scale',
    'steps',
    `a run costs (${plainText(unit)})`,
    'of a target run',
    ...(waits ? ['approval'] : []),
  ];
  return textTable(header, prices.map(rowOf), [1, 2, 3]);
};

const openingText = ({ opening, search, targetRuns, unit }: Plan): string[] => {
  if (opening.length === 0) return [];
  const cost = opening.reduce((sum, tier) => sum + tier.cost, 0);
  const runs = opening.reduce((sum, tier) => sum + tier.runs, 0);
  const rows = opening.map((tier) => [
    formatCount(tier.runs),
    plainText(tier.scale),
    formatCount(tier.steps),
    formatCost(tier.cost),
  ]);
  return [
    '',
    `Opening: ${plural(runs, 'run')} for ${formatCost(cost, unit)}, ${formatSignificant((100 * cost) / search, 2)} % of the search's money, over corners and centre of the allowed mixtures:`,
    ...textTable(['runs', 'scale', 'steps', 'together cost'], rows, [0, 2, 3]),
    'What the first ones report may change the last ones: fewer or shorter runs, or more at a larger scale where small ones are no guide.',
    `Then the run that is worth most for its price, again and again; what is left pays for ${formatFixed(Math.floor(10 * targetRuns) / 10, 1)} runs to the target, or more smaller ones.`,
  ];
};

const rangeText = ([least, most]: Range, format: (value: number) => string): string =>
  format(least) === format(most) ? format(least) : `${format(least)} to ${format(most)}`;

const KINDS = {
  guide: 'rank as the target does',
  mislead: 'rank the other way round',
  useless: 'say nothing',
} as const;

const rehearsalRow = (summary: RehearsalSummary): string[] => [
  KINDS[summary.smallScales],
  ...[summary.runs, summary.runsAtTargetScale, summary.targetRuns].map((range) => rangeText(range, formatCount)),
  rangeText(summary.spent, (value) => formatCost(value)),
  rangeText(summary.lasted, (value) => formatFixed(value, 1)),
  ...summary.regretAt.map(({ regret }) => (regret === null ? '-' : formatFixed(regret, 3))),
];

const rehearsalText = ({ unit, target }: Plan, rehearsals: readonly RehearsalSummary[]): string[] => {
  const [first] = rehearsals;
  if (first === undefined) return [];
  const marks = REHEARSAL_MARKS.map((part) => `at ${formatShare(part, 0)}`);
  const header = [
    'small scales',
    'runs',
    `at ${plainText(target.scale)}`,
    'to the target',
    `spent (${plainText(unit)})`,
    'lasts',
    ...marks,
  ];
  return [
    '',
    `Rehearsed on ${plural(first.laws, 'made-up law')} of each kind, with this file's domains, limits, scales, prices and policy:`,
    ...textTable(header, rehearsals.map(rehearsalRow), [1, 2, 3, 4, 5, ...marks.map((_, i) => 6 + i)]),
    'lasts: as long as so many target runs one after another, if every run takes as long as it costs and none waits for a place; confirmation comes after.',
    "The last columns are the regret of what is recommended after that part of the search's money: 0 the best allowed mixture, 1 a random one; medians.",
    'No run of yours is behind these laws: they say how a sweep of this size goes, not how this one will. No job fails in them, and guards are left out.',
  ];
};

/** Says what a sweep would do. */
export const planText = (plan: Plan, rehearsals: readonly RehearsalSummary[]): string => {
  const { sweep, policy, parallel, notes } = plan;
  return [
    `${plainText(sweep)}, policy ${policy}, up to ${plural(parallel, 'job')} at once. Nothing was started or written.`,
    budgetText(plan),
    '',
    ...priceTable(plan),
    ...openingText(plan),
    ...rehearsalText(plan, rehearsals),
    ...(notes.length === 0
      ? []
      : ['', ...notes.map((note) => `Note: ${plainText(note, 400)}${note.endsWith('?') ? '' : '.'}`)]),
  ].join('\n');
};
