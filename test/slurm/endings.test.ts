/** What each state of Slurm means for a job, on a cluster with accounting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab, until, type SlurmLab } from './lab.js';
import { follow, makeSlurmHarness, type SlurmHarness } from './slurm-harness.js';

let lab: SlurmLab;
let harness: SlurmHarness;
beforeAll(async () => {
  lab = await startLab({ accounting: true, minJobAgeSeconds: 5 });
  harness = await makeSlurmHarness(lab);
});
afterAll(async () => {
  await lab?.stop();
  await harness?.close?.();
});

let keys = 0;
const newKey = (): string => `endings.t${(keys += 1)}.g1`;

type Choice = Parameters<SlurmHarness['createLauncher']>[0];

/** Launches a job and waits until its command says that it has begun. */
const begin = async (choice: Choice, key = newKey()) => {
  const launcher = harness.createLauncher(choice);
  const steps = Number(choice?.command?.at(-1) ?? 20) || 20; // as many as the command trains for
  const ref = await launcher.launch(harness.job(key, { steps, checkpoints: [steps] }));
  const hasBegun = async (): Promise<boolean> => (await harness.text(key, 'metrics.jsonl')) !== '';
  const state = async (): Promise<string> => lab.run('squeue', '-h', '-t', 'all', '-j', harness.idOf(ref), '-o', '%T');
  return { launcher, ref, key, id: harness.idOf(ref), state, running: () => until(`${key} runs`, hasBegun) };
};

const accountingSays = async (id: string): Promise<string> =>
  (await lab.run('sacct', '-X', '-n', '-P', '-D', '-j', id, '-o', 'State')).split('\n').at(-1) ?? '';

const launchAndFollow = async (choice: Choice) => {
  const { launcher, ref, key } = await begin(choice);
  return { key, ...(await follow(launcher, ref)) };
};

describe('a command that ends by itself', () => {
  it('with an error is failed, with its words', async () => {
    const { result } = await launchAndFollow(harness.train('exit'));
    expect(result.status).toBe('failed');
    expect(result.detail).toMatch(/exit status 3.*FAILED.*\n.*bad luck/s);
  });

  it('with a loss that is no number is diverged', async () => {
    expect((await launchAndFollow(harness.train('nan'))).result.status).toBe('diverged');
  });

  it('with status 75 asks to be resumed: preempted', async () => {
    expect((await launchAndFollow(harness.train('resume-me'))).result.status).toBe('preempted');
  });

  it('that is missing is failed, and says so', async () => {
    const { result } = await launchAndFollow({ command: ['/no/such/program'] });
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringContaining('/no/such/program') });
  });
});

