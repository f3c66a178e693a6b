/** Secrets of jobs on a real cluster: there when the job runs, and again after a requeue; nowhere in its folder or its description. And the rest of its environment. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startLab, until, type SlurmLab } from './lab.js';
import { follow, makeSlurmHarness, type SlurmHarness } from './slurm-harness.js';

const VALUE = randomBytes(12).toString('hex');
const LENGTH = String(VALUE.length);

// Says how long its secret is, on every start, and trains no sooner than a file beside its folder says so.
const command = [
  '/bin/sh',
  '-c',
  `cd "$TITRATE_JOB_DIR" && echo "$TITRATE_JOB_KEY \${#JOB_SECRET}" >>../lengths.log
  until [ -e ../go ]; do sleep 0.1; done
  echo '{"step":10,"metrics":{"loss":2}}' >metrics.jsonl; echo '{"step":20,"metrics":{"loss":1}}' >>metrics.jsonl`,
];

let lab: SlurmLab;
let harness: SlurmHarness;
let vault: string;
beforeAll(async () => {
  vault = await mkdtemp(join(tmpdir(), 'titrate-vault-'));
  lab = await startLab({});
  harness = await makeSlurmHarness(lab);
});
afterAll(async () => {
  await lab?.stop();
  await harness?.close?.();
  await rm(vault, { recursive: true, force: true });
});

it('a job has its secret at every start, and nobody reads it in its folder, its arguments or its comment', async () => {
  const file = join(vault, 'token');
  const key = 'secrets.t1.g1';
  const launcher = harness.createLauncher({ command, requeue: true, secrets: { JOB_SECRET: `file:${file}` } });

  // A secret that is not there yet: nothing is submitted, and the next try submits once.
  await expect(launcher.launch(harness.job(key))).rejects.toThrow(`the file ${file} cannot be read`);
  expect(await lab.run('squeue', '-h')).toBe('');
  await writeFile(file, `${VALUE}\n`, { mode: 0o600 });
  const ref = await launcher.launch(harness.job(key));
  const starts = async (): Promise<string[]> => (await harness.text('.', 'lengths.log')).trim().split('\n');
  await until('it has started', async () => (await starts()).at(-1) === `${key} ${LENGTH}`);
  await lab.requeue(harness.idOf(ref));
  await until('it has started again', async () => (await starts()).length === 2);
  const described = await lab.run('scontrol', 'show', 'job', harness.idOf(ref));
  expect(described).toContain(key);
  expect(described).not.toContain(VALUE);
  await writeFile(join(harness.jobsFolder, 'go'), '');
  expect((await follow(launcher, ref)).result.status).toBe('completed');
  expect(await starts()).toEqual([`${key} ${LENGTH}`, `${key} ${LENGTH}`]);

  const entries = await readdir(harness.jobsFolder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(4);
  const holding = await Promise.all(files.map(async (path) => ((await readFile(path)).includes(VALUE) ? [path] : [])));
  expect(holding.flat()).toEqual([]);
  expect(existsSync(join(harness.jobsFolder, key, 'job.json'))).toBe(true);
});

it.each([
  ['an option', { sbatchArgs: ['--export=NONE'] }, {}],
  ['the environment of the worker', {}, { SBATCH_EXPORT: 'OTHER=1' }],
])('a job has its secret and its variables, its tasks too, where %s keeps the rest from it', async (_, choice, env) => {
  const file = join(vault, 'token');
  await writeFile(file, `${VALUE}\n`, { mode: 0o600 });
  const key = `secrets.export${Object.keys(env).length}.g1`;
  const launcher = harness.createLauncher(
    {
      ...choice,
      command: ['srun', '/bin/sh', '-c', 'echo "${#JOB_SECRET} $FOO $TITRATE_JOB_KEY ${OF_WORKER-none}"'],
      env: { FOO: 'foo' },
      secrets: { JOB_SECRET: `file:${file}` },
    },
    { env: { ...process.env, ...lab.env, OF_WORKER: 'worker', ...env } },
  );
  await follow(launcher, await launcher.launch(harness.job(key)));
  expect(await harness.text(key, 'stdout.log')).toBe(`${LENGTH} foo ${key} none\n`);
});

it('a job has the language of its worker', async () => {
  const key = 'secrets.language.g1';
  const launcher = harness.createLauncher(
    { command: ['/bin/sh', '-c', 'echo "$LC_ALL"'] },
    { env: { ...process.env, ...lab.env, LC_ALL: 'C.UTF-8' } },
  );
  await follow(launcher, await launcher.launch(harness.job(key)));
  expect(await harness.text(key, 'stdout.log')).toBe('C.UTF-8\n');
});
