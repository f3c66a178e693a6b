import { checkedPredictions, type Checked } from '../checked-predictions.js';
import { formatPrediction, formatValue, intervalOf } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import { objectiveName } from '../objective-of.js';
import type { SweepView } from '../sweep-view.js';
import { paddedExtent, tickFormat, ticksOf, verticalScale } from './domain-of-axis.js';
import { axes, clipped, FRAME, svg, type Axis } from './frame.js';
import { point, scaleLegend, scaleMarks, type ScaleMark } from './mark.js';
import { scaleLinear } from 'd3-scale';

const drawChecked = (checked: Checked, x: Axis, y: Axis, mark: ScaleMark | undefined): Markup => {
  const [low, high] = intervalOf(checked);
  const at = y(checked.value);
  const title = `${checked.run.trial} ${checked.run.scale}: expected ${formatPrediction(checked)}, reported ${formatValue(checked.value)}`;
  return markup`<line class="whisker" x1="${x(low)}" x2="${x(high)}" y1="${at}" y2="${at}" style="stroke:${mark?.colour ?? 'var(--soft)'}" />${point(mark, x(checked.mean), at, title)}`;
};

/** What each run was expected to report, with its 95 % interval, against what it did report. */
export const predictedPlot = (view: SweepView): Markup | undefined => {
  const checked = checkedPredictions(view);
  if (checked.length === 0) return undefined;
  const ends = paddedExtent(
    checked.flatMap((item) => [item.value, ...intervalOf(item)]),
    0.08,
  );
  const x = scaleLinear()
    .domain(ends)
    .range([FRAME.left, FRAME.width - FRAME.right]);
  const y = verticalScale(FRAME, ends);
  const ticks = ticksOf(y);
  const marks = scaleMarks(view);
  const metric = objectiveName(view.sweep.objective);
  const held = checked.filter((item) => item.held).length;
  const diagonal = markup`<line class="diagonal" x1="${x(ends[0])}" y1="${y(ends[0])}" x2="${x(ends[1])}" y2="${y(ends[1])}" />`;
  const drawn = checked.map((item) => drawChecked(item, x, y, marks.get(item.run.scale)));
  const format = tickFormat(ticks);
  return markup`${scaleLegend(marks, new Set(checked.map(({ run }) => run.scale)), view.sweep.target.scale)}${svg(
    FRAME,
    `Expected against reported ${metric} of ${checked.length} runs; ${held} lie within their 95 % interval`,
    [
      axes(
        FRAME,
        x,
        y,
        { label: `expected ${metric}`, ticks: ticksOf(x), format },
        { label: `reported ${metric}`, ticks, format },
      ),
      clipped(FRAME, 'clip-predicted', [diagonal, ...drawn]),
    ],
  )}<p class="note">${held} of ${checked.length} runs reported a value within the 95 % interval expected of them before they were made.</p>`;
};
