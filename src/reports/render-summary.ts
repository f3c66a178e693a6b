/** What a terminal shows when a sweep has ended, or of one that still runs. */
import type { Recommendation } from '../domain/decision.js';
import { cautionsOf } from './caution.js';
import { columnsOf } from './columns.js';
import { confirmationSentence } from './confirmation.js';
import {
  formatCost,
  formatDuration,
  formatFidelity,
  formatInterval,
  formatMixture,
  formatPrediction,
  formatShare,
  formatTime,
  plural,
} from './format.js';
import { guardSentence, isHeld } from './guard-text.js';
import { objectiveName } from './objective-of.js';
import { plainText } from './plain-text.js';
import { hasMeasured, otherNearOptimal, wasMade, type SweepView } from './sweep-view.js';
import { bar, fit, line, piece, wrap, type TerminalOptions, type Tone } from './terminal/line.js';

export interface SummaryOptions extends TerminalOptions {
  /** Where the report lies; named last. */
  readonly report?: string;
}

const TONES: Readonly<Record<SweepView['status'], Tone>> = {
  running: 'accent',
  paused: 'warn',
  completed: 'good',
  cancelled: 'warn',
  failed: 'bad',
};

const SHORTEST_BAR = 6; // columns
const BESIDE_SHARE = 36; // columns of a share and its range
const BESIDE_SPEND = 48; // of a cost, its unit and the runs

const paragraph = (text: string, options: TerminalOptions, tone: Tone = 'plain', indent = '  '): string[] =>
  wrap(text, Math.max(20, options.width - indent.length - 1)).map((part) =>
    line([piece(indent + part, tone)], options),
  );

/** Columns for names: as many as the longest takes, where what stands beside them leaves so much, with a bar cut short. */
const nameColumns = (names: readonly string[], least: number, beside: number, { width }: TerminalOptions): number =>
  Math.min(Math.max(least, width - beside - SHORTEST_BAR), Math.max(...names.map(columnsOf)));

const barLength = (names: number, beside: number, { width }: TerminalOptions): number =>
  Math.max(SHORTEST_BAR, Math.min(28, width - names - beside));

const heading = (text: string, options: TerminalOptions): string => line([piece(text, 'strong')], options);

const mixtureLines = (
  view: SweepView,
  { mixture, shareRanges }: Recommendation,
  options: TerminalOptions,
): string[] => {
  const domains = Object.keys(view.sweep.domains);
  const columns = nameColumns(domains, 20, BESIDE_SHARE, options);
  const largest = Math.max(0.01, ...domains.map((domain) => mixture[domain] ?? 0));
  const length = barLength(columns, BESIDE_SHARE, options);
  return domains.map((domain) => {
    const share = mixture[domain] ?? 0;
    const range = shareRanges[domain];
    const between = range === undefined ? '' : `  (${formatShare(range[0])} to ${formatShare(range[1])})`;
    return line(
      [
        piece(`  ${fit(domain, columns)} `),
        piece(`${formatShare(share).padStart(7)}  `, 'strong'),
        ...bar(length, [{ share: share / largest, tone: 'accent' }]),
        piece(between, 'soft'),
      ],
      options,
    );
  });
};

const recommendationLines = (view: SweepView, options: TerminalOptions): string[] => {
  const { recommendation, sweep } = view;
  if (recommendation === null) return [heading('No recommendation yet', options)];
  const said = hasMeasured(view)
    ? `${formatPrediction(recommendation)} (95 % interval ${formatInterval(recommendation)})`
    : 'nothing yet';
  const prediction = `Predicted ${objectiveName(sweep.objective)} at ${formatFidelity(sweep.target)}: ${said}.`;
  return [
    heading('Recommended mixture', options),
    ...mixtureLines(view, recommendation, options),
    ...paragraph(prediction, options),
  ];
};

const guardLines = ({ recommendation }: SweepView, options: TerminalOptions): string[] =>
  (recommendation?.guards ?? []).flatMap((guard) =>
    paragraph(guardSentence(guard), options, isHeld(guard) ? 'plain' : 'warn'),
  );

const FRONT_SHOWN = 12; // lines

/** The front, a line a mixture. */
const frontLines = ({ recommendation }: SweepView, options: TerminalOptions): string[] => {
  const whole = recommendation?.front ?? [];
  const front = whole.slice(0, FRONT_SHOWN);
  if (front.length === 0) return [];
  const more = whole.length - front.length;
  const lines = front.flatMap(({ mixture, metrics }) => {
    const named = Object.entries(metrics).map(
      ([metric, value]) => `${plainText(metric, 40)} ${formatPrediction(value)}`,
    );
    return paragraph(`${named.join(', ')}: ${formatMixture(mixture, 4)}`, options);
  });
  return [
    '',
    heading('The front of trade-offs, at the target', options),
    ...lines,
    ...(more === 0 ? [] : paragraph(`And ${plural(more, 'more mixture')}: see the report.`, options, 'soft')),
  ];
};

