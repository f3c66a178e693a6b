import { actsSection } from './page/acts.js';
import { cautions, confirmationSection, header, recommendationSection, spendTable, tiles } from './page/overview.js';
import { healthSection } from './page/health.js';
import { importsSection } from './page/imports.js';
import { markup, preformatted, type Insert, type Markup } from './page/markup.js';
import { frontSection } from './page/several-metrics.js';
import { styleSheet } from './page/style.js';
import { plotSection, section } from './page/table.js';
import { notices, timeline } from './page/timeline.js';
import { curvesPlot } from './plots/curves-plot.js';
import { pathPlot } from './plots/path-plot.js';
import { predictedPlot } from './plots/predicted-plot.js';
import { recommendationPlot } from './plots/recommendation-plot.js';
import { regretPlot } from './plots/regret-plot.js';
import { spendPlot } from './plots/spend-plot.js';
import { trustPlot } from './plots/trust-plot.js';
import type { SweepView } from './sweep-view.js';
import { formatTrust, trustVerdict } from './trust-text.js';

export interface ReportOptions {
  /** The sweep file as it was written; the checked sweep stands in for it when absent. */
  readonly sweepFile?: string;
  /** Is there a file beside the record that says another thing than the record? */
  readonly hasOtherFile?: boolean;
}

const trustSection = (view: SweepView): Markup | undefined => {
  const trust = (view.recommendation ?? view.belief)?.trust ?? [];
  const plot = trustPlot(view, trust);
  if (plot === undefined) return undefined;
  const rows = trust
    .filter(({ scale }) => scale !== view.sweep.target.scale)
    .map((item) => markup`<li>${item.scale}: ${formatTrust(item)}, ${trustVerdict(item)}</li>`);
  return section('How far each scale is trusted', [plot, markup`<ul class="note">${rows}</ul>`]);
};

const pair = (...sections: readonly Insert[]): Markup => markup`<div class="pair">${sections}</div>`;

const recordSection = (view: SweepView, { sweepFile }: ReportOptions): Markup =>
  section(
    'The record behind this report',
    markup`<p>${view.head.seq.toString()} lines, each chained to the one before; the last one's hash is <code>${view.head.hash}</code>. Everything above is computed from them${sweepFile === undefined ? '' : ', but for the sweep file: a copy that lies beside them and says what they begin with'}.</p>`,
  );

const OTHER_FILE = markup`<p class="note">The sweep.yaml beside the record does not say what the record says: it was changed since, is of another sweep, or for another version of titrate. This is the sweep by its record, with the budget and the bounds in force.</p>`;

const fileSection = (view: SweepView, { sweepFile, hasOtherFile = false }: ReportOptions): Markup =>
  section('The sweep file', [
    hasOtherFile ? OTHER_FILE : undefined,
    markup`<pre>${preformatted(sweepFile ?? JSON.stringify(view.sweep, null, 2))}</pre>`,
  ]);

const bodyOf = (view: SweepView, options: ReportOptions): Markup => {
  const { recommendation } = view;
  const odd = notices(view);
  return markup`<main>${header(view)}${tiles(view)}${cautions(view)}${pair(
    recommendation === null ? undefined : recommendationSection(view, recommendation),
    frontSection(view),
    section('What was spent where', [spendPlot(view), spendTable(view)]),
    plotSection('Prediction against spend', recommendationPlot(view)),
    plotSection('Regret against spend', regretPlot(view)),
    plotSection('Learning curves', curvesPlot(view)),
    plotSection('Expected against reported', predictedPlot(view)),
    trustSection(view),
  )}${confirmationSection(view)}${healthSection(view)}${plotSection('How the mixture moved', pathPlot(view))}${section(
    'Every decision and its reason',
    timeline(view),
  )}${importsSection(view)}${actsSection(view)}${odd === undefined ? '' : section('What else happened', odd)}${fileSection(view, options)}${recordSection(view, options)}<footer>titrate ${view.version}, Node ${view.node}</footer></main>`;
};

// Nothing may be fetched or run, even if something slipped through the escaping.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Renders one self-contained HTML page: no script, nothing fetched, light and dark. */
export const renderReport = (view: SweepView, options: ReportOptions = {}): string =>
  [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    markup`<title>${view.sweepId}: titrate report</title>`.source,
    `<style>${styleSheet()}</style></head>`,
    `<body>${bodyOf(view, options).source}</body></html>`,
    '',
  ].join('\n');
