import type { NearOptimal, Recommendation } from '../../domain/decision.js';
import { RETRACTED } from '../../domain/observation.js';
import { cautionsOf } from '../caution.js';
import { confirmationOf, confirmationSentence, confirmedBySearch, movedSince, reportedText } from '../confirmation.js';
import {
  formatCost,
  formatDuration,
  formatFidelity,
  formatInterval,
  formatMixture,
  formatPrediction,
  formatShare,
  formatTime,
  formatValue,
  plural,
} from '../format.js';
import { objectiveName, objectiveSentence } from '../objective-of.js';
import { mixturePlot } from '../plots/mixture-plot.js';
import {
  hasMeasured,
  isLost,
  otherNearOptimal,
  wasMade,
  type ObservationView,
  type ScaleSpend,
  type SweepView,
} from '../sweep-view.js';
import { markup, type Insert, type Markup } from './markup.js';
import { guardTable } from './several-metrics.js';
import { section, table } from './table.js';

/** Why it has ended, or is paused. */
const whyItStands = ({ end, pause }: SweepView): Insert => {
  if (end !== null) return markup`<p class="meta">Ended: ${end.reason}</p>`;
  if (pause === null) return '';
  return markup`<p class="meta">Paused by ${pause.by}${pause.reason === undefined ? '' : `: ${pause.reason}`}</p>`;
};

/** Title, status, and what the sweep was about. */
export const header = (view: SweepView): Markup => {
  const { sweep, status, startedAt, lastAt } = view;
  const lasted = formatDuration(Date.parse(lastAt) - Date.parse(startedAt));
  const when =
    view.end === null
      ? `since ${formatTime(startedAt)}; as of the last line of its record, ${formatTime(lastAt)}`
      : `${formatTime(startedAt)} to ${formatTime(lastAt)} (${lasted})`;
  return markup`<header><h1>${sweep.name}<span class="chip ${status}">${status}</span></h1><p class="meta">${objectiveSentence(sweep.objective)} at ${formatFidelity(sweep.target)}, over ${plural(Object.keys(sweep.domains).length, 'domain')}; policy ${sweep.policy.name}</p><p class="meta">Sweep ${view.sweepId}, ${when}</p>${whyItStands(view)}</header>`;
};

const tile = (title: string, value: Insert, small: Insert): Markup =>
  markup`<div class="tile"><dt>${title}</dt><dd>${value}<small>${small}</small></dd></div>`;

const confirmationTile = (view: SweepView): Markup => {
  const result = confirmationOf(view);
  const [first] = confirmedBySearch(view);
  if (first !== undefined && view.sweep.confirm > 0) {
    const value = formatValue(first.value ?? Number.NaN);
    return tile('Run at the target by the search', value, `${first.trial}; no confirmation run was needed`);
  }
  if (result === undefined) return tile('Confirmed at the target', 'no', confirmationSentence(view));
  const value = reportedText(result);
  const verdict =
    result.predicted === undefined
      ? ''
      : `${result.held ? 'inside' : 'outside'} what was predicted before, ${formatPrediction(result.predicted)}`;
  const moved = movedSince(view);
  const runs = plural(result.runs, 'run');
  return moved === 0
    ? tile(`Confirmed at the target (${runs})`, value, verdict)
    : tile(
        `Reported by what was recommended before (${runs})`,
        value,
        [verdict, `the recommendation has moved by ${formatShare(moved)} since`].filter(Boolean).join('; '),
      );
};

/** A prediction that counted a result which was taken back stands no longer, and there is none until the next decision. */
const whatIsGone = ({ observations, imports }: SweepView): string =>
  [...observations, ...imports].some(({ status }) => status === RETRACTED)
    ? 'none since a result was taken back; the last one counted it'
    : '';

/** What is predicted: of the recommendation, or while there is none, of what is believed best. */
const predictionTile = (view: SweepView): Markup => {
  const { recommendation, belief, sweep } = view;
  const metric = objectiveName(sweep.objective);
  const predicted = recommendation ?? belief?.incumbent;
  if (predicted === undefined || !hasMeasured(view))
    return tile(`Predicted ${metric}`, 'none yet', predicted === undefined ? whatIsGone(view) : '');
  const so = recommendation === null ? 'of what is believed best so far; nothing is recommended yet; ' : '';
  return tile(
    `Predicted ${metric} at the target`,
    formatPrediction(predicted),
    `${so}95 % interval ${formatInterval(predicted)}`,
  );
};

