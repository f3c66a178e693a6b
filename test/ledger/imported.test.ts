import { describe, expect, it } from 'vitest';
import type { Imported, RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { digestOf, GENESIS, linkLine } from '../../src/ledger/chain.js';
import { ObservationLog } from '../../src/ledger/observation-log.js';
import { observationsOf } from '../../src/ledger/observations.js';
import { historyOf } from '../../src/policy/history.js';
import { toySweep } from '../workflows/toy-sweep.js';

const imported = (trial: string, a: number, loss: number): Imported => ({
  type: 'imported',
  trial,
  mixture: { a, b: 1 - a },
  scale: 'small',
  steps: 5,
  status: 'completed',
  metrics: { loss },
  curve: [{ steps: 5, metrics: { loss } }],
  source: { file: 'runs.csv', sha256: 'f'.repeat(64), lines: [2], run: trial },
  by: 'ann',
});
const observed: RecordEvent = {
  type: 'observed',
  trial: 't0001',
  key: 's.t0001.g1',
  mixture: { a: 0.5, b: 0.5 },
  scale: 'small',
  steps: 10,
  status: 'completed',
  metrics: { loss: 2 },
  curve: [],
  cost: 3,
  digest: '',
  warnings: [],
};

const linesOf = (events: readonly RecordEvent[]): RecordLine[] => {
  const lines: RecordLine[] = [];
  for (const [i, event] of events.entries())
    lines.push(linkLine(lines.at(-1) ?? GENESIS, { key: `k${i}`, at: '2026-01-01T00:00:00.000Z', event }));
  return lines;
};
const started: RecordEvent = { type: 'started', sweepId: 's', sweep: toySweep(), version: '0', node: 'v20' };
const lines = linesOf([started, imported('i1', 0.2, 3), observed, imported('i2', 0.9, 4)]);

describe('earlier runs in a record', () => {
  it('are observations in the order of the record, charged nothing, and marked as imported', () => {
    const [first, own, last] = observationsOf(lines);
    expect(first).toMatchObject({ trial: 'i1', cost: 0, imported: true, metrics: { loss: 3 } });
    expect(own).toMatchObject({ trial: 't0001', cost: 3 });
    expect(own).not.toHaveProperty('imported');
    expect(last).toMatchObject({ trial: 'i2', imported: true });
  });

  it('are seen by a decision as its worker reads them, with the same digest', () => {
    const log = new ObservationLog();
    for (const line of lines) log.take(line);
    const last = lines.at(-1)!;
    const view = log.viewAt({ seq: last.seq, hash: last.hash });
    expect(view.observations).toEqual(observationsOf(lines));
    expect(view.digestWith([])).toBe(digestOf({ observations: observationsOf(lines), pending: [] }));
    expect(view.resumeOf('i1')).toBeNull();
    expect(view.resumeOf('t0001')).toEqual({ trial: 't0001', key: 's.t0001.g1', steps: 10 });
  });

  it('are never gone on from: they have no checkpoint of the sweep’s', () => {
    const [first] = observationsOf(lines);
    const run = { ...first!, steps: 10 };
    const { imported: _, ...own } = run;
    const offerOf = (known: typeof own) =>
      historyOf(toySweep(), [known], []).offer([0.2, 0.8], { scale: 'small', steps: 20 });
    expect(offerOf(run)).toEqual({ cost: 2 });
    expect(offerOf(own)).toMatchObject({ cost: 1, continues: 'i1' }); // as a run of its own it would be gone on from
  });
});
