import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LauncherError } from '../../src/domain/errors.js';
import type { JobSpec } from '../../src/domain/ports.js';
import { identify, liveness } from '../../src/host/process-identity.js';
import { waitForState } from '../launchers/conformance.js';
import { compiledLaunchers, makeLocalHarness, train, type LocalHarness } from '../launchers/local-harness.js';

const run = promisify(execFile);
const LAUNCH_PROCESS = join(import.meta.dirname, '../launchers/launch-process.mjs');
const DYING_WRAPPER = join(import.meta.dirname, '../launchers/dying-wrapper.mjs');

let harness: LocalHarness;
beforeAll(async () => {
  harness = await makeLocalHarness();
});
afterAll(() => harness.close?.());

let lastKey = 0;
const newKey = (): string => `kill.t${(lastKey += 1)}.g1`;

/** Launches in a process of its own, which ends or dies. */
const launchElsewhere = async (specs: readonly JobSpec[], dieAt = ''): Promise<string> => {
  const args = [LAUNCH_PROCESS, compiledLaunchers(), JSON.stringify(harness.options), JSON.stringify(specs), dieAt];
  const { stdout } = await run(process.execPath, args, { timeout: 30_000 });
  return stdout;
};

const pidIn = async (key: string, file: string): Promise<number> => {
  const text = await readFile(join(harness.jobsFolder, key, file), 'utf8');
  return /^\d+$/.test(text) ? Number(text) : (JSON.parse(text) as { pid: number }).pid;
};

/** Waits until the job itself says that it runs. */
const jobPid = async (key: string): Promise<number> => {
  for (let tries = 0; tries < 500; tries += 1) {
    const pid = await pidIn(key, 'pid').catch(() => 0);
    if (pid > 0) return pid;
    await sleep(20);
  }
  throw new Error(`the job ${key} did not start`);
};

const isGone = async (pid: number): Promise<boolean> => (await identify(pid)) === undefined;

describe('the launching process is killed', () => {
  it.each(['folder-made', 'intent-written', 'wrapper-started', 'lock-seen', 'reference-written'])(
    'at the step %s, and the next launch of the key starts it once',
    async (step) => {
      const spec = harness.job(newKey());
      await expect(launchElsewhere([spec], step)).rejects.toMatchObject({ signal: 'SIGKILL' });
      const launcher = harness.createLauncher();
      const ref = await launcher.launch(spec);
      await waitForState(launcher, ref, ['ended']);
      expect((await launcher.collect(ref)).status).toBe('completed');
      expect(await harness.starts(spec.key)).toBe(1);
    },
  );

  it('or ends by itself, and the job goes on', async () => {
    const spec = harness.job(newKey(), { cost: 1 });
    const [ref] = JSON.parse(await launchElsewhere([spec]));
    const launcher = harness.createLauncher();
    expect((await launcher.inspect(ref)).state).toBe('running');
    await waitForState(launcher, ref, ['ended']);
    expect((await launcher.collect(ref)).status).toBe('completed');
  });
});

describe('several processes launch the same keys at the same moment', () => {
  it('and every job starts once', async () => {
    const specs = Array.from({ length: 4 }, () => harness.job(newKey()));
    const replies = await Promise.all(Array.from({ length: 5 }, () => launchElsewhere([...specs, ...specs])));
    const launcher = harness.createLauncher();
    expect(new Set(replies).size).toBe(1);
    for (const spec of specs) {
      await waitForState(launcher, harness.refOf(spec.key), ['ended']);
      expect(await harness.starts(spec.key)).toBe(1);
      expect((await launcher.collect(harness.refOf(spec.key))).status).toBe('completed');
    }
  }, 60_000);
});

