import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/activities.js';
import { notBefore, recordActivities } from '../../src/activities/record-activities.js';
import { trialActivities } from '../../src/activities/trial-activities.js';
import type { Imported } from '../../src/domain/record-event.js';
import type { NewEvent } from '../../src/ledger/chain.js';
import { RecordFile } from '../../src/ledger/record-file.js';
import { toySweep } from '../workflows/toy-sweep.js';

const event = (at: string): NewEvent => ({
  key: `finished:${at}`,
  at,
  event: { type: 'ended', status: 'completed', spent: 1, reason: '' },
});

describe('the time of a line', () => {
  const scheduled = Date.parse('2026-11-22T22:35:22.515Z');

  it('is that of its writing where the sweep has a clock that stands still', () => {
    const times = notBefore(scheduled, [event('2026-11-22T22:34:54.231Z')]).map(({ at }) => at);
    expect(times).toEqual(['2026-11-22T22:35:22.515Z']);
  });

  it('is what the sweep says where that is not before', () => {
    const events = [event('2026-11-22T22:35:22.515Z'), event('2026-11-22T22:35:23.000Z')];
    expect(notBefore(scheduled, events)).toEqual(events);
  });
});

const imported = (trial: string): NewEvent => {
  const metrics = { loss: 1 };
  const source = { file: 'past.csv', sha256: 'f'.repeat(64), lines: [1], run: trial };
  const run = { mixture: { a: 0.5, b: 0.5 }, scale: 'small', steps: 10, status: 'completed', metrics } as const;
  const told: Imported = { type: 'imported', trial, ...run, curve: [{ steps: 10, metrics }], source, by: 'ada' };
  return { key: `imported:${trial}`, at: '2026-01-01T00:00:00.000Z', event: told };
};

describe('what the writing of a record tells the sweep', () => {
  let folder: string;
  const create = (imports: readonly NewEvent[] = []) => {
    const record = new RecordFile(join(folder, 'record.jsonl'));
    const deps = { recordFor: () => record, importsFor: async () => imports, version: '0', askedAt: () => 0 };
    return { record, ...recordActivities(deps as unknown as ActivityDeps) };
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-activities-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is, when it is opened, its head and none of the runs that were imported', async () => {
    const { record, titrateOpenRecord } = create(Array.from({ length: 20 }, (_, n) => imported(`past-${n}`)));
    const opened = await titrateOpenRecord({ sweepId: 's', sweep: toySweep(), at: '2026-01-01T00:00:00.000Z' });
    expect(opened).toEqual({ head: { seq: 21, hash: (await record.read()).lines.at(-1)?.hash } });
  });

  it('is, of what it wrote, nothing but what stands there already in another shape', async () => {
    const { titrateOpenRecord, titrateAppend } = create();
    await titrateOpenRecord({ sweepId: 's', sweep: toySweep(), at: '2026-01-01T00:00:00.000Z' });
    const first = imported('past-1');
    const events = [first, imported('past-2')];
    const { head, events: stand } = await titrateAppend({ sweepId: 's', events });
    expect(stand).toEqual([null, null]);
    expect(await titrateAppend({ sweepId: 's', events })).toEqual({ head, events: [null, null] }); // asked again
    const other = { ...first, event: { ...first.event, by: 'eve' } as Imported };
    expect((await titrateAppend({ sweepId: 's', events: [other] })).events).toEqual([first.event]);
  });
});

describe('what is told of trials that a sweep asks about', () => {
  it('is as much as fits into one message, in its order', async () => {
    const metrics = { loss: 1 };
    const curve = Array.from({ length: 3000 }, (_, steps) => ({ steps, metrics }));
    const findTrial = async (trial: string) => ({
      trial,
      standing: 'ended',
      end: { trial, key: trial, result: { curve } },
    });
    const { titrateFindTrials } = trialActivities({ findTrial } as unknown as ActivityDeps);
    const trials = ['t0001', 't0002', 't0003', 't0004'].map((trial) => ({ trial, workflowId: trial }));
    expect((await titrateFindTrials({ trials })).map(({ trial }) => trial)).toEqual(['t0001', 't0002']);
    expect(await titrateFindTrials({ trials: [] })).toEqual([]);
  });
});
