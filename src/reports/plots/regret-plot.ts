import { curveStepAfter, line } from 'd3-shape';
import { objectiveSign } from '../../domain/objective.js';
import { formatCost, formatInterval, formatSignificant, formatValue, Z95 } from '../format.js';
import { objectiveName } from '../objective-of.js';
import { markup, type Markup } from '../page/markup.js';
import { targetRuns, type ObservationView, type SweepView } from '../sweep-view.js';
import { fromZero, paddedExtent, tickFormat, ticksOf, verticalScale } from './domain-of-axis.js';
import { axes, clipped, FRAME, svg, type Axis } from './frame.js';
import { lineLegend, point, scaleMarks } from './mark.js';

interface Step {
  readonly run: ObservationView;
  /** How much worse than what is predicted now for the recommended mixture; less is better whatever the direction. */
  readonly lack: number;
  /** The least so far. */
  readonly best: number;
}

/** What each run at the target lacked against the prediction of the end, and the least of it so far. */
const stepsOf = (view: SweepView, final: number): Step[] => {
  const sign = objectiveSign(view.sweep.objective);
  let best = Infinity;
  return targetRuns(view).map((run) => {
    const lack = sign * ((run.value ?? Number.NaN) - final);
    best = Math.min(best, lack);
    return { run, lack, best };
  });
};

const bandOf = (half: number, y: Axis): Markup =>
  markup`<rect class="band" x="${FRAME.left}" width="${FRAME.width - FRAME.left - FRAME.right}" y="${y(half)}" height="${y(-half) - y(half)}" />`;

/**
 * Regret against spend, as far as a sweep can know it: what the best run at the target so far lacked against what is
 * predicted now for the recommended mixture. The truth is not known; the band says how well the prediction is.
 */
export const regretPlot = (view: SweepView): Markup | undefined => {
  const { recommendation, unit } = view;
  if (recommendation === null) return undefined;
  const steps = stepsOf(view, recommendation.mean);
  if (steps.length === 0) return undefined;
  const half = Z95 * recommendation.sd;
  const x = fromZero(FRAME, [view.spent]);
  const y = verticalScale(FRAME, paddedExtent([...steps.map(({ lack }) => lack), half, -half]));
  const [xTicks, yTicks] = [ticksOf(x), ticksOf(y)];
  const marks = scaleMarks(view);
  const last = steps.at(-1)!;
  const path = line<{ readonly spent: number; readonly best: number }>(
    ({ spent }) => x(spent),
    ({ best }) => y(best),
  ).curve(curveStepAfter)([
    ...steps.map(({ run, best }) => ({ spent: run.spent, best })),
    { spent: view.spent, best: last.best },
  ]);
  const points = steps.map(({ run, lack }) =>
    point(
      marks.get(run.scale),
      x(run.spent),
      y(lack),
      `${run.trial}: ${formatValue(run.value ?? 0)} after ${formatCost(run.spent, unit)}`,
    ),
  );
  const metric = objectiveName(view.sweep.objective);
  const legend = [
    { label: 'best run at the target so far', kind: 'line' },
    { label: '95 % interval of the prediction', kind: 'band' },
  ] as const;
  return markup`${lineLegend(legend)}${svg(
    FRAME,
    `Estimated regret against spend: the best run at the target lacks ${formatSignificant(last.best, 2)} in ${metric} at the end`,
    [
      axes(
        FRAME,
        x,
        y,
        { label: `spent (${unit})`, ticks: xTicks, format: tickFormat(xTicks) },
        { label: `worse than predicted best (${metric})`, ticks: yTicks, format: tickFormat(yTicks) },
      ),
      clipped(FRAME, 'clip-regret', [
        bandOf(half, y),
        markup`<line class="axis" x1="${FRAME.left}" x2="${FRAME.width - FRAME.right}" y1="${y(0)}" y2="${y(0)}" />`,
        markup`<path class="mean" d="${path ?? ''}" />`,
        ...points,
      ]),
    ],
  )}<p class="note">0 is what is predicted now for the recommended mixture (95 % ${formatInterval(recommendation)}). Runs report with noise, so one may lie below it${(view.sweep.guards ?? []).length > 0 ? ', and so may one that breaks a guard' : ''}.</p>`;
};