describe('a job that is told to end', () => {
  it('by its own longest time is timed out', async () => {
    const { result } = await launchAndFollow({ ...harness.train('slow', 60), timeoutSeconds: 2 });
    expect(result).toMatchObject({ status: 'timed-out', detail: expect.stringContaining('timed out') });
  });

  it("by Slurm's time limit is timed out, and gets a signal before", async () => {
    const { launcher, ref, id, key, running } = await begin({ ...harness.train('polite', 600), time: '10' });
    await running();
    await lab.run('scontrol', 'update', `JobId=${id}`, 'EndTime=now+3'); // limits are looked at every 30 s
    const { result } = await follow(launcher, ref);
    expect(result.status).toBe('timed-out');
    expect(await harness.files(key)).toContain('saved');
  });

  it('by a stop gets SIGTERM and time to save', async () => {
    const { launcher, ref, key, running } = await begin({ ...harness.train('polite', 600), graceSeconds: 20 });
    await running();
    await launcher.stop(ref);
    expect((await launcher.collect(ref)).status).toBe('cancelled');
    expect(await harness.files(key)).toContain('saved');
  });

  it.each([
    ['a stop', ['srun'], { graceSeconds: 20 }],
    ['its own longest time', ['srun', '--ntasks=2'], { graceSeconds: 20, timeoutSeconds: 4 }],
    ['a stop of a script that calls it', ['sh', '-c', 'srun "$@"; exit $?', 'sh'], { graceSeconds: 20 }],
  ])('under srun by %s has its tasks asked, which srun itself would kill', async (how, by, choice) => {
    const command = [...by, ...(harness.train('polite', 600).command ?? [])];
    const { launcher, ref, key, running } = await begin({ ...choice, command, sbatchArgs: ['--ntasks=2'] });
    await running();
    if (how.startsWith('a stop')) await launcher.stop(ref);
    const { result } = await follow(launcher, ref);
    expect(result.status).toBe(how.startsWith('a stop') ? 'cancelled' : 'timed-out');
    expect(await harness.files(key)).toContain('saved');
    expect(await harness.text(key, 'stderr.log')).not.toContain('forcing job termination');
  });

  it('by a stop and does not listen is killed', async () => {
    const { launcher, ref, key, running } = await begin(harness.train('deaf', 600));
    await running();
    await launcher.stop(ref);
    expect((await launcher.collect(ref)).status).toBe('cancelled');
    expect(await harness.text('.', 'starts.log')).toContain('deaf');
    expect(await harness.text(key, 'wrapper.log')).toContain('the command ended with 137');
  });

  it('by a person with scancel is cancelled, and runs for as long as it is there, whatever the accounting says', async () => {
    const { launcher, ref, id, state, running } = await begin(harness.train('deaf', 600));
    await running();
    await lab.run('scancel', id);
    await until('the accounting calls it cancelled', async () => (await accountingSays(id)).startsWith('CANCELLED'));
    expect(await state()).toBe('COMPLETING');
    expect(await harness.createLauncher().inspect(ref)).toMatchObject({ state: 'running', waiting: 'COMPLETING' });
    const { result } = await follow(launcher, ref);
    expect(result).toMatchObject({ status: 'cancelled', detail: expect.stringContaining('CANCELLED') });
  });

  it('by Slurm itself, for no user, has lost its host: it may run again', async () => {
    const broken = await lab.run('sbatch', '--parsable', '--output=/dev/null', '--wrap', 'exit 1');
    const sbatchArgs = [`--dependency=afterok:${broken}`, '--kill-on-invalid-dep=yes'];
    const { launcher, ref, key } = await begin({ ...harness.train('quick'), sbatchArgs });
    const { result } = await follow(launcher, ref);
    expect(result).toMatchObject({ status: 'host-lost', detail: expect.stringContaining('for no user') });
    expect(await harness.starts(key)).toBe(0);
  });

  it('before it began is cancelled and never starts', async () => {
    const { launcher, ref, key } = await begin({ sbatchArgs: ['--hold'] });
    expect(await launcher.inspect(ref)).toEqual({ state: 'running', waiting: 'PENDING (JobHeldUser)' });
    await launcher.stop(ref);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'cancelled', notStarted: true });
    expect(await harness.starts(key)).toBe(0);
  });
});

describe('a job whose place is taken away', () => {
  it('goes on from its checkpoint when Slurm may requeue it; a restart, not a second launch', async () => {
    const { launcher, ref, key, id, running } = await begin({
      ...harness.train('polite'),
      partition: 'low',
      requeue: true,
    });
    await running();
    await lab.preempt();
    const { result, seen } = await follow(launcher, ref);
    expect(result).toMatchObject({ status: 'completed', stepsReached: 20 });
    expect(result.warnings.join()).toContain('Slurm started the same job 2 times');
    expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['running']));
    expect(seen.some((state) => state.state === 'running' && state.waiting?.startsWith('PENDING'))).toBe(true);
    const starts = await harness.startLines(key);
    expect(starts.map((line) => /restarts (\d)/.exec(line)?.[1])).toEqual(['0', '1']);
    expect(starts[1]).not.toContain('from 0 ');
    expect(await harness.text(key, 'stdout.log')).toMatch(/^out from 0\nout from [1-9]/);
    expect(await accountingSays(id)).toBe('COMPLETED');
  });

  it('is preempted when Slurm may not', async () => {
    const { launcher, ref, running } = await begin({ ...harness.train('polite', 600), partition: 'spot' });
    await running();
    await lab.preempt(1);
    expect((await follow(launcher, ref)).result).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('PREEMPTED'),
    });
  });

  it('is preempted when only the tasks of its srun are told so, as at the beginning of a grace time', async () => {
    await lab.run('scontrol', 'update', 'PartitionName=spot', 'GraceTime=60');
    const command = ['srun', ...(harness.train('slow', 600).command ?? [])];
    const { launcher, ref, running } = await begin({ command, partition: 'spot' });
    await running();
    await lab.preempt(1);
    const { result } = await follow(launcher, ref);
    await lab.run('scontrol', 'update', 'PartitionName=spot', 'GraceTime=0');
    expect(result).toMatchObject({
      status: 'preempted',
      detail: expect.stringMatching(/terminated from outside.*exit status 143/),
    });
  });

  it('has lost its host when its node goes down', async () => {
    const { launcher, ref, id, running } = await begin(harness.train('slow', 600));
    await running();
    const node = await lab.run('squeue', '-h', '-j', id, '-o', '%N');
    await lab.setNode(node, 'down');
    const { result } = await follow(launcher, ref);
    await lab.setNode(node, 'resume');
    expect(result).toMatchObject({ status: 'host-lost', detail: expect.stringContaining('NODE_FAIL') });
  });

  it('goes on elsewhere when its node goes down and Slurm may requeue it', async () => {
    const { launcher, ref, key, id, running } = await begin({ ...harness.train('polite', 20), requeue: true });
    await running();
    const node = await lab.run('squeue', '-h', '-j', id, '-o', '%N');
    await lab.setNode(node, 'down');
    const { result, seen } = await follow(launcher, ref);
    await lab.setNode(node, 'resume');
    expect(result.status).toBe('completed');
    expect(seen.every(({ state }) => state === 'running')).toBe(true);
    expect(await harness.starts(key)).toBe(2);
  });

  it('that is suspended is waiting, and goes on', async () => {
    const { launcher, ref, id, state, running } = await begin({ ...harness.train('slow', 4) });
    await running();
    await lab.run('scontrol', 'suspend', id);
    await until('it is suspended', async () => (await state()) === 'SUSPENDED');
    expect(await harness.createLauncher().inspect(ref)).toMatchObject({ state: 'running', waiting: 'SUSPENDED' });
    await lab.run('scontrol', 'resume', id);
    expect((await follow(launcher, ref)).result.stepsReached).toBe(4);
  });
});

