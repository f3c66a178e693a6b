import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { digestOf, type NewEvent } from '../../src/ledger/chain.js';
import { observationsOf, sweepOf } from '../../src/ledger/observations.js';
import { RecordFile, readRecord } from '../../src/ledger/record-file.js';
import { toySweep } from '../workflows/toy-sweep.js';

const at = '2026-01-01T00:00:00.000Z';
const named = (key: string, event: RecordEvent): NewEvent => ({ key, at, event });
const started = named('started', { type: 'started', sweepId: 's', sweep: toySweep(), version: '0', node: 'v20' });
const launched = (n: number): NewEvent =>
  named(`launched:s.t${n}.g1`, { type: 'launched', trial: `t${n}`, key: `s.t${n}.g1`, native: '1', folder: '/jobs' });
const observed = (n: number, loss = n): NewEvent =>
  named(`observed:t${n}`, {
    type: 'observed',
    trial: `t${n}`,
    key: `s.t${n}.g1`,
    mixture: { a: 0.25, b: 0.75 },
    scale: 'small',
    steps: 10,
    status: 'completed',
    metrics: { loss },
    curve: [{ steps: 10, metrics: { loss } }],
    cost: 1,
    digest: 'd',
    warnings: [],
  });
const pending = [{ trial: 't9', mixture: { a: 0.5, b: 0.5 }, scale: 'small', steps: 10, cost: 1 }];

describe('what a decision sees of a record', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-view-'));
    file = path.join(folder, 'record.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is what a reading of the whole record gives, digest included, as it grows', async () => {
    const record = new RecordFile(file);
    await record.append([started]);
    for (let n = 1; n <= 6; n += 1) {
      const { head } = await record.append([launched(n), observed(n)]);
      const view = await record.viewAt(head);
      const { lines } = await readRecord(file);
      const observations = observationsOf(lines);
      expect(view.sweep).toEqual(sweepOf(lines));
      expect(view.observations).toEqual(observations);
      expect(view.observations).toHaveLength(n);
      expect(view.digestWith(pending)).toBe(digestOf({ observations, pending }));
    }
  });

  it('ends at the line it was asked for, whatever was written since', async () => {
    const record = new RecordFile(file);
    await record.append([started]);
    const { head } = await record.append([observed(1)]);
    const before = await record.viewAt(head);
    await record.append([observed(2)]);
    const after = await record.viewAt(head);
    expect(after.observations).toEqual(before.observations);
    expect(after.digestWith(pending)).toBe(before.digestWith(pending));
    expect(after.stream).toBe(before.stream);
    expect(after.resumeOf('t1')).toEqual({ key: 's.t1.g1', trial: 't1', steps: 10 });
    expect(after.resumeOf('t2')).toBeNull();
    expect(after.resumeOf(undefined)).toBeNull();
  });

  it('counts a result for nothing from the line on that took it back, and as it was before', async () => {
    const record = new RecordFile(file);
    const retract = (n: number, trial: string): NewEvent =>
      named(`act:${n}`, { type: 'act', act: 'retract', trial, by: 'ada', reason: 'wrong split' });
    const steps = [[started, observed(1), observed(2)], [retract(1, 't1')], [observed(3)], [retract(2, 't3')]];
    const heads = [];
    for (const events of steps) heads.push((await record.append(events)).head);
    const { lines } = await readRecord(file);
    const streams = new Set<string>();
    for (const again of [record, new RecordFile(file)]) {
      for (const head of heads) {
        const view = await again.viewAt(head);
        const observations = observationsOf(lines.slice(0, head.seq));
        expect(view.observations).toEqual(observations);
        expect(view.digestWith(pending)).toBe(digestOf({ observations, pending }));
        if (again === record) streams.add(view.stream);
      }
    }
    expect(streams.size).toBe(3); // the third list is the second one and one more
    const last = (await record.viewAt(heads[3]!)).observations;
    expect(last.map(({ status }) => status)).toEqual(['retracted', 'completed', 'retracted']);
    expect(last[0]).toMatchObject({ mixture: { a: 0.25, b: 0.75 }, scale: 'small', steps: 10, cost: 1, metrics: {} });
    expect(last[0]).not.toHaveProperty('curve');
    expect((await record.viewAt(heads[0]!)).observations[0]?.metrics).toEqual({ loss: 1 });
  });

  it('holds what another process appended', async () => {
    const [mine, theirs] = [new RecordFile(file), new RecordFile(file)];
    await mine.append([started, observed(1)]);
    await mine.viewAt((await mine.append([])).head);
    const { head } = await theirs.append([observed(2)]);
    expect((await mine.viewAt(head)).observations.map(({ trial }) => trial)).toEqual(['t1', 't2']);
  });

  it('is another stream once the record was written anew', async () => {
    const record = new RecordFile(file);
    const { head } = await record.append([started, observed(1), observed(2)]);
    const before = await record.viewAt(head);
    const [first = '', second = ''] = (await readFile(file, 'utf8')).split('\n');
    await rm(file);
    await writeFile(file, `${first}\n${second}\n`);
    const restored = await record.append([]);
    const after = await record.viewAt(restored.head);
    expect(after.observations).toHaveLength(1);
    expect(after.stream).not.toBe(before.stream);
    await expect(record.viewAt(head)).rejects.toThrow('line 3 of the record is missing');
  });

  it('is refused when a line before it was changed', async () => {
    const record = new RecordFile(file);
    const { head } = await record.append([started, observed(1)]);
    await record.viewAt(head);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"metrics":{"loss":1', '"metrics":{"loss":7'));
    await expect(record.viewAt(head)).rejects.toThrow('the record is broken at line 2');
  });

  it('leaves out a line that was torn', async () => {
    const record = new RecordFile(file);
    const { head } = await record.append([started, observed(1)]);
    await appendFile(file, '{"v":1,"seq":3');
    expect((await record.viewAt(head)).observations).toHaveLength(1);
    await record.append([observed(2)]);
    expect((await readRecord(file)).lines).toHaveLength(3);
  });
});

describe('a record file that is asked for a line it wrote long ago', () => {
  it('reads it back from the disk', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'titrate-view-'));
    const record = new RecordFile(path.join(folder, 'record.jsonl'));
    await record.append([started]);
    for (let n = 1; n <= 20; n += 1) await record.append([observed(n)]);
    const { lines } = await record.append([observed(3, 99), observed(21)]);
    expect(lines.map(({ seq }) => seq)).toEqual([4, 22]);
    expect(lines[0]?.event).toMatchObject({ trial: 't3', metrics: { loss: 3 } });
    expect(record.isIdle).toBe(true);
    await rm(folder, { recursive: true, force: true });
  });
});
