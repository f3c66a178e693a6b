import { extent } from 'd3-array';
import { scaleLinear, scaleLog } from 'd3-scale';
import { formatFixed } from '../format.js';
import type { Axis, Frame } from './frame.js';

const LOG_FROM = 12; // an axis whose ends differ by more than this factor reads better in logarithms

const finite = (values: readonly number[]): number[] => values.filter(Number.isFinite);

/** Ends of an axis that shows all values with some air around them; [0, 1] for none. */
export const paddedExtent = (values: readonly number[], air = 0.06): [number, number] => {
  const [low, high] = extent(finite(values));
  if (low === undefined || high === undefined) return [0, 1];
  const pad = (high - low) * air || Math.abs(high) * 0.05 || 0.5; // a single value still needs a width
  return [low - pad, high + pad];
};

export const verticalScale = (frame: Frame, ends: readonly [number, number]): Axis =>
  scaleLinear()
    .domain(ends)
    .range([frame.height - frame.bottom, frame.top]);

/** From 0 to the largest value. */
export const fromZero = (frame: Frame, values: readonly number[]): Axis =>
  scaleLinear()
    .domain([0, Math.max(...finite(values), 0) || 1])
    .range([frame.left, frame.width - frame.right])
    .nice(5);

/** Linear, or logarithmic when positive values span more than a factor of 12. */
export const stepsScale = (frame: Frame, values: readonly number[]): Axis => {
  const range: [number, number] = [frame.left + 6, frame.width - frame.right - 6];
  const [low = 1, high = 1] = extent(finite(values));
  if (low > 0 && high / low > LOG_FROM) return scaleLog().domain([low, high]).range(range);
  return scaleLinear()
    .domain(low === high ? [0, high || 1] : [low, high])
    .range(range);
};

const EVERY_DECADE = /^[125]/;

/** Ticks of an axis: few enough to stay apart; of a logarithmic one those that begin with 1, 2 or 5. */
export const ticksOf = (axis: Axis, count = 5): number[] => {
  const ticks = axis.ticks(count);
  if (ticks.length <= count + 3) return ticks;
  return ticks
    .filter((tick) => EVERY_DECADE.test(tick.toExponential()))
    .filter((_, i, all) => i % Math.ceil(all.length / (count + 2)) === 0);
};

/** Writes ticks of a linear axis with the decimals that tell them apart. */
export const tickFormat = (ticks: readonly number[]): ((value: number) => string) => {
  const [first = 0, second = 1] = ticks;
  const step = Math.abs(second - first) || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  // Beside the axis there is no room for them.
  const isOdd = decimals > 8 || ticks.some((tick) => Math.abs(tick) >= 1e9);
  if (isOdd) return (value) => (value === 0 ? '0' : Number(value.toPrecision(6)).toExponential().replace('e+', 'e'));
  return (value) => formatFixed(value, decimals);
};

/** Writes step counts shortly: 500, 2k, 19.6k, 1.2M. */
export const shortCount = (value: number): string => {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(2))}M`;
  return value >= 1000 ? `${Number((value / 1000).toFixed(1))}k` : String(Number(value.toFixed(1)));
};