/** How many runs there were, and what became of every one. */
const runsTile = ({ observations, inFlight, parked, awaiting }: SweepView): Markup => {
  const among = (is: (run: ObservationView) => boolean): number => observations.filter(is).length;
  const parts: readonly (readonly [number, string])[] = [
    [among(({ status }) => status === RETRACTED), 'retracted'],
    [among(isLost), 'did not complete'],
    [observations.length - among(wasMade), 'not approved'],
    [inFlight.length - parked.length - awaiting.size, 'in flight'],
    [parked.length, 'parked'],
    [awaiting.size, 'waiting for approval'],
  ];
  const some = parts.filter(([count, words]) => count > 0 || words === 'in flight');
  const completed = `${among(({ status }) => status === 'completed')} completed`;
  return tile(
    'Runs',
    plural(among(wasMade), 'run'),
    [completed, ...some.map(([count, words]) => `${count} ${words}`)].join(', '),
  );
};

/** The four figures that matter. */
export const tiles = (view: SweepView): Markup => {
  const { spent, unit, sweep } = view;
  const dollars = priceOf(view);
  return markup`<dl class="tiles">${predictionTile(view)}${confirmationTile(view)}${tile(
    'Spent',
    formatCost(spent, unit),
    `${formatShare(spent / sweep.budget)} of ${formatCost(sweep.budget, unit)}${dollars}`,
  )}${runsTile(view)}</dl>`;
};

const priceOf = ({ sweep: { cost }, spent }: SweepView): string =>
  cost.kind === 'gpu-hours' && cost.price !== undefined
    ? `; ${formatCost(spent * cost.price)} at ${cost.price} per GPU-hour`
    : '';

/** Warnings that stand above everything else. */
export const cautions = (view: SweepView): Markup[] =>
  cautionsOf(view).map((caution) => markup`<p class="warning"><strong>Take care:</strong> ${caution}</p>`);

const nearOptimalTable = (view: SweepView, near: readonly NearOptimal[]): Insert => {
  if (near.length === 0) return '';
  const shown = near.slice(0, 8);
  const more =
    near.length > shown.length ? markup`<p class="note">${near.length - shown.length} more are in the record.</p>` : '';
  const rows = table<NearOptimal>(
    [
      { title: `predicted ${objectiveName(view.sweep.objective)}`, kind: 'narrow', cell: formatPrediction },
      { title: 'mixture', cell: ({ mixture }) => formatMixture(mixture) },
    ],
    shown,
  );
  return markup`<details><summary>${plural(near.length, 'other mixture')} that cannot be told from the best</summary>${rows}${more}</details>`;
};

export const recommendationSection = (view: SweepView, recommendation: Recommendation): Markup =>
  section('Recommended mixture', [
    mixturePlot(view, recommendation),
    markup`<p class="note">Bar: recommended share. Whisker and brackets: the share over all mixtures whose predicted difference to the best is within the doubt of the belief: they are as good, or too little is known to tell. How wide their predictions are says which.</p>`,
    guardTable(view, recommendation),
    nearOptimalTable(view, hasMeasured(view) ? otherNearOptimal(recommendation) : []),
  ]);

export const confirmationSection = (view: SweepView): Markup => {
  const rows =
    view.confirmations.length === 0
      ? ''
      : table<ObservationView>(
          [
            { title: 'trial', cell: ({ trial }) => trial },
            { title: 'status', cell: ({ status }) => status },
            {
              title: objectiveName(view.sweep.objective),
              kind: 'right',
              cell: ({ value }) => (value === undefined ? '' : formatValue(value)),
            },
            { title: `cost (${view.unit})`, kind: 'right', cell: ({ cost }) => formatCost(cost) },
          ],
          view.confirmations,
        );
  return section('Confirmation', [markup`<p>${confirmationSentence(view)}</p>`, rows]);
};

export const spendTable = (view: SweepView): Markup =>
  markup`<details><summary>Figures</summary>${table<ScaleSpend>(
    [
      { title: 'scale', cell: ({ scale }) => scale },
      { title: 'runs', kind: 'right', cell: ({ runs }) => runs.toString() },
      { title: 'completed', kind: 'right', cell: ({ completed }) => completed.toString() },
      { title: `spent (${view.unit})`, kind: 'right', cell: ({ cost }) => formatCost(cost) },
      { title: 'confirming', kind: 'right', cell: ({ confirmCost }) => formatCost(confirmCost) },
      { title: 'lost', kind: 'right', cell: ({ lostCost }) => formatCost(lostCost) },
    ],
    view.spentByScale,
  )}</details>`;
