import { describe, expect, it } from 'vitest';
import type { Recommendation } from '../../src/domain/decision.js';
import { cautionsOf } from '../../src/reports/caution.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { healthOf, type HealthCheck } from '../../src/reports/health.js';
import { renderReport } from '../../src/reports/render-report.js';
import { foldRecord, type SweepView } from '../../src/reports/sweep-view.js';
import { simulateRecord } from './simulated-record.js';

const view = foldRecord(simulateRecord());
const recommendation = view.recommendation!;
const found = (name: string, changed: Partial<SweepView>): HealthCheck =>
  healthOf({ ...view, ...changed }).find((check) => check.name === name)!;
const recommending = (change: Partial<Recommendation>): Partial<SweepView> => ({
  recommendation: { ...recommendation, ...change },
});

describe('health checks', () => {
  it('find nothing in a sweep that is well, and give no remedy then', () => {
    const trust = recommendation.trust.map((item) => ({ ...item, correlation: 0.9 }));
    for (const { state, remedy } of healthOf({ ...view, ...recommending({ trust }) }))
      expect([state, remedy]).toEqual(['good', '']);
  });

  it('do not say that mixtures are told apart where no run has reported', () => {
    const nothing = { observations: [], imports: [], ...recommending({ shareRanges: {} }) };
    expect(found('Does the mixture matter?', nothing)).toMatchObject({ state: 'unknown', remedy: '' });
  });

  it('see intervals that are too narrow, by leave-one-out errors and by what runs reported', () => {
    const poor = { rows: 60, logMarginalLikelihood: 1, standardizedError: 2.1 };
    const decisions = view.decisions.map((one) => ({ ...one, explanation: { ...one.explanation, fit: poor } }));
    expect(found('Fit of the model', { decisions })).toMatchObject({ state: 'watch' });
    const missed = view.observations.map((run) => (run.value === undefined ? run : { ...run, value: run.value + 1 }));
    expect(found('Fit of the model', { observations: missed }).finding).toMatch(
      /^Leave-one-out .* 0 of \d+ runs reported/,
    );
    expect(found('Fit of the model', { observations: missed }).state).toBe('watch');
  });

  it('and the explanation do not judge a fit of one checkpoint, which has no error', () => {
    const fit = { rows: 1, logMarginalLikelihood: 0, standardizedError: 0 };
    const decisions = view.decisions.map((one) => ({ ...one, explanation: { ...one.explanation, fit } }));
    const { state, finding } = found('Fit of the model', { decisions, observations: [] });
    expect([state, finding]).toEqual(['unknown', 'No run has been predicted yet.']);
    const explained = explainDecision({ ...view, decisions }, 20);
    expect(explained).toContain('The model fitted 1 checkpoint: too few to judge it by.');
    expect(explained).not.toContain('0x what it claims');
  });

  it('count as the figure does how many predictions held', () => {
    // A confirmation states no expectation of its own: what was predicted of the recommended mixture is its.
    const decisions = view.decisions.map(({ explanation: { expected, ...explanation }, ...decision }) => {
      const { mean, sd } = recommendation;
      const incumbent = { mixture: decision.mixture, mean, sd };
      const isConfirmation = decision.purpose === 'confirm' || expected === undefined;
      return {
        ...decision,
        explanation: isConfirmation ? { ...explanation, incumbent } : { ...explanation, expected },
      };
    });
    const [said] = /\d+ of \d+ runs reported/.exec(found('Fit of the model', { decisions }).finding) ?? [];
    const [, counted] = /(\d+ of \d+ runs reported) a value within/.exec(renderReport({ ...view, decisions })) ?? [];
    expect(said).toBeDefined();
    expect(counted).toBe(said);
  });

  it('tell runs at smaller scales that all failed from none', () => {
    const trust = recommendation.trust.filter(({ scale }) => scale === '1B');
    const scales = (observations: SweepView['observations']): string =>
      found('Small scales as guides', { ...recommending({ trust }), observations }).finding;
    const failed = view.observations.map((run) => ({ ...run, status: 'failed' as const }));
    expect(scales(failed)).toBe('No run at a smaller scale has completed.');
    expect(scales(failed.filter(({ scale }) => scale === '1B'))).toBe('No smaller scale has been run.');
  });

  it('see scales that rank the other way round', () => {
    const trust = [{ scale: '20M', correlation: -0.8, interval: [-0.9, -0.5] as const, runs: 11 }];
    const { state, finding, remedy } = found('Small scales as guides', recommending({ trust }));
    expect([state, finding.includes('20M -0.80')]).toEqual(['watch', true]);
    expect(remedy).not.toBe('');
  });

  it('see a best mixture at a bound that the team set', () => {
    const mixture = { ...recommendation.mixture, wikipedia: 0.8, github: 0.02 };
    expect(found('Bounds', recommending({ mixture })).finding).toContain(
      'wikipedia at its most, 80.0 %, github at its least, 2.0 %',
    );
    expect(found('Bounds', recommending({ mixture: { ...mixture, wikipedia: 0, github: 0.2 } })).state).toBe('good');
  });

  it('see mixtures that cannot be told apart, and do not say that they are as good', () => {
    const shareRanges = Object.fromEntries(Object.keys(view.sweep.domains).map((name) => [name, [0, 0.9] as const]));
    const { state, finding, remedy } = found('Does the mixture matter?', recommending({ shareRanges }));
    expect(state).toBe('watch');
    expect(finding).toMatch(/cannot be told from the recommended one/);
    expect(remedy).toMatch(/narrow, the objective is flat.*wide, too little is known/);
    const page = renderReport({ ...view, ...recommending({ shareRanges }) });
    expect(page).not.toMatch(/about as good/);
    expect(page).toContain('they are as good, or too little is known to tell');
  });

  it('see too few runs at the target, and too many that did not complete', () => {
    const observations = view.observations.filter(({ scale }) => scale !== '1B');
    expect(found('Runs at the target', { observations })).toMatchObject({
      state: 'watch',
      finding: '0 runs completed there.',
    });
    const failed = view.observations.map((run, i) => (i % 2 === 0 ? { ...run, status: 'failed' as const } : run));
    const check = found('Runs that did not complete', { observations: failed });
    expect(check.state).toBe('watch');
    expect(check.remedy).not.toContain('What else happened'); // a section that a report without reruns has not
  });

  it('count no trial that a person did not approve among the runs that did not complete', () => {
    const observations = view.observations.map((run, i) =>
      i % 2 === 0 ? { ...run, status: 'refused-by-person' as const } : run,
    );
    const lost = observations.filter(({ status }) => status === 'failed' || status === 'diverged').length;
    const made = observations.filter(({ status }) => status !== 'refused-by-person').length;
    expect(found('Runs that did not complete', { observations })).toMatchObject({
      state: 'good',
      finding: `${lost} of ${made}.`,
    });
    expect(cautionsOf({ ...view, observations }).join(' ')).not.toContain('did not complete');
  });

  it('and the cautions count imported runs at the target as runs at the target', () => {
    const source = { file: 'old.csv', sha256: 'a'.repeat(64), lines: [7], run: 'old' };
    const target = view.observations.find(({ scale, value }) => scale === '1B' && value !== undefined)!;
    const imported = { ...target, type: 'imported' as const, source, by: 'ann' };
    const observations = view.observations.filter(({ scale }) => scale !== '1B');
    const says = (imports: SweepView['imports']): string => cautionsOf({ ...view, observations, imports }).join(' ');
    expect(says([])).toContain('No run was made at the target');
    expect(says([imported])).not.toContain('No run was made at the target');
  });

  it('count shorter runs at the target’s size, and advise only what is not so already', () => {
    const target = view.observations.filter(({ scale }) => scale === '1B');
    const shorter = target.slice(1).map((run) => ({ ...run, steps: 6000 }));
    expect(found('Runs at the target', { observations: [target[0]!, ...shorter] })).toMatchObject({
      state: 'good',
      finding: '1 run completed there, and 3 at 1B with fewer steps.',
    });
    const few = { observations: target.slice(0, 1) };
    expect(found('Runs at the target', few)).toMatchObject({
      state: 'watch',
      remedy:
        'Make a run or two at the target in a sweep of their own, with these runs imported, before much is staked on the mixture.',
    });
    const unasked = { ...view.sweep, confirm: 0 };
    expect(found('Runs at the target', { ...few, sweep: unasked }).remedy).toMatch(/^Ask for confirmation runs/);
    expect(found('Runs at the target', { ...few, end: null }).remedy).toMatch(/^Extend the budget/);
  });

  it('stand in the report with what to do, beside the regret and the earlier runs', () => {
    const source = { file: 'old.csv', sha256: 'a'.repeat(64), lines: [7, 8], run: 'exp-12 <b>' };
    const run = { ...view.observations[0]!, type: 'imported' as const, source, by: 'ann', changed: ['web split'] };
    const page = renderReport({
      ...view,
      imports: [run],
      observations: view.observations.filter(({ scale }) => scale !== '150M'),
    });
    const taken = { ...run, trial: 'i0123456789', status: 'retracted' as const, detail: 'by bob: wrong split' };
    const after = renderReport({ ...view, imports: [run, taken] });
    expect(after).toContain('2 runs made before or elsewhere, charged nothing here; 1 of them retracted');
    expect(after).toContain('<td class="narrow">i0123456789</td>'); // what titrate retract takes it by
    expect(after).toContain('<small>retracted by bob: wrong split</small>');
    for (const text of ['Health checks', 'Regret against spend', 'exp-12 &lt;b&gt;', 'old.csv, line 7, 8', 'web split'])
      expect(page).toContain(text);
  });
});
