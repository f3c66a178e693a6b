import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeQuarantine, foldQuarantine, readQuarantine, type Orphan } from '../../src/ledger/quarantine.js';

const at = '2026-01-01T00:00:00.000Z';
const orphan = (key: string, change: Partial<Orphan> = {}): Orphan => ({
  key,
  sweep: 's',
  launcher: 'local',
  native: '17',
  folder: `/jobs/${key}`,
  state: 'running',
  cause: 'observed',
  why: 'its trial ended',
  since: at,
  ...change,
});

describe('a quarantine', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-quarantine-'));
    file = path.join(folder, 'quarantine.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const add = (...keys: readonly string[]) =>
    changeQuarantine(file, at, () => keys.map((key) => ({ act: 'quarantined', orphan: orphan(key) })));
  const held = async (): Promise<string[]> => [...foldQuarantine(await readQuarantine(file)).keys()];

  it('is empty when nothing was ever found, and writes no file for nothing', async () => {
    expect(await readQuarantine(file)).toEqual([]);
    await changeQuarantine(file, at, () => []);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  it('holds what was found until it is released or stopped, and keeps every line', async () => {
    await add('a', 'b', 'c');
    await changeQuarantine(file, at, () => [
      { act: 'released', key: 'a', why: 'it has ended' },
      { act: 'stopped', key: 'b', by: 'ada' },
    ]);
    expect(await held()).toEqual(['c']);
    expect((await readQuarantine(file)).map(({ act }) => act)).toEqual([
      'quarantined',
      'quarantined',
      'quarantined',
      'released',
      'stopped',
    ]);
  });

  it('reads over a line that was torn, and writes on behind it', async () => {
    await add('a');
    await appendFile(file, '{"v":1,"act":"quaran');
    await add('b');
    expect(await held()).toEqual(['a', 'b']);
  });

  it('loses nothing when many write at once', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => add(key)));
    expect((await held()).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});
