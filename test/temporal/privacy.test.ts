import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { homeAt, openHome, sweepPaths } from '../../src/temporal/home.js';
import { openFolders } from '../../src/temporal/privacy.js';
import { playSmallSweep } from '../audit/small-record.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-privacy-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

it('a new home, a sweep’s folder, its jobs and its record are their owner’s alone', async () => {
  const home = homeAt(join(root, 'home'));
  await openHome(home);
  const { folder, record, jobs } = sweepPaths(home, 'one');
  await playSmallSweep(folder);
  const places = [home.root, home.sweeps, join(jobs, 'small-1a2b3c4d.t0001.g1')];
  expect(await Promise.all(places.map(modeOf))).toEqual(['700', '700', '700']);
  expect(await modeOf(record)).toBe('600');
  expect(await openFolders(home)).toEqual([]);
});

it('folders that were opened to others are named, once the home itself is open', async () => {
  const home = homeAt(join(root, 'open'));
  await openHome(home);
  await chmod(home.sweeps, 0o755);
  expect(await openFolders(home)).toEqual([]); // nobody gets through the home
  await chmod(home.root, 0o750);
  expect(await openFolders(home)).toEqual([home.root, home.sweeps]);
});
