import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDetached } from '../../src/host/detached-process.js';
import { rotateLog } from '../../src/host/log-rotation.js';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-log-'));
  log = join(folder, 'a.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sizeOf = async (): Promise<number> => (await stat(log)).size;

it('a log is cut while a process writes to it, which goes on at the beginning of the same file', async () => {
  const program = 'for (let n = 0; n < 20_000; n++) console.log(`line ${n}`);';
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const writer = await startDetached({
    program: process.execPath,
    args: ['-e', program],
    cwd: folder,
    env: process.env,
    stdout: log,
    stderr: log,
  });
  const ended = once(writer, 'exit');
  while ((await sizeOf()) === 0) await new Promise((done) => setImmediate(done));
  await rotateLog(log, 0);
  const older = lines(await readFile(`${log}.1`, 'utf8'));
  await ended;
  const newer = lines(await readFile(log, 'utf8'));
  const numbered = (first: number, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `line ${first + n}`);
  expect(older.length).toBeGreaterThan(0);
  expect(older).toEqual(numbered(0, older.length));
  expect(newer).toEqual(numbered(20_000 - newer.length, newer.length));
});

it('a short log stays, and of two long ones the newer text', async () => {
  await rotateLog(log, 10);
  await writeFile(log, 'short\n');
  await rotateLog(log, 10);
  expect(await readdir(folder)).toEqual(['a.log']);
  await writeFile(log, 'a first long text\n');
  await rotateLog(log, 10);
  await writeFile(log, 'a second long text\n');
  await rotateLog(log, 10);
  expect(await readFile(`${log}.1`, 'utf8')).toBe('a second long text\n');
  expect(await sizeOf()).toBe(0);
  expect((await stat(`${log}.1`)).mode & 0o077).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual(['a.log', 'a.log.1']);
});

it('a log stays as it is when its text cannot be moved', async () => {
  await writeFile(log, 'a long text\n');
  await mkdir(`${log}.1`); // stands in the way
  await expect(rotateLog(log, 10)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(await readFile(log, 'utf8')).toBe('a long text\n');
  expect((await readdir(folder)).toSorted()).toEqual(['a.log', 'a.log.1']);
});
