import { describe, expect, it } from 'vitest';
import { confirmationSentence } from '../../src/reports/confirmation.js';
import { renderReport } from '../../src/reports/render-report.js';
import { renderSummary } from '../../src/reports/render-summary.js';
import { foldRecord, type SweepView } from '../../src/reports/sweep-view.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

/** A sweep that ended without a confirmation run, though its file asks for some. */
const unconfirmed = (change: Partial<SweepView> = {}): SweepView => {
  const view = foldRecord(simulateRecord({ sweep: { ...SWEEP, confirm: 0 } }));
  return { ...view, sweep: { ...view.sweep, confirm: 1 }, ...change };
};

/** As it is when the search itself has run the recommended mixture at the target. */
const confirmedBySearch = (): SweepView => {
  const view = unconfirmed();
  const { mixture } = view.recommendations[0]!.recommendation;
  const observations = view.observations.map((run) => (run.trial === 't030' ? { ...run, mixture, value: 2.51 } : run));
  return { ...view, observations };
};

describe('the confirmation', () => {
  it('was not needed when the search had run the recommended mixture at the target, and the report says so', () => {
    const view = confirmedBySearch();
    const sentence = 'Not needed: the search had run it at the target (t030: book_ce 2.510).';
    expect(confirmationSentence(view)).toBe(sentence);
    const page = renderReport(view);
    expect(page).toContain(`<p>${sentence}</p>`);
    expect(page).toMatch(/Run at the target by the search<\/dt><dd>2\.510<small>t030; no confirmation run was needed/);
    expect(page).not.toContain('Confirmed at the target');
  });

  it('says how its runs ended when none reported, and what they cost is not said to have confirmed', () => {
    const view = foldRecord(simulateRecord());
    const confirmations = view.confirmations.map(({ value: _value, ...run }) => ({
      ...run,
      status: 'diverged' as const,
    }));
    expect(confirmationSentence({ ...view, confirmations })).toBe(
      'Tried without a result (t035: diverged; t036: diverged): no run reported book_ce.',
    );
    expect(renderReport({ ...view, confirmations })).toContain('The pale part went into confirmation runs.');
  });

  it('is judged by what so many runs were expected to report on average, noise and all', () => {
    const view = foldRecord(simulateRecord());
    const before = view.recommendations[0]!.recommendation;
    const withDoubt = (values: readonly number[], expected?: number): SweepView => {
      const { expected: _expected, ...rest } = before;
      const recommendation = {
        ...rest,
        mean: 2,
        sd: 0.03,
        ...(expected === undefined ? {} : { expected: { mean: 2, sd: expected } }),
      };
      return {
        ...view,
        recommendations: [{ ...view.recommendations[0]!, recommendation }, ...view.recommendations.slice(1)],
        confirmations: values.map((value, i) => ({ ...view.confirmations[i]!, value })),
      };
    };
    // Sd .03 of the mean and .04 of a run's noise: .05 of one run, .0412 of the mean of two.
    const one = withDoubt([2.09], 0.05);
    expect(confirmationSentence(one)).toContain(
      '2.000 ± 0.098 (95 % interval, with the noise of one run). It lies inside',
    );
    expect(renderReport(one)).toMatch(
      /Confirmed at the target \(1 run\).*inside what was predicted before, 2\.000 ± 0\.098</,
    );
    const two = withDoubt([2.09, 2.09], 0.05);
    expect(confirmationSentence(two)).toContain('± 0.081 (95 % interval, with the noise of 2 runs). It lies outside');
    expect(renderReport(two)).toMatch(/outside what was predicted before, 2\.000 ± 0\.081</);
    expect(confirmationSentence(withDoubt([2.05, 2.11], 0.05))).toContain('It lies inside');
    // Records of earlier versions have what is believed of the mixture alone.
    expect(confirmationSentence(withDoubt([2.09]))).toContain('± 0.059 (95 % interval). It lies outside');
  });

  it('is not passed for one of the recommended mixture when that has moved since', () => {
    const view = foldRecord(simulateRecord());
    const moved = (by: number): SweepView => {
      const { mixture } = view.recommendation!;
      const [book, web] = [mixture['book']! - by, mixture['wikipedia']! + by];
      const guards = [{ metric: 'arxiv_ce', atMost: 3, confidence: 0.9, mean: 2, sd: 0.1, probability: 0.99 }];
      return {
        ...view,
        recommendation: { ...view.recommendation!, mixture: { ...mixture, book, wikipedia: web }, guards },
      };
    };
    const CAUTION = 'The recommended mixture is not the one that was confirmed: it has moved by 20.0 %';
    expect(renderReport(moved(0))).toMatch(/Confirmed at the target \(2 runs\).*>confirmed</);
    expect(renderReport(moved(0))).not.toContain('has moved');
    const far = renderReport(moved(0.2));
    expect(far).not.toContain('Confirmed at the target');
    expect(far).toMatch(
      /Reported by what was recommended before \(2 runs\).*; the recommendation has moved by 20\.0 % since/,
    );
    expect(far).toContain('>confirmed, before it moved<');
    expect(far).toContain(CAUTION);
    expect(renderSummary(moved(0.2), { width: 1000, colour: false }).join()).toContain(CAUTION);
    expect(renderReport(moved(0.02))).not.toContain('Take care:</strong> The recommended mixture');
  });

  it('was not made for a reason that the record tells', () => {
    const says = (change: Partial<SweepView>): string => confirmationSentence(unconfirmed(change));
    const finish = {
      line: 9,
      at: '',
      authenticated: null,
      trial: null,
      text: '',
      by: 'ada',
      taken: true,
      what: 'finish',
    };
    const sweep = { ...unconfirmed().sweep, budget: 500 };
    expect(says({ log: [finish] })).toBe('Not run: ada finished the sweep.');
    expect(says({ status: 'cancelled' })).toBe('Not run: the sweep was cancelled.');
    expect(says({ sweep })).toBe('Not run: the rest of the budget does not pay for it (123 EFLOP).');
    expect(says({})).toBe('Not run.');
    expect(says({ end: null })).toBe('Not run yet.');
    expect(says({ sweep: { ...sweep, confirm: 0 } })).toBe('Not asked for (confirm: 0).');
  });
});
