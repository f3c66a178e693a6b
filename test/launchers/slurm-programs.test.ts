/** What the launcher asks of Slurm's programs, and when: stand-ins for them over a folder. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JobSpec } from '../../src/domain/ports.js';
import { createSlurmLauncher, type SlurmLauncherOptions } from '../../src/launchers/slurm.js';

/** One job, which runs until it is cancelled and does not heed signals. */
const PROGRAMS: Readonly<Record<string, string>> = {
  sbatch:
    'for word; do case $word in --job-name=*) name=${word#*=} ;; esac; done; echo "7|RUNNING|$name|None|" >job; echo 7',
  squeue: 'echo asked >>asked; cat job 2>/dev/null || true',
  scancel: 'case "$*" in *--signal*) ;; *) rm -f job ;; esac',
  sacct: 'echo "Slurm accounting storage is disabled" >&2; exit 1',
};

const job: JobSpec = {
  key: 's.t1.g1',
  sweep: 's',
  trial: 't1',
  generation: 1,
  mixture: { web: 1 },
  scale: 'S',
  parameters: 1000,
  tokensPerStep: 10,
  steps: 20,
  checkpoints: [20],
  seed: 1,
  cost: 1,
};

let folder: string;
const program = async (name: string, text: string): Promise<void> => {
  await writeFile(join(folder, name), `#!/bin/sh\ncd '${folder}'\n${text}\n`);
  await chmod(join(folder, name), 0o755);
};
const timesOf = async (name: string): Promise<number> =>
  (await readFile(join(folder, name), 'utf8')).split('\n').length - 1;
const create = (options: Partial<SlurmLauncherOptions> = {}) =>
  createSlurmLauncher({
    jobsFolder: join(folder, 'jobs'),
    choice: { command: ['true'], env: {}, graceSeconds: 4, requeue: false, sbatchArgs: [], scales: {} },
    env: { PATH: `${folder}:${process.env['PATH']}` },
    now: Date.now,
    ...options,
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-slurm-programs-'));
  for (const [name, text] of Object.entries(PROGRAMS)) await program(name, text);
});
afterEach(() => rm(folder, { recursive: true }));

it('a stop that waits out the grace of its job does not ask the controller all the time', async () => {
  const launcher = create();
  const ref = await launcher.launch(job);
  await writeFile(join(folder, 'asked'), '');
  await launcher.stop(ref);
  expect((await launcher.collect(ref)).status).toBe('cancelled');
  expect(await timesOf('asked')).toBeLessThan(12);
}, 20_000);

it('a launch whose every submission stays without an answer says so, and goes on when it is tried again', async () => {
  await program(
    'sbatch',
    'echo sent >>sent; echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1',
  );
  const launcher = create({ patienceMs: 600 });
  await expect(launcher.launch(job)).rejects.toThrow('Slurm does not answer (Socket timed out');
  expect(await timesOf('sent')).toBe(2); // the second after Slurm had answered for long without a job of that name
  await program('sbatch', PROGRAMS['sbatch'] ?? '');
  expect((await launcher.launch(job)).native).toBe('slurm job 7');
});

it.each([
  ['host-lost', 'followed', false],
  ['cancelled', 'stopped', true],
])(
  'a job whose cluster never answers again is %s when it is %s and a person says that it is lost',
  async (status, _, isStopped) => {
    const ref = await create().launch(job);
    await program(
      'squeue',
      'echo "slurm_load_jobs error: Unable to contact slurm controller (connect failure)" >&2; exit 1',
    );
    const launcher = create(); // the other one has an answer yet
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'unknown' });
    if (isStopped) await expect(launcher.stop(ref)).rejects.toThrow('Slurm does not answer');
    await writeFile(join(ref.folder, 'lost'), '');
    if (isStopped) await launcher.stop(ref);
    expect(await launcher.inspect(ref)).toEqual({ state: 'ended' });
    expect(await launcher.collect(ref)).toMatchObject({ status, detail: expect.stringContaining('lost by a person') });
  },
);

it.each([
  ['preempted', 143, 'FAILED', 'own'],
  ['cancelled', 143, 'CANCELLED', 'own'],
  ['preempted', 143, '', 'own'],
  ['timed-out', 143, 'TIMEOUT', 'time'],
  ['host-lost', 1, 'NODE_FAIL', 'own'],
  ['failed', 1, 'FAILED', 'own'],
])('a run is %s whose command ended with status %i when Slurm says %s of its job', async (status, code, state, why) => {
  const launcher = create();
  const ref = await launcher.launch(job);
  const end = { kind: state === '' ? 'exited' : 'slurm', state, words: state, exit: { code, why }, starts: 1, at: 1 };
  await writeFile(join(ref.folder, 'ended.json'), JSON.stringify(end));
  expect(await launcher.collect(ref)).toMatchObject({ status, detail: expect.stringContaining(`exit status ${code}`) });
});
