import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recommendationPlot } from '../../src/reports/plots/recommendation-plot.js';
import { renderReport } from '../../src/reports/render-report.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { hostileText } from './hostile-text.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

/** Names of elements and attributes in a page; text inside quotes and between tags does not count. */
const namesIn = (page: string): { elements: Set<string>; attributes: Set<string> } => {
  const elements = new Set<string>();
  const attributes = new Set<string>();
  for (const [, name = '', rest = ''] of page.matchAll(/<([a-zA-Z!/][^\s>/]*)((?:[^>"]|"[^"]*")*)>/g)) {
    elements.add(name);
    for (const [, attribute = ''] of rest.replace(/"[^"]*"/g, '""').matchAll(/([^\s"=/]+)(?==|\s|$)/g))
      attributes.add(attribute);
  }
  return { elements, attributes };
};

const report = renderReport(foldRecord(simulateRecord()));

describe('the report', () => {
  it('draws no prediction where nothing was measured, as after a cancel before the first result', () => {
    const view = foldRecord(simulateRecord());
    expect(recommendationPlot(view)).toBeDefined();
    const blank = { ...view, observations: [], confirmations: [] };
    expect(recommendationPlot(blank)).toBeUndefined();
    expect(renderReport(blank)).not.toContain('Prediction against spend');
  });

  it('is one page that fetches and runs nothing', () => {
    expect(report).toMatch(/^<!doctype html>/);
    expect(report).not.toMatch(/<script|<link|<iframe|@import|url\((?!#)|\ssrc=|\shref=/);
    expect(report).toContain("default-src 'none'");
  });

  it('is for light and dark pages, and for phones', () => {
    expect(report).toContain('prefers-color-scheme:dark');
    expect(report).toContain('name="viewport"');
    expect(report).toMatch(/@media \(max-width:560px\)/);
  });

  it('has whole tables on paper, where nothing scrolls, and a title for every column', () => {
    const print = /@media print\{(.*)\}/.exec(report)?.[1] ?? '';
    expect(print).toContain('.scroll{overflow:visible}');
    expect(print).toContain('.pair svg{max-width:420px}'); // two plots and more to a page
    expect(print).toContain('td.narrow{white-space:normal}');
    expect(print).toContain('pre{white-space:pre-wrap');
    expect(report).not.toMatch(/<th[^>]*><\/th>/);
  });

  it('shows the recommendation, the spend, the trust, the confirmation and the hash of the record', () => {
    const view = foldRecord(simulateRecord());
    for (const text of [
      '2.505 ± 0.012',
      '54.2 % (45.5 % to 59.2 %)',
      '709 EFLOP',
      view.head.hash,
      'The pale part went into confirmation runs',
    ]) {
      expect(report).toContain(text);
    }
    expect(report).toContain('Runs at 20M (0.48) rank mixtures poorly as the target does.');
  });

  it('has a row for every decision, with its reason', () => {
    expect(report.match(/the opening plan tries the corners/g)).toHaveLength(16);
    expect(report.match(/it teaches most about the target per unit of cost/g)).toHaveLength(20);
  });

  it('shows the last prediction where it is the only one, and speaks of no stars where there are none', () => {
    const view = foldRecord(simulateRecord());
    const mute = view.decisions.map(({ explanation: { incumbent: _incumbent, ...explanation }, ...decision }) => ({
      ...decision,
      explanation,
    }));
    const small = view.observations.filter(({ scale }) => scale !== view.sweep.target.scale);
    const only = { ...view, decisions: mute, recommendations: view.recommendations.slice(-1), observations: small };
    const plot = recommendationPlot(only)?.source ?? '';
    expect(plot).toMatch(/class="now" d="[^"]*h6"/); // the mean in its bracket
    expect(plot).toContain('The bracket is the last prediction.</p>');
    expect(recommendationPlot(view)?.source).toContain('stars are runs at 1B x 19,600 steps');
  });

  it('never draws a coordinate that is not a number', () => {
    expect(report).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('can be made at every moment of a sweep', () => {
    const lines = simulateRecord({ runs: 18 });
    for (let n = 1; n <= lines.length; n++) {
      const page = renderReport(foldRecord(lines.slice(0, n)));
      expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
      expect(page).toContain('</html>');
    }
  });

  it('lets no text from a job or a sweep file become markup', () => {
    const plain = namesIn(report);
    const property = fc.property(hostileText, (text) => {
      const sweep = { ...SWEEP, name: text, domains: { ...SWEEP.domains, [text]: { min: 0, max: 1 } } };
      const page = renderReport(foldRecord(simulateRecord({ sweep, jobText: text, runs: 16 })), { sweepFile: text });
      const { elements, attributes } = namesIn(page);
      expect([...elements].filter((name) => !plain.elements.has(name))).toEqual([]);
      expect([...attributes].filter((name) => !plain.attributes.has(name))).toEqual([]);
      // eslint-disable-next-line no-control-regex
      expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    });
    fc.assert(property, { numRuns: 15, seed: 1 });
  });
});
