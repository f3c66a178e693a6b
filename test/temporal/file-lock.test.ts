import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, lockHolder, tryLock, withLock } from '../../src/temporal/file-lock.js';
import {
  identify,
  isAlive,
  liveness,
  waitUntilGone,
  type ProcessIdentity,
} from '../../src/temporal/process-identity.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const self = (): ProcessIdentity => {
  const identity = identify(process.pid);
  if (identity === undefined) throw new Error('this process has no identity');
  return identity;
};

describe('a process’s identity', () => {
  it('is alive while it runs and dead after', async () => {
    const child = spawn('sleep', ['30']);
    const identity = identify(child.pid ?? 0);
    if (identity === undefined) throw new Error('no identity');
    expect(isAlive(identity)).toBe(true);
    expect(await waitUntilGone(identity, 100)).toBe(false);
    child.kill('SIGKILL');
    expect(await waitUntilGone(identity, 5000)).toBe(true);
  });

  it('is not another process of the same pid, nor one of another boot', () => {
    expect(liveness({ ...self(), startTime: '1' })).toBe('dead');
    expect(liveness({ ...self(), bootId: 'earlier' })).toBe('dead');
  });

  it('cannot be judged from another machine', () => {
    expect(liveness({ ...self(), host: 'elsewhere' })).toBe('elsewhere');
  });
});

describe('a lock', () => {
  it('has one holder at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((done) => setTimeout(done, 5));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, work)));
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('names its holder', () => {
    const lock = tryLock(path);
    expect(lockHolder(path)?.pid).toBe(process.pid);
    expect(tryLock(path)).toBeUndefined();
    lock?.release();
    lock?.release();
    expect(lockHolder(path)).toBeUndefined();
  });

  it('is taken from a holder that has died', () => {
    const { pid } = spawnSync('true');
    writeFileSync(path, JSON.stringify({ ...self(), pid, startTime: '1' }));
    expect(tryLock(path)).toBeDefined();
  });

  it('is not taken from a holder on another machine, and says whose it is', async () => {
    writeFileSync(path, JSON.stringify({ ...self(), host: 'gpu-7' }));
    const waited: unknown[] = [];
    await expect(
      acquireLock(path, { timeoutMs: 10, onWait: (holder) => waited.push(holder?.host) }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('on gpu-7'),
      hint: 'if gpu-7 is gone for good, delete the file',
    });
    expect(waited).toEqual(['gpu-7']);
  });

  it('is not taken while it is being written, but is when its writer died in it', () => {
    writeFileSync(path, '');
    expect(tryLock(path)).toBeUndefined();
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    expect(tryLock(path)).toBeDefined();
  });
});