describe('the test of racing launches can fail', () => {
  it('since with a wrapper that ignores its lock, jobs start several times', async () => {
    const planted = await mkdtemp(join(compiledLaunchers(), '../planted-'));
    await cp(compiledLaunchers(), planted, { recursive: true });
    const file = join(planted, 'launchers/run-job.js');
    const source = await readFile(file, 'utf8');
    const faulty = source.replace('if (!(await takeLock(files)))', 'if (!(await takeLock(files)) && false)');
    expect(faulty).not.toBe(source);
    await writeFile(file, faulty);
    const spec = harness.job(newKey());
    const wrapper = [process.execPath, join(planted, 'launchers/job-wrapper.js')];
    const launchers = Array.from({ length: 4 }, () => harness.createLauncher({ wrapper }));
    await Promise.all(launchers.map((launcher) => launcher.launch(spec)));
    for (let tries = 0; tries < 200 && (await harness.starts(spec.key)) < 2; tries += 1) await sleep(20);
    expect(await harness.starts(spec.key)).toBeGreaterThan(1);
    await rm(planted, { recursive: true });
  });
});

describe('the wrapper is killed', () => {
  const dying = (step: string) => ({ wrapper: [process.execPath, DYING_WRAPPER, compiledLaunchers(), step] });

  it('before it has the lock: the launch says so, and the next one starts the job', async () => {
    const spec = harness.job(newKey());
    await expect(harness.createLauncher(dying('up')).launch(spec)).rejects.toThrow(LauncherError);
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    await waitForState(launcher, ref, ['ended']);
    expect(await harness.starts(spec.key)).toBe(1);
  });

  it('after it has the lock and before the command: the job is lost and is never started', async () => {
    const spec = harness.job(newKey());
    const ref = await harness.createLauncher(dying('locked')).launch(spec);
    const launcher = harness.createLauncher();
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.launch(spec)).toEqual(ref);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'host-lost',
      detail: expect.stringContaining('host lost or killed'),
    });
    expect(await harness.starts(spec.key)).toBe(0);
  });

  it.each(['spawned', 'child-recorded', 'ended'])(
    'at the step %s: the command is seen to run on, and what it wrote counts',
    async (step) => {
      const spec = harness.job(newKey(), { cost: 0.8 });
      const launcher = harness.createLauncher(dying(step));
      const ref = await launcher.launch(spec);
      const pid = await jobPid(spec.key);
      expect((await launcher.inspect(ref)).state).toBe('running');
      expect((await launcher.launch(spec)).key).toBe(spec.key);
      await waitForState(launcher, ref, ['ended']);
      expect(await isGone(pid)).toBe(true);
      const result = await launcher.collect(ref);
      expect(result).toMatchObject({ status: 'completed', stepsReached: 20 });
      expect(result.warnings).toEqual([expect.stringContaining('no exit status')]);
      expect(await harness.starts(spec.key)).toBe(1);
    },
  );

  it('after it wrote the exit status: nothing is missing', async () => {
    const launcher = harness.createLauncher(dying('exit-recorded'));
    const ref = await launcher.launch(harness.job(newKey()));
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'completed', warnings: [] });
  });

  it('and the orphan is stopped all the same, while a stranger with the pid of the wrapper lives on', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher(dying('child-recorded'));
    const ref = await launcher.launch(spec);
    const pid = await jobPid(spec.key);
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const known = await identify(stranger.pid ?? 0);
    const lock = join(ref.folder, 'lock');
    await writeFile(lock, JSON.stringify({ ...JSON.parse(await readFile(lock, 'utf8')), pid: stranger.pid }));
    await launcher.stop(ref);
    expect(await isGone(pid)).toBe(true);
    expect(known && (await liveness(known))).toBe('alive');
    stranger.kill();
    expect((await launcher.collect(ref)).status).toBe('cancelled');
  });
});

