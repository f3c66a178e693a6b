import { columnsOf } from '../columns.js';
import { formatCost, formatShare, plural } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import type { ScaleSpend, SweepView } from '../sweep-view.js';
import { fromZero, tickFormat, ticksOf } from './domain-of-axis.js';
import { FRAME, roomFor, rowName, svg, type Axis } from './frame.js';
import { scaleMarks, type ScaleMark } from './mark.js';

const ROW = 46;
const BAR = 18;
const COLUMN = 8.2; // px: what a character takes on average, in the larger font of a narrow page

/** What stands above a bar: it begins where the bar does, and ends with the figure where it is too long for that. */
const rowText = (text: string, left: number, y: number): Markup =>
  left + COLUMN * columnsOf(text) < FRAME.width
    ? markup`<text class="rowtext" x="${left + 2}" y="${y}">${text}</text>`
    : markup`<text class="rowtext" text-anchor="end" x="${FRAME.width}" y="${y}">${text}</text>`;

const drawRow = (view: SweepView, spend: ScaleSpend, row: number, x: Axis, mark: ScaleMark | undefined): Markup => {
  const left = x(0);
  const top = FRAME.top + row * ROW;
  const colour = mark?.colour ?? 'var(--soft)';
  const search = spend.cost - spend.confirmCost;
  const text = `${formatCost(spend.cost, view.unit)} in ${plural(spend.runs, 'run')} (${formatShare(spend.cost / view.sweep.budget)} of the budget)`;
  return markup`${rowName(spend.scale, left - 8, top + 32)}${rowText(text, left, top + 13)}<rect x="${left}" y="${top + 18}" width="${x(search) - left}" height="${BAR}" style="fill:${colour}" /><rect x="${x(search)}" y="${top + 18}" width="${x(spend.cost) - x(search)}" height="${BAR}" style="fill:${colour};opacity:0.45" />`;
};

/** What was charged at each scale; the pale part went into confirmation runs. */
export const spendPlot = (view: SweepView): Markup => {
  const used = view.spentByScale.filter(({ cost, runs }) => cost > 0 || runs > 0); // a run may have cost and go on
  const rows = used.length > 0 ? used : view.spentByScale;
  const height = FRAME.top + rows.length * ROW + FRAME.bottom;
  const left = roomFor(
    rows.map(({ scale }) => scale),
    FRAME.left,
  );
  const x = fromZero(
    { ...FRAME, left },
    rows.map(({ cost }) => cost),
  );
  const ticks = ticksOf(x);
  const format = tickFormat(ticks);
  const marks = scaleMarks(view);
  const floor = height - FRAME.bottom;
  const axis = ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${FRAME.top}" y2="${floor}" /><text class="tick" text-anchor="middle" x="${x(tick)}" y="${floor + 17}">${format(tick)}</text>`,
  );
  const label = markup`<text class="label" text-anchor="middle" x="${(left + FRAME.width - FRAME.right) / 2}" y="${height - 8}">spent (${view.unit})</text>`;
  const bars = rows.map((spend, row) => drawRow(view, spend, row, x, marks.get(spend.scale)));
  const note = rows.some(({ confirmCost }) => confirmCost > 0)
    ? markup`<p class="note">The pale part went into confirmation runs.</p>`
    : '';
  return markup`${svg({ width: FRAME.width, height }, `Spend by scale, in ${view.unit}`, [...axis, ...bars, label])}${note}`;
};
