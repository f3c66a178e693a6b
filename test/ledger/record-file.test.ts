import { appendFile, mkdtemp, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StateError } from '../../src/domain/errors.js';
import type { NewEvent } from '../../src/ledger/chain.js';
import { RecordFile, readRecord } from '../../src/ledger/record-file.js';
import { toySweep } from '../workflows/toy-sweep.js';

const started: NewEvent = {
  key: 'started',
  at: '2026-01-01T00:00:00.000Z',
  event: { type: 'started', sweepId: 's', sweep: toySweep(), version: '0.1.0', node: process.version },
};
const act = (n: number, reason = `reason ${n}`): NewEvent => ({
  key: `act:${n}`,
  at: '2026-01-01T00:00:00.000Z',
  event: { type: 'act', act: 'pause', by: 'tester', reason },
});

describe('a record file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-record-'));
    file = path.join(folder, 'sweeps', 's', 'record.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const keysOnDisk = async (): Promise<string[]> => (await readRecord(file)).lines.map(({ key }) => key);

  it('numbers and chains its lines', async () => {
    const { head } = await new RecordFile(file).append([started, act(1)]);
    const { lines } = await readRecord(file);
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(lines[1]?.prev).toBe(lines[0]?.hash);
    expect(head).toEqual({ seq: 2, hash: lines[1]?.hash });
  });

  it('writes an event once, and gives back the line that stands when its key comes again', async () => {
    const record = new RecordFile(file);
    await record.append([started, act(1, 'first')]);
    const again = await record.append([act(1, 'second'), act(2)]);
    expect(again.lines.map(({ event }) => (event.type === 'act' ? event.reason : ''))).toEqual(['first', 'reason 2']);
    expect(await keysOnDisk()).toEqual(['started', 'act:1', 'act:2']);
  });

  it('has no double when two processes append the same events at once', async () => {
    const writers = Array.from({ length: 6 }, () => new RecordFile(file));
    await new RecordFile(file).append([started]);
    for (let n = 1; n <= 20; n += 1) await Promise.all(writers.map((writer) => writer.append([act(n)])));
    expect(await keysOnDisk()).toEqual(['started', ...Array.from({ length: 20 }, (_, n) => `act:${n + 1}`)]);
  });

  it('reads up to a torn last line, says so, and writes it again', async () => {
    const record = new RecordFile(file);
    await record.append([started, act(2)]);
    const whole = await readFile(file);
    await truncate(file, whole.length - 25);
    const torn = await readRecord(file);
    expect(torn.lines).toHaveLength(1);
    expect(torn.warnings[0]).toContain('torn');
    await new RecordFile(file).append([act(2)]);
    expect((await readFile(file)).equals(whole)).toBe(true);
  });

  it('survives a tear at any byte (property)', async () => {
    const events = [started, act(2), act(3)];
    await new RecordFile(file).append(events);
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        await writeFile(file, whole.subarray(0, length));
        await new RecordFile(file).append(events);
        expect((await readFile(file)).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves nothing of a torn line that was longer than what replaces it', async () => {
    await new RecordFile(file).append([started]);
    await appendFile(file, JSON.stringify({ v: 1, seq: 2, filler: 'x'.repeat(3000) }));
    await new RecordFile(file).append([act(2)]);
    const { lines, warnings } = await readRecord(file);
    expect(lines.map(({ key }) => key)).toEqual(['started', 'act:2']);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['a changed byte', (text: string) => text.replace('reason 2', 'season 2'), /line 2: its content does not match/],
    ['a removed line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), /line 2: sequence number 2/],
    [
      'a doubled line',
      (text: string) =>
        text
          .split('\n')
          .toSpliced(1, 0, text.split('\n')[0] ?? '')
          .join('\n'),
      /line 2: seq/,
    ],
    ['text that is no JSON', (text: string) => text.replace('{"v":1,"seq":3', 'oops'), /line 3: it is not JSON/],
  ])('refuses %s, naming the line, and writes nothing more', async (_, damage, message) => {
    await new RecordFile(file).append([started, act(2), act(3)]);
    const damaged = damage(await readFile(file, 'utf8'));
    await writeFile(file, damaged);
    await expect(readRecord(file)).rejects.toThrow(message);
    await expect(new RecordFile(file).append([act(4)])).rejects.toBeInstanceOf(StateError);
    expect(await readFile(file, 'utf8')).toBe(damaged);
  });

  it('notices a line that was changed behind its back, though the size is the same', async () => {
    const record = new RecordFile(file);
    await record.append([started, act(2)]);
    const good = await readFile(file, 'utf8');
    await writeFile(file, good.replace('reason 2', 'season 2'));
    await expect(record.append([act(3)])).rejects.toThrow(/line 2/);
    await writeFile(file, good);
    expect((await record.append([act(3)])).head.seq).toBe(3);
  });

  it('sees what another process wrote since', async () => {
    const [one, other] = [new RecordFile(file), new RecordFile(file)];
    await one.append([started]);
    await other.append([act(2)]);
    await one.append([act(3)]);
    expect((await other.read()).lines.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('says that the disk is full and what to do', async () => {
    await expect(new RecordFile('/dev/full').append([started])).rejects.toMatchObject({
      code: 'StateError',
      message: expect.stringContaining('ENOSPC') as string,
      hint: expect.stringContaining('free some space') as string,
    });
  });

  it('writes lines that it finds there once more when they may not have reached the disk, before it goes on', async () => {
    await new RecordFile(file).append([started]);
    const handle = await open(file);
    const proto = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = vi.spyOn(proto, 'sync').mockRejectedValueOnce(Object.assign(new Error('no'), { code: 'EIO' }));
    try {
      const record = new RecordFile(file);
      await expect(record.append([act(1), act(2)])).rejects.toThrow('cannot write the record');
      const { size } = await stat(file);
      sync.mockClear();
      const write = vi.spyOn(proto, 'write');
      expect((await record.append([act(1), act(2)])).head.seq).toBe(3);
      const written = write.mock.calls.reduce((sum, [bytes]) => sum + (bytes as unknown as Buffer).length, 0);
      const [line = ''] = (await readFile(file, 'utf8')).split('\n');
      expect(written).toBe(size - line.length - 1);
      expect(sync.mock.invocationCallOrder[0]).toBeGreaterThan(write.mock.invocationCallOrder.at(-1) ?? Infinity);
      expect(await keysOnDisk()).toEqual(['started', 'act:1', 'act:2']);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('is begun by the sweep that it is of and by nothing else, so that one out of sight is waited for', async () => {
    await expect(new RecordFile(file).append([act(1)])).rejects.toMatchObject({
      code: 'StateError',
      message: `the record that act:1 is to be added to is not there (${file})`,
      hint: expect.stringContaining('goes on by itself') as string,
    });
    const record = new RecordFile(file);
    const { head } = await record.append([started]);
    await rename(path.dirname(file), `${path.dirname(file)}.away`);
    await expect(record.append([act(1)], head)).rejects.toThrow('is not there');
    await rename(`${path.dirname(file)}.away`, path.dirname(file));
    await record.append([act(1)], head);
    expect(await keysOnDisk()).toEqual(['started', 'act:1']);
  });

  it('takes what follows a line that it holds, its own lines behind it included, and nothing else', async () => {
    const record = new RecordFile(file);
    const { head } = await record.append([started, act(1)]);
    const older = await readFile(file);
    const appended = await record.append([act(2)], head);
    expect(await record.append([act(2)], head)).toEqual(appended); // asked again after a crash
    await rm(file);
    await writeFile(file, older); // restored from a backup that is too old
    await expect(record.append([act(3)], appended.head)).rejects.toThrow('line 3 of the record is missing');
    await new RecordFile(file).append([act(7)]);
    await expect(record.append([act(3)], appended.head)).rejects.toThrow(
      'line 3 of the record is not the one that the sweep wrote',
    );
    expect(await keysOnDisk()).toEqual(['started', 'act:1', 'act:7']);
  });

  it('says that there is no record', async () => {
    await expect(readRecord(file)).rejects.toThrow(/no record found/);
  });
});