describe('a job that the controller has forgotten', () => {
  const forgotten = async (id: string): Promise<boolean> =>
    !(await lab.run('squeue', '-h', '-t', 'all', '-o', '%i')).split('\n').includes(id);

  it('is found in the accounting, with who cancelled it', async () => {
    const { launcher, ref, id, running } = await begin(harness.train('slow', 600));
    await running();
    await lab.run('scancel', id);
    await until('it is forgotten', () => forgotten(id));
    const { result } = await follow(launcher, ref);
    expect(result).toMatchObject({ status: 'cancelled', detail: expect.stringMatching(/CANCELLED \(by \d+/) });
  });

  it('is unknown while the accounting does not answer either', async () => {
    const { launcher, ref, id, running } = await begin(harness.train('slow', 600));
    await running();
    await lab.run('scancel', id);
    await until('it is forgotten', () => forgotten(id));
    await lab.kill('slurmdbd');
    const during = await launcher.inspect(ref);
    await lab.startAccounting();
    expect(during).toMatchObject({ state: 'unknown', reason: expect.stringContaining('accounting') });
    expect((await follow(launcher, ref)).result.status).toBe('cancelled');
  });
});

describe('a batch script', () => {
  it('that is killed leaves no exit status: failed, after a look for late files', async () => {
    const { result, seen } = await launchAndFollow(harness.train('kill-script'));
    expect(result).toMatchObject({ status: 'failed', detail: expect.stringContaining('without an exit status') });
    expect(seen.some(({ state }) => state === 'unknown')).toBe(true);
  });

  it('asks for what the sweep file says, scale by scale', async () => {
    const choice = {
      partition: 'short',
      time: '1',
      sbatchArgs: ['--nice=5'],
      scales: { big: { gres: 'gpu:2', time: '2', sbatchArgs: ['--cpus-per-task=2'] } },
    };
    const launcher = harness.createLauncher(choice);
    const show = async (scale: string): Promise<string> => {
      const ref = await launcher.launch(harness.job(newKey(), { scale }));
      return lab.run('scontrol', '-o', 'show', 'job', harness.idOf(ref));
    };
    expect(await show('S')).toMatch(/Requeue=0 .*TimeLimit=00:01:00 .*Partition=short .*NumCPUs=1 /);
    const big = await show('big');
    expect(big).toMatch(/TimeLimit=00:02:00 .*Partition=short .*NumCPUs=2 .*gpu:2/);
    expect(big).toMatch(/Nice=5 /);
  });

  it('hands strange words on as they are', async () => {
    const strange = `a 'b' "c" $HOME \`d\` \\ é\nf`;
    const key = `sweep %j 'é'.t1.g1`;
    const launcher = harness.createLauncher({
      command: ['/bin/sh', '-c', 'printf "%s|%s|%s" "$1" "$WORD" "$TITRATE_JOB_KEY"', 'sh', strange],
      env: { WORD: strange },
    });
    const ref = await launcher.launch(harness.job(key));
    await follow(launcher, ref);
    expect(await harness.text(key, 'stdout.log')).toBe(`${strange}|${strange}|${key}`);
    expect(await harness.text(key, 'wrapper.log')).toContain('the command ended with 0');
  });
});