describe('the job is killed', () => {
  it('by signal 9: it failed, with the signal named', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    process.kill(await jobPid(spec.key), 'SIGKILL');
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('ended by SIGKILL'),
    });
  });

  it('by SIGTERM from outside: it was preempted, not by its own fault', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    process.kill(await jobPid(spec.key), 'SIGTERM');
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('terminated from outside (ended by SIGTERM)'),
    });
  });

  it('together with its wrapper: it is lost, and its lines are kept', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    const job = await jobPid(spec.key);
    await sleep(100);
    process.kill(await pidIn(spec.key, 'lock'), 'SIGKILL');
    process.kill(job, 'SIGKILL');
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'host-lost',
      stepsReached: 10,
      curve: [{ steps: 10 }],
    });
    expect(await launcher.launch(spec)).toEqual(ref);
    expect(await harness.starts(spec.key)).toBe(1);
  });

  it('while a process that it started lives on: it is not over yet', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher({ command: train('fork') });
    const ref = await launcher.launch(spec);
    const job = await jobPid(spec.key);
    const [fork] = [await pidIn(spec.key, 'fork')];
    process.kill(await pidIn(spec.key, 'lock'), 'SIGKILL');
    process.kill(job, 'SIGKILL');
    await sleep(200);
    expect((await launcher.inspect(ref)).state).toBe('running');
    await launcher.stop(ref);
    expect(await isGone(fork)).toBe(true);
    expect((await launcher.inspect(ref)).state).toBe('ended');
  });
});

describe('a stop meets a launch that is under way', () => {
  it('and whoever comes first, nothing runs when both are done, nor ever again', async () => {
    const launcher = harness.createLauncher();
    for (const delayMs of [0, 10, 30, 60, 100, 150]) {
      const spec = harness.longJob(newKey());
      const launched = launcher.launch(spec);
      await sleep(delayMs);
      await launcher.stop(harness.refOf(spec.key));
      const ref = await launched;
      await waitForState(launcher, ref, ['ended']);
      expect((await launcher.collect(ref)).status).toBe('cancelled');
      const pid = await pidIn(spec.key, 'pid').catch(() => undefined);
      if (pid !== undefined) expect(await isGone(pid)).toBe(true);
      const starts = await harness.starts(spec.key);
      await launcher.launch(spec);
      expect(await harness.starts(spec.key)).toBe(starts);
    }
  });

  it('and ends the wrapper before it took its lock: the job was stopped before its start, for ever', async () => {
    const spec = harness.longJob(newKey());
    const stoppedAtOnce = ['sh', '-c', 'echo {} > "$0/stopped"; kill -TERM $$'];
    const ref = await harness.createLauncher({ wrapper: stoppedAtOnce }).launch(spec);
    const launcher = harness.createLauncher();
    expect(await launcher.launch(spec)).toEqual(ref);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'cancelled', notStarted: true });
    expect(await harness.starts(spec.key)).toBe(0);
  });
});

it('a job whose folder was removed while it ran is stopped all the same', async () => {
  const spec = harness.longJob(newKey());
  const launcher = harness.createLauncher({ command: train('deaf') });
  const ref = await launcher.launch(spec);
  const pid = await jobPid(spec.key);
  await rm(ref.folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
  await launcher.stop(ref);
  expect(await isGone(pid)).toBe(true);
  const result = await launcher.collect(ref);
  expect(result.status).toBe('cancelled');
  expect(result.notStarted).toBeUndefined();
});

describe('a process stands still', () => {
  it('the job: it is running, and it can be stopped', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    const job = await jobPid(spec.key);
    process.kill(job, 'SIGSTOP');
    expect((await launcher.inspect(ref)).state).toBe('running');
    await launcher.stop(ref);
    expect(await isGone(job)).toBe(true);
    expect((await launcher.collect(ref)).status).toBe('cancelled');
  });

  it('the wrapper: the job is running, and it can be stopped', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(spec);
    const job = await jobPid(spec.key);
    process.kill(await pidIn(spec.key, 'lock'), 'SIGSTOP');
    expect((await launcher.inspect(ref)).state).toBe('running');
    await launcher.stop(ref);
    expect(await isGone(job)).toBe(true);
  });

  it('a job that ignores SIGTERM is killed after the grace', async () => {
    const spec = harness.longJob(newKey());
    const launcher = harness.createLauncher({ command: train('deaf'), graceSeconds: 0.3 });
    const ref = await launcher.launch(spec);
    const job = await jobPid(spec.key);
    await sleep(100);
    await launcher.stop(ref);
    expect(await isGone(job)).toBe(true);
    expect((await launcher.collect(ref)).status).toBe('cancelled');
  });
});
