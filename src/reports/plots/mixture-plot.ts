import { scaleLinear } from 'd3-scale';
import type { Recommendation } from '../../domain/decision.js';
import { formatShare } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import type { SweepView } from '../sweep-view.js';
import { FRAME, roomFor, rowName, svg } from './frame.js';

const ROW = 40;
const BAR = 16;
const LEAST_LEFT = 128;
const RIGHT = 16;

/** The recommended share of every domain as a bar, with the range of its share over all mixtures as good as it. */
export const mixturePlot = (view: SweepView, { mixture, shareRanges }: Recommendation): Markup => {
  const domains = Object.keys(view.sweep.domains);
  const shares = domains.map((name) => ({ name, share: mixture[name] ?? 0, range: shareRanges[name] }));
  const left = roomFor(domains, LEAST_LEFT);
  const largest = Math.max(0.05, ...shares.flatMap(({ share, range }) => [share, range?.[1] ?? 0]));
  const x = scaleLinear()
    .domain([0, largest])
    .range([left, FRAME.width - RIGHT])
    .nice(5);
  const height = domains.length * ROW + 44;
  const floor = height - 38;
  const grid = x
    .ticks(5)
    .map(
      (tick) =>
        markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${floor}" /><text class="tick" text-anchor="middle" x="${x(tick)}" y="${floor + 16}">${formatShare(tick, 0)}</text>`,
    );
  const rows = shares.map(({ name, share, range }, row) => {
    const top = row * ROW + 6;
    const middle = top + 14 + BAR / 2;
    const [low, high] = range ?? [share, share];
    const whisker =
      range === undefined
        ? ''
        : markup`<path class="range" d="M${x(low)} ${middle - 6}v12M${x(low)} ${middle}H${x(high)}M${x(high)} ${middle - 6}v12" />`;
    const text =
      range === undefined ? formatShare(share) : `${formatShare(share)} (${formatShare(low)} to ${formatShare(high)})`;
    return markup`<g><title>${name}: ${text}</title>${rowName(name, left - 8, middle + 4)}<text class="rowtext" x="${left + 2}" y="${top + 9}">${text}</text><rect class="sharebar" x="${x(0)}" y="${top + 14}" width="${x(share) - x(0)}" height="${BAR}" />${whisker}</g>`;
  });
  const label = markup`<text class="label" text-anchor="middle" x="${(left + FRAME.width - RIGHT) / 2}" y="${height - 4}">share of training tokens</text>`;
  return svg({ width: FRAME.width, height }, 'Recommended share of every domain', [...grid, ...rows, label]);
};
