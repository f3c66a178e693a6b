import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseJobKey } from '../../src/domain/job-key.js';
import type { JobRef, Launcher } from '../../src/domain/ports.js';
import type { GpuDivision } from '../../src/launchers/local-process.js';
import { waitForState } from '../launchers/conformance.js';
import { makeLocalHarness, type LocalHarness } from '../launchers/local-harness.js';

let harness: LocalHarness;
let counter = 0;
const newKey = (): string => `gpu.t${(counter += 1)}.g1`;

beforeAll(async () => {
  harness = await makeLocalHarness();
  await mkdir(join(harness.jobsFolder, 'held'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const name of await readdir(harness.jobsFolder)) {
    if (name.startsWith('gpu.')) await harness.createLauncher({ graceSeconds: 0 }).stop(harness.refOf(name));
  }
  await rm(join(harness.jobsFolder, 'gpus'), { recursive: true, force: true });
});
afterAll(() => harness.close?.());

/** Fails when a GPU that it is told to use is in use: a folder stands for its memory. Trains for so many seconds. */
const useGpus = (seconds: number): readonly string[] => [
  'sh',
  '-c',
  `echo "$CUDA_VISIBLE_DEVICES" > gpus
   list=$(echo "$CUDA_VISIBLE_DEVICES" | tr , ' ')
   for gpu in $list; do mkdir "../held/$gpu" || exit 3; done
   sleep ${seconds}
   for gpu in $list; do rmdir "../held/$gpu"; done
   echo '{"step":20,"metrics":{"loss":1}}' >> metrics.jsonl`,
];

/** Trains until it is stopped. */
const holdGpus = ['sh', '-c', 'echo "$CUDA_VISIBLE_DEVICES" > gpus; sleep 60'];

const launcherOf = (
  seconds: number | 'until stopped',
  gpus: GpuDivision['gpus'],
  each: Readonly<Record<string, number>> = {},
): Launcher =>
  harness.createLauncher({
    command: seconds === 'until stopped' ? holdGpus : useGpus(seconds),
    gpus: { folder: join(harness.jobsFolder, 'gpus'), gpus, perJob: (scale) => each[scale] ?? 1 },
  });

const launch = async (launcher: Launcher, scale = 'S'): Promise<JobRef> =>
  launcher.launch(harness.job(newKey(), { scale }));

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 20_000; !(await holds()); await sleep(50)) expect(Date.now()).toBeLessThan(end);
};

const gpusOf = async ({ folder }: JobRef): Promise<string> =>
  (await readFile(join(folder, 'gpus'), 'utf8').catch(() => '')).trim();
const hasStarted = async (ref: JobRef): Promise<boolean> => (await gpusOf(ref)) !== '';

const waitingOf = async (launcher: Launcher, ref: JobRef): Promise<string | undefined> => {
  const state = await launcher.inspect(ref);
  return state.state === 'running' ? state.waiting : undefined;
};

const wrapperPid = async ({ folder }: JobRef): Promise<number> =>
  (JSON.parse(await readFile(join(folder, 'lock'), 'utf8')) as { pid: number }).pid;