const nearOptimalLines = (view: SweepView, options: TerminalOptions): string[] => {
  const { recommendation } = view;
  if (recommendation === null || !hasMeasured(view)) return [];
  const near = otherNearOptimal(recommendation);
  if (near.length === 0) return [];
  const asText = ({ mixture }: Pick<Recommendation, 'mixture'>): string => formatMixture(mixture, 5);
  const others = [...new Set(near.map(asText))].filter((text) => text !== asText(recommendation));
  const instances = others.length === 0 ? '' : ` For instance: ${others.slice(0, 2).join('; ')}.`;
  const text = `${plural(near.length, 'other mixture')} cannot be told from it; the brackets give the range of each share over them.${instances}`;
  return paragraph(text, options, 'soft');
};

const spendLines = (view: SweepView, options: TerminalOptions): string[] => {
  const scales = view.spentByScale.map(({ scale }) => scale);
  const columns = nameColumns(scales, 14, BESIDE_SPEND, options);
  const length = barLength(columns, BESIDE_SPEND, options);
  const most = Math.max(...view.spentByScale.map(({ cost }) => cost)) || 1;
  const rows = view.spentByScale.map(({ scale, cost, runs, confirmCost }) => {
    const confirming = confirmCost > 0 ? `, ${formatCost(confirmCost)} of it to confirm` : '';
    return line(
      [
        piece(`  ${fit(scale, columns)} `),
        ...bar(length, [{ share: cost / most, tone: 'accent' }]),
        piece(` ${formatCost(cost).padStart(6)} ${view.unit}`),
        piece(` in ${plural(runs, 'run')}${confirming}`, 'soft'),
      ],
      options,
    );
  });
  const whole = `${formatCost(view.spent, view.unit)} of ${formatCost(view.sweep.budget)} (${formatShare(view.spent / view.sweep.budget)})`;
  return [heading(`What was spent where: ${whole}`, options), ...rows];
};

const endLines = (view: SweepView, options: TerminalOptions): string[] => {
  const lasted = formatDuration(Date.parse(view.lastAt) - Date.parse(view.startedAt));
  const when = view.end === null ? `by ${formatTime(view.lastAt)}, the last line of its record` : `in ${lasted}`;
  const first = line(
    [
      piece(view.sweepId, 'strong'),
      piece('  '),
      piece(view.status, TONES[view.status]),
      piece(`  ${plural(view.observations.filter(wasMade).length, 'run')} ${when}`, 'soft'),
    ],
    options,
  );
  return view.end === null ? [first] : [first, ...paragraph(view.end.reason, options, 'soft')];
};

const MOST_TRIALS = 16; // a terminal's worth

const standingOf = ({ awaiting, parked }: SweepView, trial: string): string => {
  if (awaiting.has(trial)) return ', waits for approval';
  const parking = parked.find((one) => one.trial === trial);
  return parking === undefined ? '' : `, parked: ${plainText(parking.reason, 300)}`;
};

/** Trials that have not ended: of a sweep that cannot be asked this is all there is to tell. */
const inFlightLines = (view: SweepView, options: TerminalOptions): string[] => {
  const { inFlight, unit } = view;
  if (view.end !== null || inFlight.length === 0) return [];
  const shown = inFlight.slice(0, MOST_TRIALS).flatMap((decision) => {
    const { trial, cost } = decision;
    const run = `${formatFidelity(decision)}, decided for up to ${formatCost(cost, unit)}`;
    return paragraph(`${plainText(trial)}  ${run}${standingOf(view, trial)}`, options);
  });
  const hidden = inFlight.length - MOST_TRIALS;
  const more = hidden > 0 ? paragraph(`and ${plural(hidden, 'more trial')}`, options, 'soft') : [];
  return ['', heading('In flight, as far as the record tells', options), ...shown, ...more];
};

/** Renders the closing text: mixture with intervals, near-optimal set, confirmation, what was spent where, the report. */
export const renderSummary = (view: SweepView, options: SummaryOptions): string[] => [
  ...endLines(view, options),
  '',
  ...recommendationLines(view, options),
  ...guardLines(view, options),
  ...nearOptimalLines(view, options),
  ...cautionsOf(view).flatMap((caution) => paragraph(`Take care: ${caution}`, options, 'warn')),
  ...frontLines(view, options),
  '',
  ...spendLines(view, options),
  ...inFlightLines(view, options),
  '',
  heading('Confirmation', options),
  ...paragraph(confirmationSentence(view), options),
  ...(options.report === undefined ? [] : ['', `Report: ${options.report}`]),
];
