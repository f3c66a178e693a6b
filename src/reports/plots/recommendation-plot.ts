import { area, curveStepAfter, line } from 'd3-shape';
import type { Prediction } from '../../domain/decision.js';
import { formatCost, formatFidelity, formatPrediction, formatValue, intervalOf } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import { objectiveName } from '../objective-of.js';
import { hasMeasured, targetRuns, type SweepView } from '../sweep-view.js';
import { fromZero, paddedExtent, tickFormat, ticksOf, verticalScale } from './domain-of-axis.js';
import { axes, clipped, FRAME, svg, type Axis } from './frame.js';
import { lineLegend, point, scaleLegend, scaleMarks } from './mark.js';

interface Step extends Prediction {
  readonly spent: number;
}

/** What was predicted for the best mixture at the target, each time it was stated, against what had been charged. */
const predictionSteps = (view: SweepView): Step[] => {
  const stated = view.decisions.flatMap(({ at, spent, explanation: { incumbent } }) =>
    incumbent === undefined ? [] : [{ at, spent, mean: incumbent.mean, sd: incumbent.sd }],
  );
  const recommended = view.recommendations.map(({ at, spent, recommendation: { mean, sd } }) => ({
    at,
    spent,
    mean,
    sd,
  }));
  return [...stated, ...recommended].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
};

/** The band of the first beliefs is wide; it may run out of the plot rather than flatten what matters. */
const verticalEnds = (steps: readonly Step[], seen: readonly number[]): [number, number] => {
  const last = steps.at(-1);
  const late = steps.slice(Math.floor(steps.length / 3));
  return paddedExtent([
    ...steps.map(({ mean }) => mean),
    ...seen,
    ...late.flatMap((step) => intervalOf(step)),
    ...(last === undefined ? [] : intervalOf(last)),
  ]);
};

/** The last prediction with its interval: its step in the line and the band may have no width. */
const drawLast = (last: Step, at: number, y: Axis): Markup => {
  const [low, high] = intervalOf(last);
  return markup`<path class="now" d="M${at - 5} ${y(low)}h10M${at} ${y(low)}V${y(high)}M${at - 5} ${y(high)}h10M${at - 3} ${y(last.mean)}h6" />`;
};

const drawBelief = (steps: readonly Step[], x: Axis, y: Axis, end: number): Markup => {
  const last = steps.at(-1);
  const extended = last === undefined ? steps : [...steps, { ...last, spent: Math.max(end, last.spent) }];
  const band = area<Step>(
    (step) => x(step.spent),
    (step) => y(intervalOf(step)[0]),
    (step) => y(intervalOf(step)[1]),
  ).curve(curveStepAfter);
  const mean = line<Step>(
    (step) => x(step.spent),
    (step) => y(step.mean),
  ).curve(curveStepAfter);
  const now = last === undefined ? '' : drawLast(last, x(Math.max(end, last.spent)), y);
  return markup`<path class="band" d="${band(extended) ?? ''}" /><path class="mean" d="${mean(extended) ?? ''}" />${now}`;
};

/** The prediction for the recommended mixture at the target, with its 95 % interval, against spend; none before a run has reported. */
export const recommendationPlot = (view: SweepView): Markup | undefined => {
  const steps = predictionSteps(view);
  if (steps.length === 0 || !hasMeasured(view)) return undefined;
  const metric = objectiveName(view.sweep.objective);
  const runs = targetRuns(view);
  const x = fromZero(FRAME, [view.spent, ...steps.map(({ spent }) => spent)]);
  const y = verticalScale(
    FRAME,
    verticalEnds(
      steps,
      runs.map(({ value = Number.NaN }) => value),
    ),
  );
  const xTicks = ticksOf(x);
  const yTicks = ticksOf(y);
  const marks = scaleMarks(view);
  const confirming = new Set(view.confirmations.map(({ trial }) => trial));
  const points = runs.map((run) =>
    point(
      marks.get(run.scale),
      x(run.spent),
      y(run.value ?? 0),
      `${run.trial}: ${metric} ${formatValue(run.value ?? 0)} at ${formatCost(run.spent, view.unit)}`,
      confirming.has(run.trial),
    ),
  );
  const horizontal = { label: `spent (${view.unit})`, ticks: xTicks, format: tickFormat(xTicks) };
  const vertical = { label: `${metric} at the target`, ticks: yTicks, format: tickFormat(yTicks) };
  const last = steps.at(-1);
  const description = `Predicted ${metric} of the best mixture against spend; at the end ${last === undefined ? '' : formatPrediction(last)}`;
  const stars =
    runs.length === 0
      ? ''
      : `, stars are runs at ${formatFidelity(view.sweep.target)}; hollow ones confirm the recommendation`;
  const legend = [
    { label: 'predicted for the best mixture', kind: 'line' },
    { label: '95 % interval', kind: 'band' },
  ] as const;
  return markup`${lineLegend(legend)}${runs.length === 0 ? '' : scaleLegend(marks, new Set([view.sweep.target.scale]), view.sweep.target.scale)}${svg(
    FRAME,
    description,
    [
      axes(FRAME, x, y, horizontal, vertical),
      clipped(FRAME, 'clip-recommendation', [drawBelief(steps, x, y, view.spent), ...points]),
    ],
  )}<p class="note">The bracket is the last prediction${stars}.</p>`;
};
