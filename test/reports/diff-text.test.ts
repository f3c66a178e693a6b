import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { Explanation } from '../../src/domain/decision.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { diffDecisions, differencesOf, diffSweeps, firstDifference } from '../../src/reports/diff-text.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { formatCost } from '../../src/reports/format.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { hostileText } from './hostile-text.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

const sideOf = (...args: Parameters<typeof simulateRecord>) => {
  const lines = simulateRecord(...args);
  return { lines, view: foldRecord(lines) };
};
const side = sideOf();

describe('two decisions of a sweep', () => {
  it('are told apart by run, belief, trust, what was considered, and what the later one had seen beside', () => {
    const text = diffDecisions(side.view, side.lines, 20, 24);
    expect(text).toMatch(/run +300M x 19,600 steps for [\d.]+ EFLOP|run +150M/);
    expect(text).toMatch(/runs observed +16 +20/);
    expect(text).toMatch(/trust in 20M +0\.56 +0\.54/);
    expect(text).toContain('Seen by decision 24 only: t017, t018, t019, t020.');
    expect(text).toContain('Believed best:');
  });

  it('say whose results were taken back in between', () => {
    const { lines } = side;
    const at = lines.findIndex(({ event }) => event.type === 'decided' && event.decision === 22);
    const act = { type: 'act', act: 'retract', trial: 't005', by: 'mira', reason: 'wrong split' } as const;
    const changed = lines.toSpliced(at, 0, { ...lines[at]!, event: act, key: 'act:1' });
    const between = (m: number, n: number): string => diffDecisions(foldRecord(changed), changed, m, n);
    const told = 'Retracted before decision 24: t005.';
    expect([between(20, 24), between(24, 20)].map((text) => text.includes(told))).toEqual([true, true]);
    expect(between(22, 24)).not.toContain('Retracted before');
    expect(between(12, 20)).not.toContain('Retracted before');
  });

  it('count every run before one that a person pinned, and tell the budget that was in force', () => {
    const { lines } = side;
    const at = lines.findIndex(({ event }) => event.type === 'decided' && event.decision === 24);
    const pin = { ...lines[at]!.event, origin: 'person' as const, sawDigest: '', sawObservations: 18 } as RecordEvent;
    const { incumbent: _, ...explanation } = (pin as { explanation: Explanation }).explanation;
    const source = { file: 'old.csv', sha256: '0'.repeat(64), lines: [2], run: 'old' };
    const run = {
      mixture: { book: 1 },
      scale: '20M',
      steps: 2000,
      status: 'completed',
      metrics: {},
      curve: [],
    } as const;
    const imported: RecordEvent = { type: 'imported', trial: 'i1', ...run, source, by: 'mira' };
    const budget = { from: SWEEP.budget, to: 2 * SWEEP.budget };
    const act: RecordEvent = { type: 'act', act: 'extend-budget', by: 'mira', budget };
    const line = (key: string, event: RecordEvent) => ({ ...lines[at]!, key, event });
    const changed = [
      ...lines.slice(0, 1),
      line('imported:i1', imported),
      ...lines.slice(1, at),
      line('act:1', act),
      line('decided:24', { ...pin, explanation } as RecordEvent),
      ...lines.slice(at + 1),
    ];
    const view = foldRecord(changed);
    const own = lines.slice(0, at).filter(({ event }) => event.type === 'observed').length;
    expect(diffDecisions(view, changed, 22, 24)).toMatch(new RegExp(`runs observed +\\d+ +${own + 1}\n`));
    const told = explainDecision(view, 24);
    expect(told).toContain(`${own + 1} runs had been observed (1 of them imported)`);
    expect(told).toContain('No policy was asked what it believed.');
    const budgets = [20, 24].map((n) => /EFLOP of ([\d,.]+) EFLOP was spent/.exec(explainDecision(view, n))?.[1]);
    expect(budgets).toEqual([SWEEP.budget, 2 * SWEEP.budget].map((cost) => formatCost(cost)));
    const others = changed.map((one) =>
      one.key === 'decided:24' ? { ...one, event: { ...one.event, mixture: { book: 1 } } as RecordEvent } : one,
    );
    const other = { view: foldRecord(others), lines: others };
    expect(diffSweeps({ view, lines: changed }, other)).toContain('A person pinned it in both.');
  });

  it('are refused when one of them is not there', () => {
    expect(() => diffDecisions(side.view, side.lines, 3, 99)).toThrow(InputError);
  });
});

