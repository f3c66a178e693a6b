import { describe, expect, it } from 'vitest';
import type { SweepView } from '../../src/reports/sweep-view.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { cautionsOf } from '../../src/reports/caution.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { renderReport } from '../../src/reports/render-report.js';
import { formatTrust, trustVerdict } from '../../src/reports/trust-text.js';
import type { FidelityTrust } from '../../src/domain/decision.js';
import { simulateRecord } from './simulated-record.js';

const trust = (correlation: number, interval?: readonly [number, number], runs = 3): FidelityTrust => ({
  scale: '20M',
  correlation,
  runs,
  ...(interval === undefined ? {} : { interval }),
});

const withTrust = (view: SweepView, item: FidelityTrust): SweepView => ({
  ...view,
  decisions: view.decisions.map((decision) => ({
    ...decision,
    explanation: { ...decision.explanation, trust: [item] },
  })),
  recommendation: { ...view.recommendation!, trust: [item] },
});

describe('words about trust', () => {
  it('name the sign, and say when it cannot be told yet', () => {
    expect(trustVerdict(trust(0.95, [0.9, 0.99]))).toBe('ranks mixtures as the target does');
    expect(trustVerdict(trust(-0.8, [-0.9, -0.4]))).toBe('ranks mixtures the other way round');
    expect(trustVerdict(trust(-0.5, [-0.8, -0.1]))).toBe('ranks mixtures the other way round, loosely');
    expect(trustVerdict(trust(0.6, [-0.2, 0.9]))).toMatch(/^cannot be told yet/);
    expect(trustVerdict(trust(0.6, [-0.2, 0.9], 0))).toMatch(/assumed; no run there yet/);
  });

  it('go by the correlation alone where a record has no interval', () => {
    expect(trustVerdict(trust(0.6))).toBe('ranks mixtures loosely as the target does');
    expect(trustVerdict(trust(-0.6))).toBe('ranks mixtures the other way round, loosely');
    expect(formatTrust(trust(0.6))).toBe('0.60');
    expect(formatTrust(trust(0.6, [0.1, 0.9]))).toBe('0.60 (90 %: 0.10 to 0.90)');
  });

  const old = foldRecord(simulateRecord());

  it('stand in the explanation and the report with the interval', () => {
    const view = withTrust(old, trust(-0.8, [-0.93, -0.41]));
    expect(explainDecision(view, 20)).toMatch(
      /20M +-0\.80 +-0\.93 to -0\.41 +3 +├─*●─*┤ +ranks mixtures the other way round/,
    );
    expect(renderReport(view)).toContain('20M: -0.80 (90 %: -0.93 to -0.41), ranks mixtures the other way round');
  });

  it('caution against a scale that ranks the other way round, and one that cannot be told yet', () => {
    const cautionsWith = (item: FidelityTrust): string => cautionsOf(withTrust(old, item)).join('\n');
    expect(cautionsWith(trust(-0.8, [-0.93, -0.41]))).toContain(
      '20M (-0.80; 90 %: -0.93 to -0.41) rank mixtures the other way',
    );
    expect(cautionsWith(trust(0.6, [-0.1, 0.9]))).toContain('which cannot be told yet');
    expect(cautionsWith(trust(0.4, [0.2, 0.6]))).toContain('rank mixtures poorly');
    expect(cautionsWith(trust(0.4))).toContain('Runs at 20M (0.40) rank mixtures poorly');
    expect(cautionsWith(trust(0.9, [0.8, 0.95]))).not.toContain('Runs at');
  });

  it('leave records of earlier versions as they were shown', () => {
    expect(explainDecision(old, 20)).not.toContain('interval');
    expect(renderReport(old)).toContain('How far each scale is trusted');
  });
});
