import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSweep, listSweeps } from '../../src/cli/find-sweep.js';
import { readSweep } from '../../src/cli/sweep-record.js';
import { homeAt, type Home } from '../../src/temporal/home.js';

let home: Home;
const IDS = ['alpha-11111111', 'alpha-22222222', 'alpha-22222222-2', 'beta-33333333', 'own'];

beforeAll(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'titrate-find-')));
  for (const [i, id] of IDS.entries()) {
    await mkdir(join(home.sweeps, id), { recursive: true });
    const record = join(home.sweeps, id, 'record.jsonl');
    await writeFile(record, '');
    await utimes(record, 1000 + i, 1000 + i);
  }
  await mkdir(join(home.sweeps, 'not-a-sweep'));
});
afterAll(() => rm(home.root, { recursive: true, force: true }));

describe('a sweep', () => {
  it('is listed when its folder holds one, the last touched first', async () => {
    expect(await listSweeps(home)).toEqual([...IDS].reverse());
    expect(await listSweeps(homeAt('/nonexistent/home'))).toEqual([]);
  });

  it('is found by its id, also when that begins another id', async () => {
    expect(await findSweep(home, 'alpha-22222222', 'unique')).toBe('alpha-22222222');
  });

  it('is found by the beginning of its id, its name, or as the latest', async () => {
    expect(await findSweep(home, 'bet')).toBe('beta-33333333');
    expect(await findSweep(home, 'beta', 'unique')).toBe('beta-33333333');
    expect(await findSweep(home, undefined)).toBe('own');
    expect(await findSweep(home, 'latest')).toBe('own');
  });

  it('whose name several bear is the latest of them to look at, and none to act on', async () => {
    expect(await findSweep(home, 'alpha')).toBe('alpha-22222222-2');
    await expect(findSweep(home, 'alpha', 'unique')).rejects.toThrow(/alpha-11111111.*fits all of them/s);
    await expect(findSweep(home, 'alph')).rejects.toThrow(/fits all of them/);
  });

  it('is found by a name that its id cannot hold, and never one that only looks alike', async () => {
    const id = 'gr-e-44444444';
    await mkdir(join(home.sweeps, id));
    await writeFile(join(home.sweeps, id, 'sweep.yaml'), 'name: größe\n');
    expect(await findSweep(home, 'größe', 'unique')).toBe(id);
    expect(await findSweep(home, 'gr-e', 'unique')).toBe(id);
    await expect(findSweep(home, 'gräße', 'unique')).rejects.toThrow(/no such sweep/);
    await rm(join(home.sweeps, id), { recursive: true });
  });

  it('is not said to be missing where nobody may look', async () => {
    const file = join(home.root, 'file');
    await writeFile(file, '');
    await expect(listSweeps(homeAt(file))).rejects.toThrow(/cannot look for sweeps: a file stands where a folder is/);
    if (process.getuid?.() === 0) return; // root may look everywhere
    await chmod(home.sweeps, 0o000);
    await expect(findSweep(home, 'beta')).rejects.toThrow(/cannot look for sweeps: permission denied/);
    await chmod(home.sweeps, 0o700);
    await chmod(join(home.sweeps, 'own'), 0o000);
    expect(await listSweeps(home)).toContain('own');
    await expect(readSweep(home, 'own')).rejects.toThrow(/cannot read the record: permission denied/);
    await chmod(join(home.sweeps, 'own'), 0o700);
  });

  it('that is not there is refused with the nearest name', async () => {
    await expect(findSweep(home, 'betta')).rejects.toThrow(/did you mean beta\?/);
    await expect(findSweep(homeAt('/nonexistent/home'), undefined)).rejects.toThrow(/none is here yet/);
  });
});
