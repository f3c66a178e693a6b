import { describe, expect, it } from 'vitest';
import { tickFormat } from '../../src/reports/plots/domain-of-axis.js';
import { mixturePlot } from '../../src/reports/plots/mixture-plot.js';
import { regretPlot } from '../../src/reports/plots/regret-plot.js';
import { spendPlot } from '../../src/reports/plots/spend-plot.js';
import { trustPlot } from '../../src/reports/plots/trust-plot.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { simulateRecord } from './simulated-record.js';

const LONG = ['150M-llama-rope-swiglu-2026', '150M-llama-rope-swiglu-2027'];
const view = foldRecord(simulateRecord());
const spend = view.spentByScale[0]!;

/** What a character takes on average, in the larger font of a narrow page. */
const NARROW = 8.2;

describe('the rows of a figure', () => {
  it('have names that stay in its card and can be told apart', () => {
    const domains = Object.fromEntries(LONG.map((name) => [name, { min: 0, max: 1 }]));
    const long = {
      ...view,
      sweep: { ...view.sweep, domains },
      spentByScale: LONG.map((scale) => ({ ...spend, scale })),
    };
    const trust = LONG.map((scale) => ({ scale, correlation: 0.5, runs: 1 }));
    for (const plot of [spendPlot(long), trustPlot(long, trust), mixturePlot(long, view.recommendation!)]) {
      const names = [...(plot?.source ?? '').matchAll(/class="rowname"[^>]* x="([\d.]+)"[^>]*>([^<]*)</g)];
      expect(new Set(names.map(([, , name]) => name)).size).toBe(2);
      for (const [, x, name = ''] of names) expect(Number(x) - NARROW * name.length).toBeGreaterThan(0);
    }
  });

  it.each(['GPU-hours', 'node-minutes of the big cluster'])('have figures that stay in its card, in %s', (unit) => {
    const spentByScale = LONG.map((scale) => ({ ...spend, scale }));
    const page = spendPlot({ ...view, spentByScale, unit }).source;
    const texts = [...page.matchAll(/class="rowtext"( text-anchor="end")? x="([\d.]+)"[^>]*>([^<]*)</g)];
    expect(texts).toHaveLength(2);
    for (const [, end, x, text = ''] of texts)
      expect(Number(x) + (end === undefined ? NARROW * text.length : 0)).toBeLessThanOrEqual(520);
  });

  it('show what a scale has cost before its first run has ended', () => {
    const costly = { ...spend, scale: '1B', runs: 0, completed: 0, cost: 50 };
    const page = spendPlot({ ...view, spentByScale: [spend, costly] }).source;
    expect(page).toContain('50.0 EFLOP in 0 runs');
  });
});

describe('the axes of a figure', () => {
  it('group the digits before the point only', () => {
    const written = (ticks: readonly number[]): string[] => ticks.map(tickFormat(ticks));
    expect(written([-0.0005, 0, 0.0005, 0.001])).toEqual(['-0.0005', '0.0000', '0.0005', '0.0010']);
    expect(written([0, 500, 1000, 12_000])).toEqual(['0', '500', '1,000', '12,000']);
    expect(written([1234.5, 1235])).toEqual(['1,234.5', '1,235.0']);
  });

  it('write very small and very large ticks with an exponent', () => {
    const written = (ticks: readonly number[]): string[] => ticks.map(tickFormat(ticks));
    expect(written([0, 5e-13, 1e-12, 1.5e-12])).toEqual(['0', '5e-13', '1e-12', '1.5e-12']);
    expect(written([5e11, 1e12, 2.5e12])).toEqual(['5e11', '1e12', '2.5e12']);
  });

  it('keep their ticks clear of the label that is written along them', () => {
    // A record whose runs at the target differ by a few ten thousandths: ticks of seven characters.
    const { mean } = view.recommendation!;
    const near = { ...view, observations: view.observations.map((run) => ({ ...run, value: mean + 0.0004 })) };
    const page = regretPlot({ ...near, recommendation: { ...view.recommendation!, sd: 0.0002 } })?.source ?? '';
    const ticks = [...page.matchAll(/text-anchor="end" x="([\d.]+)"[^>]*>([^<]*)</g)];
    const label = Number(/translate\(([\d.]+)/.exec(page)?.[1]);
    expect(ticks.map(([, , text]) => text)).toContain('0.0002');
    const BELOW_BASELINE = 4; // descenders of the label, which reach towards the ticks
    const CHARACTER = 7; // width of a digit at the figure’s font size
    for (const [, x, text = ''] of ticks)
      expect(Number(x) - CHARACTER * text.length).toBeGreaterThan(label + BELOW_BASELINE);
  });
});
