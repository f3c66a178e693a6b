import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LauncherError } from '../../src/domain/errors.js';
import type { JobRef, JobResult } from '../../src/domain/ports.js';
import type { LocalProcessOptions } from '../../src/launchers/local-process.js';
import { identify } from '../../src/host/process-identity.js';
import { waitForState } from '../launchers/conformance.js';
import { makeLocalHarness, train, type LocalHarness } from '../launchers/local-harness.js';

let harness: LocalHarness;
beforeAll(async () => {
  harness = await makeLocalHarness();
});
afterAll(() => harness.close?.());

let lastKey = 0;
const newKey = (): string => `out.t${(lastKey += 1)}.g1`;

const runToEnd = async (options: Partial<LocalProcessOptions>): Promise<JobResult & { ref: JobRef }> => {
  const launcher = harness.createLauncher(options);
  const ref = await launcher.launch(harness.job(newKey()));
  await waitForState(launcher, ref, ['ended']);
  return { ...(await launcher.collect(ref)), ref };
};

/** A command that writes what it was given to stdout, and completes. */
const tell = (expression: string, ...args: readonly string[]): readonly string[] => [
  process.execPath,
  '-e',
  `require('fs').appendFileSync(process.env.TITRATE_JOB_DIR + '/metrics.jsonl', '{"step":20,"metrics":{"a":1}}\\n');
   console.log(JSON.stringify(${expression}))`,
  ...args,
];

const told = async (options: Partial<LocalProcessOptions>): Promise<unknown> => {
  const { ref, status } = await runToEnd(options);
  expect(status).toBe('completed');
  return JSON.parse(await readFile(join(ref.folder, 'stdout.log'), 'utf8'));
};

describe('the command', () => {
  it('gets its arguments as they are, with no shell between', async () => {
    const args = ['$HOME', '; exit 1', '*', "a'b", '', '~', 'two words'];
    expect(await told({ command: tell('process.argv.slice(1)', ...args) })).toEqual(args);
  });

  it('gets the environment of the worker, then that of the sweep, then the job’s own, and nothing meant for the wrapper', async () => {
    const env = { EXTRA: 'yes', TITRATE_JOB_KEY: 'forged' };
    const seen = (await told({ command: tell('process.env'), env })) as Record<string, string>;
    expect(seen).toMatchObject({
      EXTRA: 'yes',
      PATH: process.env['PATH'],
      TITRATE_JOB_KEY: expect.stringMatching(/^out\./),
    });
    expect(seen).not.toHaveProperty('TITRATE_WRAPPER_INPUT');
    expect(seen['TITRATE_JOB_DIR']).toBe(join(harness.jobsFolder, seen['TITRATE_JOB_KEY'] ?? ''));
  });

  it('runs in its own folder, or in the one that the sweep names', async () => {
    expect(await told({ command: tell('process.cwd() === process.env.TITRATE_JOB_DIR') })).toBe(true);
    const cwd = await mkdtemp(join(tmpdir(), 'titrate cwd '));
    expect(await told({ command: tell('process.cwd()'), cwd })).toBe(cwd);
    await rm(cwd, { recursive: true });
  });

  it('finds the spec in job.json as it was launched', async () => {
    const { ref } = await runToEnd({});
    expect(JSON.parse(await readFile(join(ref.folder, 'job.json'), 'utf8'))).toEqual(harness.job(ref.key));
  });

  it('fails with its own words when it exits with an error', async () => {
    const { status, detail } = await runToEnd({ command: train('error') });
    expect([status, detail]).toEqual(['failed', 'exit status 3\nstderr: Traceback: out of memory']);
  });

  it('fails with the reason when it cannot be started', async () => {
    const missing = await runToEnd({ command: ['no-such-program', '--x'] });
    expect(missing).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/could not be started: no-such-program: .*ENOENT/),
    });
    const nowhere = await runToEnd({ cwd: '/no/such/folder' });
    expect(nowhere.detail).toContain('the working folder /no/such/folder does not exist');
    const denied = await runToEnd({ command: ['/etc/passwd'] });
    expect(denied.detail).toMatch(/EACCES/);
  });

  it('is ended after its longest time', async () => {
    const launcher = harness.createLauncher({ timeoutSeconds: 0.4 });
    const ref = await launcher.launch(harness.longJob(newKey()));
    await waitForState(launcher, ref, ['ended'], 8_000);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'timed-out',
      detail: expect.stringMatching(/^timed out \(ended by SIGTERM\)/),
    });
  });

  it('is not ended early by a longest time beyond what a timer can hold', async () => {
    expect((await runToEnd({ timeoutSeconds: 1e9 })).status).toBe('completed');
  });

  it('leaves nobody of its group behind', async () => {
    const { ref } = await runToEnd({ command: train('fork') });
    const fork = Number(await readFile(join(ref.folder, 'fork'), 'utf8'));
    for (let tries = 0; tries < 100 && (await identify(fork)) !== undefined; tries += 1) await sleep(20);
    expect(await identify(fork)).toBeUndefined();
  });

  it('leaves nobody in a session of its own behind, such as workers of torchrun, when it does not end well', async () => {
    const worker = `const worker = require('child_process').spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
      require('fs').writeFileSync(process.env.TITRATE_JOB_DIR + '/worker', String(worker.pid));`;
    const ends = [
      'process.exit(1)',
      "process.kill(process.pid, 'SIGKILL')",
      'setTimeout(() => {}, 60_000)',
      'process.exit(0)',
    ];
    const left = ends.map(async (end) => {
      const { ref } = await runToEnd({ command: [process.execPath, '-e', `${worker} ${end}`], timeoutSeconds: 2 });
      const pid = Number(await readFile(join(ref.folder, 'worker'), 'utf8'));
      return { pid, isThere: (await identify(pid)) !== undefined };
    });
    const seen = await Promise.all(left);
    for (const { pid, isThere } of seen) if (isThere) process.kill(pid, 'SIGKILL');
    expect(seen.map(({ isThere }) => isThere)).toEqual([false, false, false, true]); // after a good end it may have more to do
  });
});

