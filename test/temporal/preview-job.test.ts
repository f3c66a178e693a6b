import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { homeAt } from '../../src/temporal/home.js';
import { previewJob } from '../../src/temporal/preview-job.js';

const HOME = homeAt('/nowhere/titrate-home');
const TARGET = { scale: '1B', steps: 200 };

const sweepOf = (launcher: Readonly<Record<string, unknown>>): Sweep =>
  parseSweep({
    name: 'previewed',
    objective: { minimize: 'loss' },
    domains: { web: {}, code: {} },
    scales: {
      '10M': { parameters: 1e7, tokensPerStep: 1000, steps: [100] },
      '1B': { parameters: 1e9, tokensPerStep: 1000, steps: [100, 200] },
    },
    target: TARGET,
    budget: { targetRuns: 3 },
    launcher,
  });
const preview = (launcher: Readonly<Record<string, unknown>>, run = TARGET) =>
  previewJob(HOME, 'previewed-1', sweepOf(launcher), run);

it('shows the job as a sweep would make it, and the command of a local one with where secrets are, not what', async () => {
  process.env['PREVIEW_TOKEN'] = 'hush';
  const { job, launch } = await preview({
    kind: 'local',
    command: ['python', 'train.py'],
    env: { A: '1' },
    secrets: { KEY: 'env:PREVIEW_TOKEN' },
  });
  expect(job).toMatchObject({ key: 'previewed-1.t0001.g1', ...TARGET, parameters: 1e9, checkpoints: [100, 200] });
  expect(Object.values(job.mixture)).toEqual([0.5, 0.5]);
  const folder = join(HOME.sweeps, 'previewed-1', 'jobs', job.key);
  expect(launch).toMatchObject({
    command: ['python', 'train.py'],
    cwd: folder,
    env: { A: '1', TITRATE_JOB_DIR: folder, TITRATE_JOB_KEY: job.key },
  });
  expect(JSON.stringify(launch)).not.toContain('hush');
});

it('shows the options of sbatch, those of the scale among them, and the batch script', async () => {
  const launcher = {
    kind: 'slurm',
    command: ['srun', 'python3', 'train.py'],
    folder: '/shared/titrate',
    partition: 'gpu',
    sbatchArgs: ['--mem=8G'],
    scales: { '1B': { partition: 'gpu-large', sbatchArgs: ['--nodes=4'] } },
  };
  const large = await preview(launcher);
  expect(large.launch['sbatch']).toEqual(expect.arrayContaining(['--partition=gpu-large', '--mem=8G', '--nodes=4']));
  expect(large.launch['script']).toContain("dir='/shared/titrate/previewed-1/jobs/previewed-1.t0001.g1'");
  expect(large.launch['script']).toContain("'srun' 'python3' 'train.py'");
  const small = await preview(launcher, { scale: '10M', steps: 100 });
  expect(small.launch['sbatch']).toEqual(expect.arrayContaining(['--partition=gpu', '--mem=8G']));
  expect(small.launch['sbatch']).not.toContain('--nodes=4');
});

it('shows the manifest of a Kubernetes job', async () => {
  const { launch } = await preview({
    kind: 'kubernetes',
    image: 'registry.example.org/trainer:1',
    scales: { '1B': { resources: { limits: { 'nvidia.com/gpu': 8 } } } },
  });
  expect(launch).toMatchObject({
    kind: 'Job',
    spec: {
      template: {
        spec: {
          containers: [{ image: 'registry.example.org/trainer:1', resources: { limits: { 'nvidia.com/gpu': 8 } } }],
        },
      },
    },
  });
});

it('leaves nothing behind, not even a home', () => {
  expect(existsSync(HOME.root)).toBe(false);
});
