import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSlurmLauncher } from '../../src/launchers/slurm.js';

/** Slurm's programs over a folder: one job, which runs until it is cancelled and does not heed signals. */
const PROGRAMS: Readonly<Record<string, string>> = {
  sbatch:
    'for word; do case $word in --job-name=*) name=${word#*=} ;; esac; done; echo "7|RUNNING|$name|None|" >job; echo 7',
  squeue: 'echo asked >>asked; cat job 2>/dev/null || true',
  scancel: 'case "$*" in *--signal*) ;; *) rm -f job ;; esac',
  sacct: 'echo "Slurm accounting storage is disabled" >&2; exit 1',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-slurm-stop-'));
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(folder, name), `#!/bin/sh\ncd '${folder}'\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  }
});
afterAll(() => rm(folder, { recursive: true }));

it('a stop that waits out the grace of its job does not ask the controller all the time', async () => {
  const launcher = createSlurmLauncher({
    jobsFolder: join(folder, 'jobs'),
    choice: { command: ['true'], env: {}, graceSeconds: 4, requeue: false, sbatchArgs: [], scales: {} },
    env: { PATH: `${folder}:${process.env['PATH']}` },
    now: Date.now,
  });
  const ref = await launcher.launch({
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
  });
  await writeFile(join(folder, 'asked'), '');
  await launcher.stop(ref);
  expect((await launcher.collect(ref)).status).toBe('cancelled');
  const asked = (await readFile(join(folder, 'asked'), 'utf8')).split('\n').length - 1;
  expect(asked).toBeLessThan(12);
}, 20_000);