describe('two sweeps', () => {
  it('that are the same have nothing to tell', () => {
    const text = diffSweeps(side, side);
    expect(text).toContain('Settings: the same.');
    expect(text).toContain('Recommended mixtures: the same.');
    expect(firstDifference(side.view, side.view)).toBeUndefined();
  });

  it('are told apart by their settings, spending, results and the first decision that differs', () => {
    const other = sideOf({ sweep: { ...SWEEP, budget: 500, policy: { name: 'random' } } });
    const lines = other.lines.map((line) =>
      line.event.type === 'decided' && line.event.decision === 20
        ? { ...line, event: { ...line.event, steps: 6000, sawObservations: 3, sawDigest: 'ef'.repeat(32) } }
        : line,
    );
    const changed = { lines, view: foldRecord(lines) };
    const text = diffSweeps(side, changed);
    expect(text).toMatch(/budget +720 +500/);
    expect(text).toMatch(/policy\.name +"titrate" +"random"/);
    expect(firstDifference(side.view, changed.view)).toBe(20);
    expect(text).toContain('The first decision that differs is number 20');
    expect(text).toContain('It had seen 16 runs in A and 3 runs in B.');
  });

  it('warn that what they predict cannot be compared when it is of another objective or target', () => {
    const WARNING = 'what one predicts cannot be compared';
    const against = (sweep: Partial<typeof SWEEP>): string =>
      diffSweeps(side, { ...side, view: { ...side.view, sweep: { ...side.view.sweep, ...sweep } } });
    expect(against({ budget: 500, seed: 8 })).not.toContain(WARNING);
    expect(against({ target: { scale: '300M', steps: 19600 } })).toContain(WARNING);
    const other = against({ objective: { direction: 'minimize', weights: { arxiv_ce: 1 } } });
    expect(other).toContain(WARNING);
    expect(other).toMatch(/predicted +book_ce [\d.]+ ± [\d.]+ +arxiv_ce [\d.]+ ± [\d.]+/);
  });

  it('say of every scale what was spent there, by its name, also where one of them lacks it', () => {
    const tiny = { name: '1M', parameters: 1e6, tokensPerStep: 524288, steps: [2000] };
    const scales = [tiny, ...SWEEP.scales.filter(({ name }) => name !== '20M')];
    const lines = side.lines.map((line) =>
      line.event.type === 'started' ? { ...line, event: { ...line.event, sweep: { ...SWEEP, scales } } } : line,
    );
    const text = diffSweeps(side, { lines, view: foldRecord(lines) });
    expect(text).toMatch(/spent at 20M +[\d.]+ EFLOP in 11 runs +no such scale/);
    expect(text).toMatch(/spent at 150M +([\d.]+ EFLOP in \d+ runs) +\1/);
    expect(text).toMatch(/spent at 1B +([\d.]+ EFLOP in \d+ runs) +\1/);
    expect(text).toMatch(/spent at 1M +no such scale +0/);
  });

  it('lists differences leaf by leaf', () => {
    expect(differencesOf({ a: { b: 1, c: [1, 2] } }, { a: { b: 1, c: [1, 3] }, d: 0 })).toEqual([
      { path: 'a.c.1', a: '2', b: '3' },
      { path: 'd', a: '-', b: '0' },
    ]);
  });

  it('carry no control characters from names and texts', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const hostile = sideOf({ sweep: { ...SWEEP, name: text }, jobText: text });
        expect(diffSweeps(hostile, side)).not.toMatch(/(?!\n)\p{Cc}/u);
      }),
      { numRuns: 10 },
    );
  });
});
