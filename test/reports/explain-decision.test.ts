import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/domain/decision.js';
import type { RecordLine } from '../../src/domain/record-event.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { simulateRecord } from './simulated-record.js';

const view = foldRecord(simulateRecord());

/** The record with one decision's explanation changed. */
const withExplanation = (n: number, change: (explanation: Explanation) => Explanation): readonly RecordLine[] =>
  simulateRecord().map((line) =>
    line.event.type === 'decided' && line.event.decision === n
      ? { ...line, event: { ...line.event, explanation: change(line.event.explanation) } }
      : line,
  );

describe('the explanation of a decision', () => {
  it('names the job, its cost, the reason and what came of it', () => {
    const text = explainDecision(view, 20);
    expect(text).toContain('Train 300M x 19,600 steps for 18.5 EFLOP');
    expect(text).toContain('Why: it teaches most about the target per unit of cost.');
    expect(text).toMatch(/completed: book_ce 2\.\d+, charged 18\.5 EFLOP/);
  });

  it('says why the target scale was not bought, with the ratios of worth and price', () => {
    const text = explainDecision(view, 20);
    expect(text).toContain('Why 300M, and not 1B');
    expect(text).toContain(
      '1B x 19,600 steps: it is worth 6.0x as much and costs 6.7x (123 EFLOP), so 0.90x per EFLOP.',
    );
  });

  it('says why the target scale was bought now', () => {
    const text = explainDecision(view, 23);
    expect(text).toContain('Why 1B, and why now');
    expect(text).toContain('No other fidelity considered was worth more per EFLOP.');
  });

  it('never claims the best value per cost when the record shows a better one', () => {
    const lines = withExplanation(23, (explanation) => ({
      ...explanation,
      considered: explanation.considered.map((candidate) =>
        candidate.scale === '20M' ? { ...candidate, valuePerCost: 1 } : candidate,
      ),
    }));
    const text = explainDecision(foldRecord(lines), 23);
    expect(text).not.toContain('No other fidelity considered was worth more');
    expect(text).toMatch(/By value per cost alone 20M x [\d,]+ steps came first/);
  });

  it('says so when the mixture that was run is not the best candidate at its fidelity', () => {
    const lines = withExplanation(23, (explanation) => ({
      ...explanation,
      phase: 'test-recommendation',
      considered: explanation.considered.map((candidate) => ({ ...candidate, mixture: { book: 1 } })),
    }));
    const text = explainDecision(foldRecord(lines), 23);
    expect(text).toContain('another mixture was run there, to test what would be recommended.');
    expect(text).toMatch(/~ +1B +19,600/);
    expect(text).not.toMatch(/> +1B/);
  });

  it('gives the reason for leaving the target out when it was', () => {
    const lines = withExplanation(20, (explanation) => ({
      ...explanation,
      considered: explanation.considered.filter(({ scale }) => scale !== '1B'),
      excluded: [{ scale: '1B', steps: 19600, reason: 'the rest of the budget does not pay for it' }],
    }));
    const text = explainDecision(foldRecord(lines), 20);
    expect(text).toContain('1B x 19,600 steps was left out: the rest of the budget does not pay for it.');
  });

  it('marks what was valued though it was not open', () => {
    const lines = withExplanation(20, (explanation) => ({
      ...explanation,
      excluded: [{ scale: '20M', steps: 19600, reason: 'costs too little by now' }],
    }));
    const text = explainDecision(foldRecord(lines), 20);
    expect(text).toMatch(/x +20M +19,600/);
    expect(text).toMatch(/What was not open, and why\n +20M x 19,600 steps: costs too little by now\./);
    expect(explainDecision(view, 20)).not.toMatch(/x +20M +19,600/);
  });

  it('says so when nothing was compared, as in an opening', () => {
    const text = explainDecision(view, 3);
    expect(text).toContain('It belongs to the opening');
    expect(text).toContain('The opening compares no values. 1B x 19,600 steps costs 123 EFLOP, 327x this run.');
  });

  it('tells a failed run with what the job said, and one in flight', () => {
    expect(explainDecision(view, 14)).toContain('failed (out of memory on gpu 3): no book_ce');
    const running = foldRecord(simulateRecord({ runs: 20, running: 2 }));
    expect(explainDecision(running, 20)).toContain('It has not ended yet.');
  });

  it('says what was odd about the files of a job', () => {
    expect(explainDecision(view, 8)).toContain('Odd about its files: torn last line: out of memory on gpu 3.');
    expect(explainDecision(view, 9)).not.toContain('Odd about its files');
  });

  it('says what each scale is trusted for', () => {
    const text = explainDecision(view, 20);
    expect(text).toMatch(/20M +0\.56 +11 +ranks mixtures loosely as the target does/);
    expect(text).toMatch(/1B +1\.00 +0 +is the target/);
  });

  it('refuses a decision that is not there, naming those that are', () => {
    expect(() => explainDecision(view, 99)).toThrow(/expected decisions 1 to 36; found 99/);
  });
});
