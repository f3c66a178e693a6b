import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import { formatShare } from '../format.js';
import { markup, type Markup } from '../page/markup.js';
import type { DecisionView, SweepView } from '../sweep-view.js';
import { svg, type Axis } from './frame.js';
import { lineLegend, point, scaleLegend, scaleMarks } from './mark.js';

const PANEL = { width: 320, height: 190, left: 46, right: 10, top: 10, bottom: 36 };

const panelAxes = (x: Axis, y: Axis): Markup => {
  const floor = PANEL.height - PANEL.bottom;
  const rows = y
    .ticks(4)
    .map(
      (tick) =>
        markup`<line class="grid" x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${y(tick)}" y2="${y(tick)}" /><text class="tick" text-anchor="end" x="${PANEL.left - 6}" y="${y(tick) + 4}">${formatShare(tick, 0)}</text>`,
    );
  const columns = x
    .ticks(5)
    .filter(Number.isInteger)
    .map((tick) => markup`<text class="tick" text-anchor="middle" x="${x(tick)}" y="${floor + 16}">${tick}</text>`);
  return markup`${rows}<line class="axis" x1="${PANEL.left}" x2="${PANEL.width - PANEL.right}" y1="${floor}" y2="${floor}" />${columns}<text class="label" text-anchor="middle" x="${(PANEL.left + PANEL.width - PANEL.right) / 2}" y="${PANEL.height - 4}">decision</text>`;
};

const incumbentLine = (decisions: readonly DecisionView[], domain: string, x: Axis, y: Axis): Markup => {
  const known = decisions.flatMap(({ decision, explanation: { incumbent } }) =>
    incumbent === undefined ? [] : [[x(decision), y(incumbent.mixture[domain] ?? 0)] as [number, number]],
  );
  return markup`<path class="mean" d="${line().curve(curveStepAfter)(known) ?? ''}" />`;
};

/** How the shares moved: for every domain a panel with each decision's share, and the share that was believed best. */
export const pathPlot = (view: SweepView): Markup | undefined => {
  const { decisions, sweep } = view;
  if (decisions.length === 0) return undefined;
  const domains = Object.keys(sweep.domains);
  const largest = max(decisions, ({ mixture }) => Math.max(...domains.map((domain) => mixture[domain] ?? 0))) ?? 1;
  const x = scaleLinear()
    .domain([0.5, decisions.length + 0.5])
    .range([PANEL.left, PANEL.width - PANEL.right]);
  const y = scaleLinear()
    .domain([0, Math.min(1, Math.max(0.05, largest))])
    .range([PANEL.height - PANEL.bottom, PANEL.top]);
  const marks = scaleMarks(view);
  const panel = (domain: string): Markup => {
    const points = decisions.map(({ decision, trial, scale, mixture }) =>
      point(
        marks.get(scale),
        x(decision),
        y(mixture[domain] ?? 0),
        `${decision}. ${trial} ${scale}: ${domain} ${formatShare(mixture[domain] ?? 0)}`,
      ),
    );
    const drawing = svg(PANEL, `Share of ${domain} by decision`, [
      panelAxes(x, y),
      ...points,
      incumbentLine(decisions, domain, x, y),
    ]);
    return markup`<figure class="panel"><figcaption>${domain}</figcaption>${drawing}</figure>`;
  };
  const legends = [
    scaleLegend(marks, new Set(decisions.map(({ scale }) => scale)), sweep.target.scale),
    lineLegend([{ label: 'believed best at the time', kind: 'line' }]),
  ];
  return markup`${legends}<div class="panels">${domains.map(panel)}</div>`;
};
