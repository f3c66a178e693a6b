/** Secrets of jobs on a real cluster: there when the job runs, and again after a requeue; nowhere in its folder or its description. */
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
