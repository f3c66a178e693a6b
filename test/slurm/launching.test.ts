/** At most one launch, whatever dies: on a cluster without accounting, whose controller forgets fast. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LauncherError, RefusedError } from '../../src/domain/errors.js';
import { slurmName } from '../../src/launchers/slurm/slurm-files.js';
import { startLab, until, type SlurmLab } from './lab.js';
import { follow, makeSlurmHarness, type SlurmHarness } from './slurm-harness.js';

let lab: SlurmLab;
let harness: SlurmHarness;
beforeAll(async () => {
  lab = await startLab({ messageTimeoutSeconds: 3, minJobAgeSeconds: 5 });
  harness = await makeSlurmHarness(lab);
});
afterAll(async () => {
  await lab?.stop();
  await harness?.close?.();
});

let keys = 0;
const newKey = (): string => `launching.t${(keys += 1)}.g1`;

const folderOf = (key: string): string => join(harness.jobsFolder, key);

/** Ids of the jobs that the controller has of this key. */
const queued = async (key: string): Promise<string[]> => {
  const out = await lab.run('squeue', '-h', '-t', 'all', `--name=${slurmName(key, folderOf(key))}`, '-o', '%i');
  return out === '' ? [] : out.split('\n');
};

const hasBegun = (key: string) => async (): Promise<boolean> => (await harness.text(key, 'metrics.jsonl')) !== '';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`expected an error, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

class Died extends Error {}

/** A launcher whose process dies at a step of the launch. */
const dyingAt = (step: string) =>
  harness.createLauncher(
    {},
    {
      onSubmitStep: (at) => {
        if (at === step) throw new Died(at);
      },
    },
  );

describe('a launch that dies', () => {
  it.each(['intent-written', 'looked-up', 'submission-recorded', 'submitted'])(
    'at %s is finished by the next one, with one job and one start',
    async (step) => {
      const key = newKey();
      expect(await failure(dyingAt(step).launch(harness.job(key)))).toBeInstanceOf(Died);
      const launcher = harness.createLauncher();
      const ref = await launcher.launch(harness.job(key));
      expect(await queued(key)).toEqual([harness.idOf(ref)]);
      expect((await follow(launcher, ref)).result.status).toBe('completed');
      expect(await harness.starts(key)).toBe(1);
    },
  );

  it('with its folder: the job is found by its name, and not submitted again', async () => {
    const key = newKey();
    const launcher = harness.createLauncher({ sbatchArgs: ['--hold'] });
    const ref = await launcher.launch(harness.job(key));
    await rm(folderOf(key), { recursive: true });
    expect(await launcher.list()).toContainEqual({ key, native: ref.native, state: 'running' });
    expect(await harness.createLauncher().launch(harness.job(key))).toEqual(ref);
    expect(await queued(key)).toEqual([harness.idOf(ref)]);
    await launcher.stop(ref);
  });
});

describe('a controller', () => {
  it('that is down is waited for: an error to try again after, unknown jobs, and one start', async () => {
    const [before, key] = [newKey(), newKey()];
    const launcher = harness.createLauncher(harness.train('slow', 20));
    const early = await launcher.launch(harness.job(before));
    await until('it runs', hasBegun(before));
    await lab.stateSaved();
    await lab.kill('slurmctld');
    expect(await failure(launcher.launch(harness.job(key)))).toBeInstanceOf(LauncherError);
    expect((await launcher.inspect(early)).state).toBe('unknown');
    expect(await failure(launcher.stop({ ...early }))).toBeInstanceOf(LauncherError);
    await lab.startController();
    const ref = await harness.createLauncher().launch(harness.job(key));
    expect((await follow(launcher, ref)).result.status).toBe('completed');
    expect(await harness.starts(key)).toBe(1);
    await launcher.stop(early);
    expect((await launcher.collect(early)).status).toBe('cancelled');
    expect(await harness.starts(before)).toBe(1);
  });

  it('that was frozen makes the job later: it is found, and not submitted again', async () => {
    const key = newKey();
    const freeze = (at: string): void => {
      if (at === 'submission-recorded') lab.freeze('slurmctld');
    };
    const error = await failure(harness.createLauncher({}, { onSubmitStep: freeze }).launch(harness.job(key)));
    expect(error).toBeInstanceOf(LauncherError);
    expect(await failure(harness.createLauncher().launch(harness.job(key)))).toBeInstanceOf(LauncherError);
    lab.thaw('slurmctld');
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(harness.job(key));
    expect(await queued(key)).toEqual([harness.idOf(ref)]);
    expect(await harness.files(key)).not.toContain('submit-2.json');
    expect((await follow(launcher, ref)).result.status).toBe('completed');
    expect(await harness.starts(key)).toBe(1);
  });

  it('that is killed keeps a job that it had saved', async () => {
    const key = newKey();
    const launcher = harness.createLauncher(harness.train('slow', 20));
    const ref = await launcher.launch(harness.job(key, { steps: 20, checkpoints: [20] }));
    await until('it runs', hasBegun(key));
    await lab.stateSaved();
    await lab.kill('slurmctld');
    await lab.startController();
    const { result } = await follow(launcher, ref);
    expect(result).toMatchObject({ status: 'completed', warnings: [] });
    expect(await harness.starts(key)).toBe(1);
  });

  it('that is killed may forget a new job, start it again, or give its number away: never two launches', async () => {
    const [key, other] = [newKey(), newKey()];
    const launcher = harness.createLauncher(harness.train('slow', 15));
    await lab.stateSaved();
    const ref = await launcher.launch(harness.job(key, { steps: 15, checkpoints: [15] }));
    await lab.kill('slurmctld');
    await lab.startController();
    const next = await harness.createLauncher().launch(harness.job(other));
    const [first, second] = await Promise.all([follow(launcher, ref), follow(launcher, next)]);
    expect(second.result.status).toBe('completed');
    expect(await harness.starts(other)).toBe(1);
    // Forgotten with its number, and lost; or known, and perhaps started again by Slurm, which it is told.
    expect(first.result.status).toBe(harness.idOf(next) === harness.idOf(ref) ? 'host-lost' : 'completed');
    const restarts = (await harness.startLines(key)).map((line) => Number(/restarts (\d)/.exec(line)?.[1]));
    expect(restarts).toEqual(restarts.map((_, i) => i));
    expect(first.result.warnings).toHaveLength(restarts.length > 1 ? 1 : 0);
  });
});

describe('a second copy of a job', () => {
  it('of another submission leaves at once, with a mark', async () => {
    const key = newKey();
    const launcher = harness.createLauncher(harness.train('slow', 8));
    const ref = await launcher.launch(harness.job(key, { steps: 8, checkpoints: [8] }));
    await until('the first runs', hasBegun(key));
    const text = await harness.text(key, (await harness.files(key)).find((file) => file.startsWith('batch-')) ?? '');
    const script = text.replace(/^token=.*$/m, "token='other'");
    const copy = join(harness.jobsFolder, 'copy.sh');
    await writeFile(copy, script);
    const name = slurmName(key, folderOf(key));
    await lab.run('sbatch', '--parsable', `--job-name=${name}`, `--output=${harness.jobsFolder}/copy.log`, copy);
    const isMarked = async (): Promise<boolean> => (await harness.files(key)).some((file) => file.startsWith('left-'));
    await until('the copy has left', isMarked);
    const { result } = await follow(launcher, ref);
    expect(result.status).toBe('completed');
    expect(await harness.starts(key)).toBe(1);
  });

  it('that Slurm starts though the command had ended by itself leaves, too', async () => {
    const key = newKey();
    const launcher = harness.createLauncher({ ...harness.train('quick'), requeue: true });
    const ref = await launcher.launch(harness.job(key));
    const { result } = await follow(launcher, ref);
    await lab.requeue(harness.idOf(ref));
    await until('it has left', async () => (await harness.files(key)).some((file) => file.startsWith('left-')));
    expect(await harness.starts(key)).toBe(1);
    expect(await launcher.collect(ref)).toEqual(result);
  });

  it('waits until the start before it is surely over, when that could not say so', async () => {
    const key = newKey();
    const launcher = harness.createLauncher({ ...harness.train('slow', 20), requeue: true });
    const ref = await launcher.launch(harness.job(key));
    await until('it runs', hasBegun(key));
    for (const pid of await lab.stepPids()) process.kill(pid, 'SIGKILL');
    await lab.requeue(harness.idOf(ref));
    await until('it is started again', async () => (await harness.text(key, 'wrapper.log')).includes('waiting until'));
    await launcher.stop(ref);
    expect((await launcher.collect(ref)).status).toBe('cancelled');
  });

  it('of the same key in another folder is another job', async () => {
    const other = await makeSlurmHarness(lab);
    const key = newKey();
    const refs = await Promise.all(
      [harness, other].map(({ createLauncher, job }) => createLauncher().launch(job(key))),
    );
    expect(refs[0]?.native).not.toBe(refs[1]?.native);
    for (const [i, { createLauncher }] of [harness, other].entries()) {
      const ref = refs[i];
      if (ref !== undefined) expect((await follow(createLauncher(), ref)).result.status).toBe('completed');
    }
    await other.close?.();
  });
});

describe('a submission that Slurm refuses', () => {
  it.each([
    ['an unknown partition', { partition: 'nosuch' }, /Invalid partition/],
    ['an option that there is not', { sbatchArgs: ['--no-such-option'] }, /unrecognized option/],
    ['more than any node has', { gres: 'gpu:9' }, /node configuration is not available/],
    ['a time limit over that of its partition', { partition: 'short', time: '60' }, /time limit/],
  ])('for %s is refused for good', async (_, choice, words) => {
    const key = newKey();
    const launcher = harness.createLauncher(choice);
    const error = await failure(launcher.launch(harness.job(key)));
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as Error).message).toMatch(words);
    const again = await failure(harness.createLauncher().launch(harness.job(key)));
    expect(again).toBeInstanceOf(RefusedError);
    expect(await harness.files(key)).not.toContain('submit-2.json');
    const ref = { key, launcher: 'slurm', folder: folderOf(key), native: '' } as const;
    expect((await launcher.collect(ref)).status).toBe('refused');
  });
});

describe('without an answer', () => {
  it('from munge every call ends all the same', async () => {
    const key = newKey();
    const launcher = harness.createLauncher(harness.train('slow', 20), { callTimeoutMs: 1500 });
    const ref = await launcher.launch(harness.job(key));
    lab.freeze('munged');
    const began = performance.now();
    const state = await harness.createLauncher({}, { callTimeoutMs: 1500 }).inspect(ref);
    const error = await failure(launcher.launch(harness.job(newKey())));
    const took = performance.now() - began;
    lab.thaw('munged');
    expect(state).toMatchObject({ state: 'unknown', reason: expect.stringContaining('no answer in time') });
    expect(error).toBeInstanceOf(LauncherError);
    expect(took).toBeLessThan(15_000);
    await launcher.stop(ref);
  });

  it('from a cluster that is not there a launch says what is missing', async () => {
    const launcher = harness.createLauncher({}, { env: { PATH: '/nowhere' } });
    const error = await failure(launcher.launch(harness.job(newKey())));
    expect(error).toMatchObject({ code: 'LauncherError', message: expect.stringContaining('squeue cannot be run') });
  });
});

describe('a job that nobody knows any more', () => {
  const forgotten = (id: string) => async (): Promise<boolean> =>
    !(await lab.run('squeue', '-h', '-t', 'all', '-o', '%i')).split('\n').includes(id);

  it('has ended when its folder says how', async () => {
    const key = newKey();
    const launcher = harness.createLauncher();
    const ref = await launcher.launch(harness.job(key));
    await until('it is forgotten', forgotten(harness.idOf(ref)));
    expect((await follow(launcher, ref)).result.status).toBe('completed');
  });

  it('is unknown, and only after long silence lost with its host; never failed', async () => {
    const key = newKey();
    const launcher = harness.createLauncher(harness.train('deaf', 600));
    const ref = await launcher.launch(harness.job(key));
    await until('it runs', hasBegun(key));
    await lab.run('scancel', '--signal=KILL', '--full', harness.idOf(ref));
    await until('it is forgotten', forgotten(harness.idOf(ref)));
    const began = performance.now();
    const { result, seen } = await follow(launcher, ref);
    expect(result.status).toBe('host-lost');
    expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['unknown']));
    expect(performance.now() - began).toBeGreaterThan(5_000);
  });
});

it('a folder that the node cannot use starts nothing and is no fault of the run', async () => {
  const key = newKey();
  const launcher = harness.createLauncher({ sbatchArgs: ['--hold'] });
  const ref = await launcher.launch(harness.job(key));
  await rm(folderOf(key), { recursive: true });
  await lab.run('scontrol', 'release', harness.idOf(ref));
  const id = harness.idOf(ref);
  const state = (): Promise<string> => lab.run('squeue', '-h', '-t', 'all', '-j', id, '-o', '%T');
  await until('it has failed', async () => (await state()) === 'FAILED');
  await mkdir(folderOf(key));
  expect(await launcher.launch(harness.job(key))).toEqual(ref);
  expect((await follow(launcher, ref)).result.status).toBe('host-lost');
});

describe('a job whose folder was removed while it ran', () => {
  const lose = async (steps: number) => {
    const key = newKey();
    const launcher = harness.createLauncher({ ...harness.train('slow', steps), graceSeconds: 1 });
    const ref = await launcher.launch(harness.job(key));
    await until('it runs', hasBegun(key));
    await rm(folderOf(key), { recursive: true, maxRetries: 10, retryDelay: 100 }); // it writes meanwhile
    const state = async (): Promise<string> =>
      lab.run('squeue', '-h', '-j', harness.idOf(ref), '-o', '%T').catch(() => '');
    return { launcher, ref, state };
  };

  it('is stopped in Slurm all the same, and was not stopped before its start', async () => {
    const { launcher, ref, state } = await lose(600);
    expect(await state()).toBe('RUNNING');
    await launcher.stop(ref);
    expect(await state()).toBe('');
    const result = await launcher.collect(ref);
    expect(result).toMatchObject({ status: 'cancelled', detail: expect.stringContaining('folder had been removed') });
    expect(result.notStarted).toBeUndefined();
  });

  it('gives its nodes back when its command has ended', async () => {
    const { state } = await lose(3);
    await until('it has left', async () => (await state()) === '', 40_000);
  });
});
