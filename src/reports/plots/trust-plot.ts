import { scaleLinear } from 'd3-scale';
import type { FidelityTrust } from '../../domain/decision.js';
import { formatFixed, plural } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import type { SweepView } from '../sweep-view.js';
import { FRAME, roomFor, rowName, svg } from './frame.js';
import { formatTrust } from '../trust-text.js';
import { point, scaleMarks } from './mark.js';

const ROW = 34;

/** The learnt correlation of every scale with the target, from -1 to 1. */
export const trustPlot = (view: SweepView, trust: readonly FidelityTrust[]): Markup | undefined => {
  if (trust.length === 0) return undefined;
  const lowest = Math.min(0, ...trust.flatMap(({ correlation, interval = [] }) => [correlation, ...interval]));
  const left = roomFor(
    trust.map(({ scale }) => scale),
    FRAME.left,
  );
  const x = scaleLinear()
    .domain([lowest < 0 ? -1 : 0, 1])
    .range([left + 12, FRAME.width - 70]);
  const height = trust.length * ROW + 54;
  const floor = height - 44;
  const marks = scaleMarks(view);
  const grid = x
    .ticks(5)
    .map(
      (tick) =>
        markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="6" y2="${floor}" /><text class="tick" text-anchor="middle" x="${x(tick)}" y="${floor + 17}">${formatFixed(tick, 1)}</text>`,
    );
  const rows = trust.map((item, row) => {
    const { scale, correlation, interval, runs } = item;
    const at = row * ROW + 24;
    const mark = marks.get(scale);
    const reach =
      interval === undefined
        ? undefined
        : markup`<line x1="${x(interval[0])}" x2="${x(interval[1])}" y1="${at}" y2="${at}" style="stroke:${mark?.colour ?? 'var(--soft)'};stroke-width:9;opacity:.3" />`;
    return markup`${rowName(scale, left, at + 4)}${reach}<line x1="${x(0)}" x2="${x(correlation)}" y1="${at}" y2="${at}" style="stroke:${mark?.colour ?? 'var(--soft)'};stroke-width:3" />${point(
      mark,
      x(correlation),
      at,
      `${scale}: ${formatTrust(item)}`,
      runs === 0,
    )}<text class="rowtext" x="${FRAME.width - 58}" y="${at + 4}">${plural(runs, 'run')}</text>`;
  });
  const label = markup`<text class="label" text-anchor="middle" x="${(x(lowest < 0 ? -1 : 0) + x(1)) / 2}" y="${height - 8}">correlation with the target over mixtures</text>`;
  return markup`${svg({ width: FRAME.width, height }, 'How far each scale ranks mixtures as the target does', [...grid, ...rows, label])}<p class="note">1: a run there ranks mixtures exactly as the target; 0: it says nothing; below 0: it ranks them the other way round. Wide bars hold the correlation with 90 % probability. Hollow: assumed, no run there yet.</p>`;
};
