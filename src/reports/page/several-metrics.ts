import type { FrontPoint, GuardForecast, Recommendation } from '../../domain/decision.js';
import { metricSign } from '../../domain/objective.js';
import { formatMixture, formatPrediction, formatValue, plural } from '../format.js';
import { movedSince } from '../confirmation.js';
import { chanceText, confirmedMetric, isHeld, limitText } from '../guard-text.js';
import { frontPlot } from '../plots/front-plot.js';
import type { SweepView } from '../sweep-view.js';
import { markup, type Insert, type Markup } from './markup.js';
import { section, table } from './table.js';

/** The guarded metrics of the recommended mixture; nothing when none is guarded. */
export const guardTable = (view: SweepView, { guards = [] }: Recommendation): Insert => {
  if (guards.length === 0) return '';
  const reported = ({ metric }: GuardForecast): string => {
    const value = confirmedMetric(view, metric);
    return value === undefined ? '' : formatValue(value);
  };
  const rows = table<GuardForecast>(
    [
      { title: 'guard', cell: ({ metric }) => metric },
      { title: 'limit', cell: limitText },
      { title: 'verdict', cell: (guard) => (isHeld(guard) ? 'kept' : 'not kept as surely as asked') },
      { title: 'predicted at the target', kind: 'narrow', cell: formatPrediction },
      { title: 'chance to hold', kind: 'right', cell: ({ probability }) => chanceText(probability) },
      { title: 'asked', kind: 'right', cell: ({ confidence }) => chanceText(confidence) },
      { title: movedSince(view) === 0 ? 'confirmed' : 'confirmed, before it moved', kind: 'right', cell: reported },
    ],
    guards,
  );
  return markup`<h3>Guards</h3>${rows}`;
};

const whichOfFront = ({ guards = [] }: Recommendation): string =>
  guards.every(isHeld)
    ? 'The recommended mixture is the compromise that the weights of the objective ask for.'
    : 'No mixture is predicted to keep every guard as surely as asked, so these are chosen without them; the recommended mixture is the one that is expected to break them least.';

/** Plot and table of the front; nothing unless the sweep asks for one. */
export const frontSection = ({ sweep, recommendation }: SweepView): Markup | undefined => {
  if (recommendation === null) return undefined;
  const { front = [] } = recommendation;
  const metrics = Object.keys(front[0]?.metrics ?? {});
  if (front.length === 0 || metrics.length === 0) return undefined;
  const arrow = (metric: string): string =>
    metricSign(sweep.objective, metric) > 0 ? 'less is better' : 'more is better';
  const cell = (metric: string) => (point: FrontPoint) => {
    const prediction = point.metrics[metric];
    return prediction === undefined ? '' : formatPrediction(prediction);
  };
  const rows = table<FrontPoint>(
    [
      ...metrics.map((metric) => ({
        title: `${metric} (${arrow(metric)})`,
        kind: 'narrow' as const,
        cell: cell(metric),
      })),
      { title: 'mixture', cell: ({ mixture }) => formatMixture(mixture) },
    ],
    front,
  );
  return section('The front of trade-offs', [
    frontPlot(front),
    markup`<p class="note">${plural(front.length, 'mixture')}, none predicted to be better than another in every metric, with 95 % intervals at the target${metrics.length > 2 ? '; the plot shows the first two metrics' : ''}. ${whichOfFront(recommendation)}</p>`,
    markup`<details open><summary>Figures</summary>${rows}</details>`,
  ]);
};
