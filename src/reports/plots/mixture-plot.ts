import { scaleLinear } from 'd3-scale';
import type { Recommendation } from '../../domain/decision.js';
import { formatShare } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import type { SweepView } from '../sweep-view.js';
import { FRAME, svg } from './frame.js';

const ROW = 40;
const BAR = 16;
const LEFT = 128; // room for a domain's name
const RIGHT = 16;
const LONGEST_NAME = 17; // characters that fit into it

const shortName = (name: string): string =>
  name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 1)}…`;

/** The recommended share of every domain as a bar, with the range of its share over all mixtures as good as it. */
export const mixturePlot = (view: SweepView, { mixture, shareRanges }: Recommendation): Markup => {
  const domains = Object.keys(view.sweep.domains);
  const shares = domains.map((name) => ({ name, share: mixture[name] ?? 0, range: shareRanges[name] }));
  const largest = Math.max(0.05, ...shares.flatMap(({ share, range }) => [share, range?.[1] ?? 0]));
  const x = scaleLinear()
    .domain([0, largest])
    .range([LEFT, FRAME.width - RIGHT])
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
    return markup`<g><title>${name}: ${text}</title><text class="rowname" text-anchor="end" x="${LEFT - 8}" y="${middle + 4}">${shortName(name)}</text><text class="rowtext" x="${LEFT + 2}" y="${top + 9}">${text}</text><rect class="sharebar" x="${x(0)}" y="${top + 14}" width="${x(share) - x(0)}" height="${BAR}" />${whisker}</g>`;
  });
  const label = markup`<text class="label" text-anchor="middle" x="${(LEFT + FRAME.width - RIGHT) / 2}" y="${height - 4}">share of training tokens</text>`;
  return svg({ width: FRAME.width, height }, 'Recommended share of every domain', [...grid, ...rows, label]);
};
