/** A figure of what the benchmark of choices found: median regret against cost, a panel for each family of problems. */
import { scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import { markup, type Markup } from '../src/reports/page/markup.js';
import { paletteCss } from '../src/reports/palette.js';
import { axes, clipped, type Axis, type Frame } from '../src/reports/plots/frame.js';
import { groupBy, quantile, regretAt } from './choice-statistics.js';
import type { Outcome } from './choice-task.js';

const FRAME: Frame = { width: 380, height: 270, left: 58, right: 22, top: 34, bottom: 44 };
const COLUMNS = 3;
const HEADER = 64; // px for the title
const LEGEND_LINE = 22; // px
const LEGEND_ENTRY = 180; // px, for a name of some twenty letters
const LEAST_REGRET = 1e-3; // what is below is drawn on the edge
const MOST_REGRET = 4; // what is above runs out of the panel
const POINTS_PER_DECADE = 24;
const COST_RANGE = 400; // from the left edge to the right: 5 units to ten target runs of the reference

/** Colours and dashes of the policies, titrate's first: no two share both. */
const STROKES = ['--target', '--s1', '--s2', '--s4', '--s3', '--s5', '--s0'];
const DASHES = ['none', '7 3', '2 3'];

/** A policy's regret at one cost: quartiles over all instances of a family. */
interface Quartiles {
  readonly cost: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const styleCss = (): string =>
  `${paletteCss()}text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--ink)}` +
  `.page{fill:var(--page)}.card{fill:var(--card);stroke:var(--line)}.title{font-size:19px;font-weight:600}` +
  `.note,.label{font-size:12.5px;fill:var(--soft)}.panel{font-size:13.5px;font-weight:600}` +
  `.tick{font-size:11.5px;fill:var(--soft)}.grid{stroke:var(--grid)}.axis{stroke:var(--line)}` +
  `.random{stroke:var(--soft);stroke-dasharray:1 4;stroke-linecap:round}` +
  `.line{fill:none;stroke-width:2;stroke-linejoin:round}.band{stroke:none;opacity:.13}`;

/** Costs at which curves are drawn: evenly spread in logarithms. */
const costGrid = (from: number, to: number): number[] => {
  const count = Math.ceil(POINTS_PER_DECADE * Math.log10(to / from));
  return Array.from({ length: count + 1 }, (_, i) => from * (to / from) ** (i / count));
};

const drawn = (regret: number): number => Math.min(MOST_REGRET * 10, Math.max(LEAST_REGRET, regret));

/** Quartiles of regret by cost, from where most instances have ended a run. */
const quartilesOf = (outcomes: readonly Outcome[], costs: readonly number[]): Quartiles[] =>
  costs
    .map((cost) => {
      const regrets = outcomes.map((outcome) => regretAt(outcome, cost));
      return { cost, low: quantile(regrets, 0.25), middle: quantile(regrets, 0.5), high: quantile(regrets, 0.75) };
    })
    .filter(({ middle }) => Number.isFinite(middle))
    .map(({ cost, low, middle, high }) => ({ cost, low: drawn(low), middle: drawn(middle), high: drawn(high) }));

const paint = (policy: number): { stroke: string; dash: string } => ({
  stroke: `var(${STROKES[policy % STROKES.length]!})`,
  dash: DASHES[Math.floor(policy / STROKES.length) % DASHES.length]!,
});

const drawPolicy = (
  points: readonly Quartiles[],
  policy: number,
  x: Axis,
  y: Axis,
): { band: Markup; curve: Markup } => {
  const { stroke, dash } = paint(policy);
  const band = area<Quartiles>(
    ({ cost }) => x(cost),
    ({ low }) => y(low),
    ({ high }) => y(high),
  );
  const curve = line<Quartiles>(
    ({ cost }) => x(cost),
    ({ middle }) => y(middle),
  );
  return {
    band: markup`<path class="band" style="fill:${stroke}" d="${band(points) ?? ''}" />`,
    curve: markup`<path class="line" style="stroke:${stroke};stroke-dasharray:${dash}" d="${curve(points) ?? ''}" />`,
  };
};

const powersWithin = (low: number, high: number, heads: readonly number[]): number[] =>
  Array.from({ length: 12 }, (_, i) => i - 5)
    .flatMap((power) => heads.map((head) => Number((head * 10 ** power).toPrecision(1))))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);

const panelScales = (from: number, to: number): { x: Axis; y: Axis } => ({
  x: scaleLog()
    .domain([from, to])
    .range([FRAME.left, FRAME.width - FRAME.right]),
  y: scaleLog()
    .domain([LEAST_REGRET, MOST_REGRET])
    .range([FRAME.height - FRAME.bottom, FRAME.top]),
});

const plainNumber = (value: number): string => String(Number(value.toPrecision(3)));

interface Panel {
  readonly family: string;
  readonly outcomes: readonly Outcome[];
}

/** Costs at the edges of a panel: the right one is what the dearest sweep spent. */
const endsOf = (outcomes: readonly Outcome[]): readonly [number, number] => {
  const most = Math.max(...outcomes.map(({ moments }) => moments.at(-1)?.cost ?? 0));
  const to = most > 0 ? Number(most.toPrecision(2)) : 1;
  return [to / COST_RANGE, to];
};

const panelOf = ({ family, outcomes }: Panel, policies: readonly string[], id: number): Markup => {
  const ends = endsOf(outcomes);
  const { x, y } = panelScales(...ends);
  const grid = costGrid(...ends);
  const shapes = policies.map((policy, p) =>
    drawPolicy(
      quartilesOf(
        outcomes.filter(({ task }) => task.policy === policy),
        grid,
      ),
      p,
      x,
      y,
    ),
  );
  const instances = outcomes.filter(({ task }) => task.policy === policies[0]).length;
  const right = FRAME.width - FRAME.right;
  return markup`<rect class="card" x="4" y="4" width="${FRAME.width - 8}" height="${FRAME.height - 8}" rx="8" /><text class="panel" x="${FRAME.left}" y="24">${family}</text><text class="note" text-anchor="end" x="${right}" y="24">${instances} sweep${instances === 1 ? '' : 's'}</text>${axes(
    FRAME,
    x,
    y,
    { label: 'cost spent (units)', ticks: powersWithin(...ends, [1, 2, 5]), format: plainNumber },
    { label: 'regret', ticks: powersWithin(LEAST_REGRET, MOST_REGRET, [1]), format: plainNumber },
  )}${clipped(FRAME, `panel-${id}`, [
    markup`<line class="random" x1="${FRAME.left}" x2="${right}" y1="${y(1)}" y2="${y(1)}" />`,
    ...shapes.map(({ band }) => band),
    ...shapes.map(({ curve }) => curve).toReversed(),
  ])}`;
};

const legendOf = (policies: readonly string[], perLine: number): Markup =>
  markup`${policies.map((policy, p) => {
    const { stroke, dash } = paint(p);
    const [left, top] = [16 + (p % perLine) * LEGEND_ENTRY, HEADER + Math.floor(p / perLine) * LEGEND_LINE];
    return markup`<line class="line" style="stroke:${stroke};stroke-dasharray:${dash}" x1="${left}" x2="${left + 26}" y1="${top - 4}" y2="${top - 4}" /><text class="note" x="${left + 33}" y="${top}">${policy}</text>`;
  })}`;

/** Draws regret against cost as a picture of its own: every policy a line (median over all sweeps of a family) with a band (quartiles). */
export const plotChoices = (outcomes: readonly Outcome[]): string => {
  const policies = [...new Set(outcomes.map(({ task }) => task.policy))];
  const panels = [...groupBy(outcomes, ({ family }) => family)].map(([family, members]) => ({
    family,
    outcomes: members,
  }));
  const columns = Math.min(COLUMNS, Math.max(1, panels.length));
  const width = Math.max(2, columns) * FRAME.width + 16;
  const perLine = Math.floor((width - 16) / LEGEND_ENTRY);
  const top = HEADER + Math.ceil(policies.length / perLine) * LEGEND_LINE;
  const height = top + Math.ceil(panels.length / columns) * FRAME.height + 8;
  const drawnPanels = panels.map((panel, i) => {
    const [left, down] = [8 + (i % columns) * FRAME.width, top + Math.floor(i / columns) * FRAME.height];
    return markup`<g transform="translate(${left} ${down})">${panelOf(panel, policies, i)}</g>`;
  });
  const { source } =
    markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Regret of recommendations against cost"><style>STYLE</style><rect class="page" width="${width}" height="${height}" /><text class="title" x="16" y="28">Regret of what is recommended, against what was spent</text><text class="note" x="16" y="46">Median over sweeps, with quartiles. 0 is the best mixture, 1 (dotted) a random one; what is below 0.001 lies on the axis.</text>${legendOf(policies, perLine)}${drawnPanels}</svg>`;
  return source.replace('STYLE', styleCss());
};
