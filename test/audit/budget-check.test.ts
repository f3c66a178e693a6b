/** What may be started while the price of the confirmation is kept: an audit knows the sweep's own rule. */
import { describe, expect, it } from 'vitest';
import { checkBudget } from '../../src/audit/budget-check.js';
import { costOf } from '../../src/domain/cost.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { makeSweep } from '../policy/sweeps.js';

type Purpose = Extract<RecordEvent, { type: 'decided' }>['purpose'];

const mixture = { web: 0.25, code: 0.25, books: 0.5 };
const { target } = makeSweep();
const half = costOf(makeSweep(), { scale: 'L', steps: 300 });
const whole = costOf(makeSweep(), target);

/** What an audit says of a target run that was preempted and, with this budget by then, run again; `between`: what happened before it was. */
const faultsOf = (budget: number, purpose: Purpose, ...between: object[]): string[] => {
  const about = { trial: 't0001', generation: 2, key: 'x.t0001.g2', cost: whole, reason: 'preempted' };
  const events = [
    { type: 'decided', decision: 1, trial: 't0001', purpose, mixture, ...target, cost: whole },
    { type: 'attempted', trial: 't0001', key: 'x.t0001.g1', generation: 1, scale: 'L', cost: half },
    ...between.map((event) => ({ ...about, ...event })),
    { type: 'rerun', ...about, waitSeconds: 0 },
  ] as unknown as RecordEvent[];
  const line = { v: 1, key: '', at: '', prev: '', hash: '' } as const;
  const { faults } = checkBudget(
    events.map((event, i) => ({ ...line, seq: i + 1, event })),
    (seq) => makeSweep({ budget: seq < events.length ? 10 * whole : budget, confirm: 1 }),
  );
  return faults.map(({ where, looksLike }) => `${where}: ${looksLike}`);
};

describe('a run that is made again', () => {
  it('leaves the price of the confirmation while the search goes on', () => {
    expect(faultsOf(half + 2 * whole, 'search')).toEqual([]);
    expect(faultsOf(2 * whole, 'search')).toEqual(['line 3: over the budget']);
  });

  it('need not when it confirms, though a result was taken back meanwhile', () => {
    const retracted = { type: 'act', act: 'retract', by: 'mira' };
    expect(faultsOf(half + whole, 'confirm', retracted)).toEqual([]);
    expect(faultsOf(whole, 'confirm', retracted)).toEqual(['line 4: over the budget']);
  });

  it('need not when it was parked: it was committed before the budget was lowered', () => {
    const lowered = { type: 'act', act: 'lower-budget', by: 'mira' };
    expect(faultsOf(half + whole, 'search', { type: 'parked' }, lowered)).toEqual([]);
  });
});
