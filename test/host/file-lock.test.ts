import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, lockHolder, tryLock, withLock } from '../../src/host/file-lock.js';
import { identifySelf } from '../../src/host/process-identity.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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

  it('names its holder', async () => {
    const lock = await tryLock(path);
    expect((await lockHolder(path))?.pid).toBe(process.pid);
    expect(await tryLock(path)).toBeUndefined();
    lock?.release();
    lock?.release();
    expect(await lockHolder(path)).toBeUndefined();
  });

  it('is taken from a holder that has died, once, though many try at the same time', async () => {
    const { pid } = spawnSync('true');
    writeFileSync(path, JSON.stringify({ ...(await identifySelf()), pid, startTime: '1' }));
    const locks = await Promise.all(Array.from({ length: 8 }, () => tryLock(path)));
    expect(locks.filter((lock) => lock !== undefined)).toHaveLength(1);
    expect((await lockHolder(path))?.pid).toBe(process.pid);
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it.each([
    { name: 'on another machine', of: { host: 'gpu-7', bootId: 'another' } },
    { name: 'in another container', of: { host: 'gpu-7', pidNamespace: 'pid:[1]' } },
  ])('is not taken from a holder $name, and says whose it is', async ({ of }) => {
    const text = JSON.stringify({ ...(await identifySelf()), ...of, pid: 1, startTime: '1' });
    writeFileSync(path, text);
    const waited: unknown[] = [];
    await expect(
      acquireLock(path, { timeoutMs: 10, onWait: (holder) => waited.push(holder?.host) }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('process 1 on gpu-7'),
      hint: expect.stringMatching(/gpu-7.*; if it is gone for good, delete the file/),
    });
    expect(waited).toEqual(['gpu-7']);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('that names nobody is given up after a while', async () => {
    writeFileSync(path, '');
    expect(await tryLock(path)).toBeUndefined();
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    expect(await tryLock(path)).toBeDefined();
  });

  it('says what is wrong with its folder', async () => {
    await expect(tryLock(join(folder, 'missing', 'lock'))).rejects.toMatchObject({
      code: 'StateError',
      message: expect.stringMatching(/^cannot take the lock: .*ENOENT/),
    });
  });
});
