import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt, openHome, readHomeId, resolveHome, sweepPaths, taskQueueOf } from '../../src/temporal/home.js';
import { writeJsonFile } from '../../src/temporal/server-record.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'titrate-home-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('where a home is', () => {
  it('is the flag, else TITRATE_HOME, else .titrate in the working folder', () => {
    expect(resolveHome({ flag: 'a', env: { TITRATE_HOME: '/b' }, cwd: '/w' }).root).toBe('/w/a');
    expect(resolveHome({ env: { TITRATE_HOME: '/b' }, cwd: '/w' }).root).toBe('/b');
    expect(resolveHome({ env: {}, cwd: '/w' }).root).toBe('/w/.titrate');
  });

  it('holds a folder for each sweep', () => {
    expect(sweepPaths(homeAt('/h'), 'mix-1')).toEqual({
      folder: '/h/sweeps/mix-1',
      sweepFile: '/h/sweeps/mix-1/sweep.yaml',
      imports: '/h/sweeps/mix-1/imports.jsonl',
      record: '/h/sweeps/mix-1/record.jsonl',
      report: '/h/sweeps/mix-1/report.html',
      jobs: '/h/sweeps/mix-1/jobs',
      server: '/h/sweeps/mix-1/server.json',
    });
  });
});

describe('opening a home', () => {
  it('makes folders that only their owner may enter', async () => {
    const home = homeAt(join(folder, 'deep', 'home'));
    await openHome(home);
    for (const path of [home.root, home.server.folder, home.worker.folder, home.sweeps]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
  });

  it('gives the same id ever after, also to ten that open it at once', async () => {
    const home = homeAt(join(folder, 'home'));
    const ids = await Promise.all(Array.from({ length: 10 }, () => openHome(home)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(await openHome(home)).toBe(ids[0]);
    expect(await readHomeId(home)).toBe(ids[0]);
  });

  it('has no id before it was opened', async () => {
    expect(await readHomeId(homeAt(join(folder, 'none')))).toBeUndefined();
  });

  it('refuses an id file that holds something else', async () => {
    const home = homeAt(folder);
    writeFileSync(home.idFile, 'hello');
    await expect(openHome(home)).rejects.toThrow(/expected 12 hex digits; found "hello"/);
  });

  it('says that a file is in the way', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(openHome(homeAt(join(folder, 'file')))).rejects.toMatchObject({
      code: 'StateError',
      hint: expect.stringContaining('--home'),
    });
  });

  it('says that the folder is read-only to those who are bound by permissions', async (context) => {
    const ownId = execFileSync('id', ['-u'], { encoding: 'utf8' }).trim();
    if (ownId === '0') context.skip('root may write everywhere');
    chmodSync(folder, 0o500);
    await expect(openHome(homeAt(join(folder, 'home')))).rejects.toThrow(/permission denied/);
    chmodSync(folder, 0o700);
  });
});

describe('writing our JSON', () => {
  it('leaves no draft behind when it fails', async () => {
    const target = join(folder, 'missing', 'file.json');
    await expect(writeJsonFile(target, {})).rejects.toMatchObject({ code: 'StateError' });
    await writeJsonFile(join(folder, 'file.json'), { a: 1 });
    expect(JSON.parse(readFileSync(join(folder, 'file.json'), 'utf8'))).toEqual({ a: 1 });
    expect(execFileSync('ls', [folder], { encoding: 'utf8' }).trim()).toBe('file.json');
  });
});

describe('the task queue', () => {
  it('is named for the home, unless TITRATE_TASK_QUEUE names it', () => {
    expect(taskQueueOf('abc', {})).toBe('titrate-abc');
    expect(taskQueueOf('abc', { TITRATE_TASK_QUEUE: 'team' })).toBe('team');
  });
});