describe('jobs divide the GPUs of a machine', () => {
  it('so that no GPU is ever with two of them, whatever each needs and whoever launches', async () => {
    const one = launcherOf(0.2, 4, { L: 3 });
    const other = launcherOf(0.2, 4, { L: 3 });
    const scales = ['S', 'L', 'S', 'S', 'L', 'S', 'S', 'L'];
    const refs = await Promise.all(scales.map((scale, i) => launch(i % 2 === 0 ? one : other, scale)));
    for (const [i, ref] of refs.entries()) {
      await waitForState(one, ref, ['ended']);
      expect(await one.collect(ref)).toMatchObject({ status: 'completed' });
      expect((await gpusOf(ref)).split(',')).toHaveLength(scales[i] === 'L' ? 3 : 1);
    }
  });

  it('who came first is served first: a job of many is not passed by small ones', async () => {
    const long = launcherOf('until stopped', ['4', '6']);
    const quick = launcherOf(0.1, ['4', '6'], { L: 2 });
    const first = await launch(long);
    await until(() => hasStarted(first));
    const large = await launch(quick, 'L');
    await until(async () => (await waitingOf(quick, large)) !== undefined);
    const small = await launch(quick);
    await until(async () => (await waitingOf(quick, small)) !== undefined);
    await sleep(1500); // longer than between two looks for free GPUs
    expect(await waitingOf(quick, large)).toBe(
      `waits for 2 of 2 GPUs, which are with ${parseJobKey(first.key)?.trial}`,
    );
    expect(await hasStarted(small)).toBe(false);
    await long.stop(first);
    await waitForState(quick, large, ['ended']);
    await waitForState(quick, small, ['ended']);
    expect(await quick.collect(large)).toMatchObject({ status: 'completed' });
    expect(await quick.collect(small)).toMatchObject({ status: 'completed' });
    expect(await gpusOf(large)).toBe('4,6');
    expect(await waitingOf(quick, large)).toBeUndefined();
  });

  it('those of a killed wrapper are taken while its command lives', async () => {
    const long = launcherOf('until stopped', 1);
    const first = await launch(long);
    await until(() => hasStarted(first));
    process.kill(await wrapperPid(first), 'SIGKILL');
    const second = await launch(launcherOf(0.1, 1));
    await sleep(1500);
    expect(await hasStarted(second)).toBe(false);
    await long.stop(first);
    await waitForState(long, second, ['ended']);
    expect(await long.collect(second)).toMatchObject({ status: 'completed' });
  });
});

describe('a job that waits for GPUs', () => {
  it('is stopped before its start, costs nothing, and leaves its place', async () => {
    const long = launcherOf('until stopped', 1);
    const first = await launch(long);
    await until(() => hasStarted(first));
    const second = await launch(long);
    const third = await launch(launcherOf(0.1, 1));
    await until(async () => (await waitingOf(long, second)) !== undefined);
    await long.stop(second);
    expect(await long.collect(second)).toMatchObject({ status: 'cancelled', notStarted: true });
    await long.stop(first);
    await waitForState(long, third, ['ended']);
    expect(await long.collect(third)).toMatchObject({ status: 'completed' });
    expect(await hasStarted(second)).toBe(false);
  });

  it('and whose machine goes down is preempted, and costs nothing', async () => {
    const long = launcherOf('until stopped', 1);
    const first = await launch(long);
    await until(() => hasStarted(first));
    const second = await launch(long);
    await until(async () => (await waitingOf(long, second)) !== undefined);
    process.kill(await wrapperPid(second), 'SIGTERM');
    await waitForState(long, second, ['ended']);
    expect(await long.collect(second)).toMatchObject({
      status: 'preempted',
      notStarted: true,
      detail: 'terminated from outside before its start',
    });
  });

  it('waits on when the claims cannot be read, and says so', async () => {
    const launcher = launcherOf(0.1, 1);
    const first = await launch(launcher);
    await waitForState(launcher, first, ['ended']);
    const gpus = join(harness.jobsFolder, 'gpus');
    const [file = ''] = (await readdir(gpus)).filter((name) => name.endsWith('.json'));
    await writeFile(join(gpus, file), 'nonsense');
    const second = await launch(launcher);
    await until(async () => (await waitingOf(launcher, second))?.includes('expected claims on GPUs') === true);
    await rm(join(gpus, file));
    await waitForState(launcher, second, ['ended']);
    expect(await launcher.collect(second)).toMatchObject({ status: 'completed' });
  });
});

describe('a worker that may use some GPUs only', () => {
  it('divides those', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '5,GPU-7');
    const launcher = launcherOf(0.1, 2, { S: 2 });
    const ref = await launch(launcher);
    await waitForState(launcher, ref, ['ended']);
    expect(await gpusOf(ref)).toBe('5,GPU-7');
  });

  it('finds jobs that are there, whatever they were given', async () => {
    const launcher = launcherOf('until stopped', 2);
    const ref = await launch(launcher);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '5');
    expect(await launcher.launch(harness.job(ref.key))).toEqual(ref);
  });

  it('starts nothing where the sweep says that there are more', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '5');
    const launcher = launcherOf(0.1, 2);
    await expect(launch(launcher)).rejects.toThrow(
      'expected 2 GPUs (launcher.gpus); this worker may use 1 (CUDA_VISIBLE_DEVICES=5)',
    );
  });
});
