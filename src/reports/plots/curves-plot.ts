import { line } from 'd3-shape';
import { formatCount, formatMixture, formatValue } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import { objectiveName, objectiveOf } from '../objective-of.js';
import type { ObservationView, SweepView } from '../sweep-view.js';
import { paddedExtent, shortCount, stepsScale, tickFormat, ticksOf, verticalScale } from './domain-of-axis.js';
import { axes, clipped, FRAME, svg, type Axis } from './frame.js';
import { point, scaleLegend, scaleMarks, type ScaleMark } from './mark.js';

interface Curve {
  readonly run: ObservationView;
  readonly points: readonly { readonly steps: number; readonly value: number }[];
}

const curveOf = (view: SweepView, run: ObservationView): Curve => ({
  run,
  points: run.curve.flatMap(({ steps, metrics }) => {
    const value = objectiveOf(view.sweep.objective, metrics);
    return value === undefined ? [] : [{ steps, value }];
  }),
});

const drawCurve = ({ run, points }: Curve, x: Axis, y: Axis, mark: ScaleMark | undefined): Markup => {
  const path = line<Curve['points'][number]>(
    (at) => x(at.steps),
    (at) => y(at.value),
  )([...points]);
  const last = points.at(-1);
  if (last === undefined) return markup``;
  const title = `${run.trial} ${run.scale}, ${formatCount(last.steps)} steps: ${formatValue(last.value)} (${formatMixture(run.mixture, 4)})`;
  return markup`<path class="curve" d="${path ?? ''}" style="stroke:${mark?.colour ?? 'var(--soft)'}" />${point(mark, x(last.steps), y(last.value), title, run.status !== 'completed')}`;
};

/** The learning curve of every run, by scale. */
export const curvesPlot = (view: SweepView): Markup | undefined => {
  const curves = view.observations.map((run) => curveOf(view, run)).filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  const points = curves.flatMap((curve) => curve.points);
  const x = stepsScale(
    FRAME,
    points.map(({ steps }) => steps),
  );
  const y = verticalScale(FRAME, paddedExtent(points.map(({ value }) => value)));
  const marks = scaleMarks(view);
  const xTicks = ticksOf(x);
  const yTicks = ticksOf(y);
  const metric = objectiveName(view.sweep.objective);
  const drawn = [...curves]
    .sort((a, b) => a.run.cost - b.run.cost)
    .map((curve) => drawCurve(curve, x, y, marks.get(curve.run.scale)));
  return markup`${scaleLegend(marks, new Set(curves.map(({ run }) => run.scale)), view.sweep.target.scale)}${svg(
    FRAME,
    `Learning curves of ${curves.length} runs: ${metric} against training steps, by scale`,
    [
      axes(
        FRAME,
        x,
        y,
        { label: 'training steps', ticks: xTicks, format: shortCount },
        { label: metric, ticks: yTicks, format: tickFormat(yTicks) },
      ),
      clipped(FRAME, 'clip-curves', drawn),
    ],
  )}<p class="note">A line joins a run’s checkpoints; its symbol is the last one (hollow: the run did not complete).</p>`;
};
