import type { ScaleContinuousNumeric } from 'd3-scale';
import { columnsOf, shorten } from '../columns.js';
import { markup, type Insert, type Markup } from '../page/markup.js';

/** A linear or logarithmic scale from data to pixels. */
export type Axis = ScaleContinuousNumeric<number, number>;

/** Sizes in the plot's own pixels; the page stretches it to the width of its card. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Left of the axis there is room for the rotated label and ticks of seven characters (`-0.0005`). */
export const FRAME: Frame = { width: 520, height: 330, left: 80, right: 16, top: 14, bottom: 50 };

const COLUMN = 9.2; // px: what a character takes at most on average, in the larger font of a narrow page
const MOST_COLUMNS = 18; // of a name beside a row: more would leave the row too little

/** Room on the left for the names of rows, which `rowName` writes. */
export const roomFor = (names: readonly string[], least: number): number =>
  Math.max(least, 12 + COLUMN * Math.min(MOST_COLUMNS, Math.max(0, ...names.map(columnsOf))));

/** A name that ends at `x`, short enough to stay in its card. */
export const rowName = (name: string, x: number, y: number): Markup =>
  markup`<text class="rowname" text-anchor="end" x="${x}" y="${y}">${shorten(name, MOST_COLUMNS)}</text>`;

export interface AxisLabel {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

const verticalAxis = (frame: Frame, y: Axis, { label, ticks, format }: AxisLabel): Markup => {
  const middle = (frame.top + frame.height - frame.bottom) / 2;
  return markup`<g>${ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y(tick)}" y2="${y(tick)}" /><text class="tick" text-anchor="end" x="${frame.left - 7}" y="${y(tick) + 4}">${format(tick)}</text>`,
  )}<text class="label" text-anchor="middle" transform="translate(15 ${middle}) rotate(-90)">${label}</text></g>`;
};

const horizontalAxis = (frame: Frame, x: Axis, { label, ticks, format }: AxisLabel): Markup => {
  const floor = frame.height - frame.bottom;
  const middle = (frame.left + frame.width - frame.right) / 2;
  return markup`<g><line class="axis" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${floor}" y2="${floor}" />${ticks.map(
    (tick) =>
      markup`<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${floor}" y2="${floor + 5}" /><text class="tick" text-anchor="middle" x="${x(tick)}" y="${floor + 19}">${format(tick)}</text>`,
  )}<text class="label" text-anchor="middle" x="${middle}" y="${frame.height - 8}">${label}</text></g>`;
};

export const axes = (frame: Frame, x: Axis, y: Axis, horizontal: AxisLabel, vertical: AxisLabel): Markup =>
  markup`${verticalAxis(frame, y, vertical)}${horizontalAxis(frame, x, horizontal)}`;

/** Wraps a drawing; `description` is what a screen reader says. */
export const svg = (frame: Pick<Frame, 'width' | 'height'>, description: string, content: Insert): Markup =>
  markup`<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${description}">${content}</svg>`;

/** Cuts off what lies outside the axes; `id` must be unique on the page. */
export const clipped = (frame: Frame, id: string, content: Insert): Markup =>
  markup`<clipPath id="${id}"><rect x="${frame.left}" y="${frame.top}" width="${frame.width - frame.left - frame.right}" height="${frame.height - frame.top - frame.bottom}" /></clipPath><g clip-path="url(#${id})">${content}</g>`;
