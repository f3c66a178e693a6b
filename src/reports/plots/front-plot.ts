import { scaleLinear } from 'd3-scale';
import type { FrontPoint, Prediction } from '../../domain/decision.js';
import { formatMixture, formatPrediction, intervalOf } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import { paddedExtent, tickFormat, ticksOf, verticalScale } from './domain-of-axis.js';
import { axes, clipped, FRAME, svg, type Axis } from './frame.js';

const NONE: Prediction = { mean: Number.NaN, sd: Number.NaN };
const RADIUS = 4; // px

const drawPoint = (point: FrontPoint, names: readonly [string, string], x: Axis, y: Axis): Markup => {
  const [across, up] = names.map((name) => point.metrics[name] ?? NONE) as [Prediction, Prediction];
  const [left, right] = intervalOf(across);
  const [low, high] = intervalOf(up);
  const title = `${names[0]} ${formatPrediction(across)}, ${names[1]} ${formatPrediction(up)}: ${formatMixture(point.mixture)}`;
  const stroke = 'stroke:var(--accent)';
  return markup`<line class="whisker" x1="${x(left)}" x2="${x(right)}" y1="${y(up.mean)}" y2="${y(up.mean)}" style="${stroke}" /><line class="whisker" x1="${x(across.mean)}" x2="${x(across.mean)}" y1="${y(low)}" y2="${y(high)}" style="${stroke}" /><circle cx="${x(across.mean)}" cy="${y(up.mean)}" r="${RADIUS}" style="fill:var(--accent)"><title>${title}</title></circle>`;
};

const isDrawable = ({ metrics }: FrontPoint, names: readonly string[]): boolean =>
  names.every((name) => Number.isFinite(metrics[name]?.mean) && Number.isFinite(metrics[name]?.sd));

/** The front in its first two metrics, each mixture with its 95 % intervals; undefined where there is none to draw. */
export const frontPlot = (front: readonly FrontPoint[]): Markup | undefined => {
  const [first, second] = Object.keys(front[0]?.metrics ?? {});
  if (first === undefined || second === undefined) return undefined;
  const names = [first, second] as const;
  const drawn = front.filter((point) => isDrawable(point, names));
  if (drawn.length === 0) return undefined;
  const extentOf = (name: string): [number, number] => {
    const means = drawn.map(({ metrics }) => (metrics[name] ?? NONE).mean);
    return paddedExtent([...means, ...drawn.flatMap(({ metrics }) => intervalOf(metrics[name] ?? NONE))]);
  };
  const x = scaleLinear()
    .domain(extentOf(first))
    .range([FRAME.left, FRAME.width - FRAME.right]);
  const y = verticalScale(FRAME, extentOf(second));
  const [xTicks, yTicks] = [ticksOf(x), ticksOf(y)];
  return svg(FRAME, `Predicted ${first} against ${second} at the target for ${drawn.length} mixtures of the front`, [
    axes(
      FRAME,
      x,
      y,
      { label: `predicted ${first}`, ticks: xTicks, format: tickFormat(xTicks) },
      { label: `predicted ${second}`, ticks: yTicks, format: tickFormat(yTicks) },
    ),
    clipped(
      FRAME,
      'clip-front',
      drawn.map((point) => drawPoint(point, names, x, y)),
    ),
  ]);
};
