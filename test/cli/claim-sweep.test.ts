import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimSweep } from '../../src/cli/claim-sweep.js';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { readSweepSource, type SweepSource } from '../../src/cli/sweep-source.js';
import { homeAt, sweepPaths, type Home } from '../../src/temporal/home.js';

let home: Home;
let source: SweepSource;
let other: SweepSource;

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-claim-')));
  const read = async (name: string, text: string): Promise<SweepSource> => {
    const file = join(home.root, name);
    await writeFile(file, text);
    return readSweepSource(file);
  };
  source = await read('a.yaml', INIT_TEMPLATE);
  other = await read('b.yaml', INIT_TEMPLATE.replace('seed: 7', 'seed: 8'));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

describe('claiming a sweep', () => {
  it('keeps the file as it was written, and finds the same sweep again', async () => {
    const id = await claimSweep(home, source, { fresh: false });
    expect(id).toBe(source.id);
    expect(await claimSweep(home, source, { fresh: false })).toBe(id);
    expect(await readFile(sweepPaths(home, id).sweepFile, 'utf8')).toBe(INIT_TEMPLATE);
  });

  it('gives every fresh claim an id of its own, also when many are made at once', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => claimSweep(home, source, { fresh: true })));
    expect(new Set(ids)).toEqual(new Set([source.id, ...[2, 3, 4, 5, 6].map((n) => `${source.id}-${n}`)]));
  });

  it('never gives one id to two different sweeps', async () => {
    await claimSweep(home, source, { id: 'mine', fresh: false });
    await expect(claimSweep(home, other, { id: 'mine', fresh: false })).rejects.toThrow(/this id is taken/);
    expect(await claimSweep(home, other, { id: 'mine', fresh: true })).toBe('mine-2');
  });

  it('refuses an id that would lead out of its folder', async () => {
    for (const id of ['../x', 'a/b', '', '.hidden', 'x'.repeat(101)]) {
      await expect(claimSweep(home, source, { id, fresh: false })).rejects.toThrow(/this id cannot be used/);
    }
  });
});
