import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signalProcess, startDetached, waitUntilGone } from '../../src/host/detached-process.js';
import { identify, identifySelf, liveness, type ProcessIdentity } from '../../src/host/process-identity.js';

const NO_PID = 2 ** 22 + 1; // above the highest that Linux gives out

const identifyChild = async (pid: number | undefined): Promise<ProcessIdentity> => {
  const identity = await identify(pid ?? 0);
  if (identity === undefined) throw new Error('expected an identity; found none');
  return identity;
};

describe('a process’s identity', () => {
  it('is alive while it runs and dead after, and hears signals meanwhile', async () => {
    const identity = await identifyChild(spawn('sleep', ['30']).pid);
    expect(await liveness(identity)).toBe('alive');
    expect(await waitUntilGone(identity, 100)).toBe(false);
    await signalProcess(identity, 'SIGKILL');
    expect(await waitUntilGone(identity, 5000)).toBe(true);
  });

  it('is not another process of the same pid, nor one of an earlier boot', async () => {
    const self = await identifySelf();
    expect(self.pid).toBe(process.pid);
    expect(await liveness(self)).toBe('alive');
    expect(await liveness({ ...self, startTime: '1' })).toBe('dead');
    expect(await liveness({ ...self, bootId: 'earlier' })).toBe('dead');
  });

  it('is none where no process has the pid', async () => {
    expect(await identify(NO_PID)).toBeUndefined();
  });

  it('stays with a machine that changes its name', async () => {
    expect(await liveness({ ...(await identifySelf()), host: 'renamed' })).toBe('alive');
  });

  it.each([
    { name: 'another machine', of: { host: 'gpu-7', bootId: 'another' }, reason: /host gpu-7; from .* cannot be seen/ },
    { name: 'another container', of: { pidNamespace: 'pid:[1]' }, reason: /another container of this machine/ },
  ])('cannot be judged from $name: not dead, not waited out, not signalled', async ({ of, reason }) => {
    const child = spawn('sleep', ['30']);
    const real = await identifyChild(child.pid);
    const judged = { ...real, ...of };
    expect(await liveness(judged)).toEqual({ unknown: expect.stringMatching(reason) });
    await signalProcess(judged, 'SIGKILL');
    expect(await waitUntilGone(judged, 100)).toBe(false);
    expect(await liveness(real)).toBe('alive');
    child.kill('SIGKILL');
  });
});

describe('a detached process', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'titrate-detached-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (program: string, args: readonly string[]) =>
    startDetached({
      program,
      args,
      cwd: folder,
      env: { ...process.env, GREETING: 'hello' },
      stdout: join(folder, 'out'),
      stderr: join(folder, 'err'),
    });

  it('leads a group of its own and adds its output to files', async () => {
    for (const _ of [1, 2]) {
      const child = await start('/bin/sh', ['-c', 'echo $GREETING; echo oops >&2; ps -o pgid= -p $$ >> pgid']);
      const code = await new Promise((done) => child.once('exit', done));
      expect(code).toBe(0);
      expect(readFileSync(join(folder, 'pgid'), 'utf8').trim().split(/\s+/).at(-1)).toBe(String(child.pid));
    }
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('hello\nhello\n');
    expect(readFileSync(join(folder, 'err'), 'utf8')).toBe('oops\noops\n');
  });

  it('that cannot be started is an error of the system’s own', async () => {
    await expect(start(join(folder, 'missing'), [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