describe('a folder that cannot be written', () => {
  it('is named in the error, with what to do', async () => {
    const file = join(harness.jobsFolder, 'a-file');
    await writeFile(file, '');
    const error = await harness
      .createLauncher({ jobsFolder: join(file, 'jobs') })
      .launch(harness.job(newKey()))
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LauncherError);
    expect(error).toMatchObject({
      message: expect.stringContaining('a file stands where a folder is needed, ENOTDIR'),
      hint: expect.stringContaining('move it away'),
    });
  });
});

/** Mounts a small file system of its own; undefined where that is not allowed. */
const mountSmall = async (): Promise<string | undefined> => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
};

/** The wrapper of the job before may still be closing its log. */
const makeReadOnly = async (folder: string): Promise<void> => {
  for (let tries = 0; ; tries += 1) {
    try {
      execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' });
      return;
    } catch (error) {
      if (tries > 50) throw error;
      await sleep(50);
    }
  }
};

const small = await mountSmall();

describe.skipIf(small === undefined)('a small disk (needs the right to mount)', () => {
  const folder = small ?? '';
  const filler = join(folder, 'filler');
  const jobsFolder = join(folder, 'jobs');
  const fill = (): void => {
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'], { stdio: 'ignore' });
    } catch {
      // It ends when the disk is full.
    }
  };
  afterAll(async () => {
    execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  });

  it('that is full: the launch says so, leaves no half intent, and works once there is space', async () => {
    const launcher = harness.createLauncher({ jobsFolder });
    const job = harness.job(newKey());
    fill();
    const error = await launcher.launch(job).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'LauncherError',
      message: expect.stringContaining('the disk is full, ENOSPC'),
      hint: expect.stringContaining('free some space'),
    });
    await rm(filler);
    const ref = await launcher.launch(job);
    await waitForState(launcher, ref, ['ended']);
    expect((await launcher.collect(ref)).status).toBe('completed');
  });

  it('that fills up while a job runs: its exit status is kept until it can be written', async () => {
    const launcher = harness.createLauncher({ jobsFolder });
    const ref = await launcher.launch(harness.job(newKey(), { cost: 0.6 }));
    for (let tries = 0; tries < 200 && !(await launcher.inspect(ref).then((found) => 'progress' in found)); tries += 1)
      await sleep(10);
    fill();
    await sleep(1_500);
    expect((await launcher.inspect(ref)).state).toBe('running');
    await rm(filler);
    await waitForState(launcher, ref, ['ended']);
    // The first line of metrics was written before; the file's block has room for the second one.
    expect(await launcher.collect(ref)).toMatchObject({ status: 'completed', stepsReached: 20 });
  });

  it('that is read-only: the launch says so', async () => {
    await mkdir(jobsFolder, { recursive: true });
    await makeReadOnly(folder);
    const error = await harness
      .createLauncher({ jobsFolder })
      .launch(harness.job(newKey()))
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'LauncherError',
      message: expect.stringContaining('the file system is read-only, EROFS'),
      hint: expect.stringContaining('mount it for writing'),
    });
  });
});
