import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError, LauncherError } from '../../src/domain/errors.js';
import { MetricsLine } from '../../src/domain/job-contract.js';
import type { JobSpec, Launcher, World } from '../../src/domain/ports.js';
import { createSimulatorLauncher } from '../../src/launchers/simulator.js';
import { describeLauncherConformance } from './conformance.js';

/** A world whose loss is 10 minus a thousandth of the steps, and that knows one domain. */
const world: World = {
  name: 'line',
  metrics: ['loss'],
  train: ({ mixture, checkpoints }) => {
    if (mixture['text'] !== 1) throw new InputError('unknown', [{ path: 'mixture', expected: 'text', found: '?' }]);
    return checkpoints.map((steps) => ({ steps, metrics: { loss: 10 - steps / 1000 } }));
  },
};

const jobOf = (key: string, changes: Partial<JobSpec> = {}): JobSpec => ({
  key,
  sweep: 's',
  trial: 't1',
  generation: 1,
  mixture: { text: 1 },
  scale: '1M',
  parameters: 1e6,
  tokensPerStep: 10,
  steps: 1000,
  checkpoints: [250, 500, 1000],
  seed: 1,
  cost: 2,
  ...changes,
});

describeLauncherConformance('the simulator launcher', async () => {
  const jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-simulator-'));
  return {
    createLauncher: () => createSimulatorLauncher({ world, jobsFolder, secondsPerUnit: 0.1, now: Date.now }),
    quickJob: (key) => jobOf(key),
    longJob: (key) => jobOf(key, { cost: 1000 }),
    close: () => rm(jobsFolder, { recursive: true }),
  };
});

describe('a simulated job', () => {
  let jobsFolder: string;
  let clock: number; // ms
  const create = (changes: { secondsPerUnit?: number } = {}): Launcher =>
    createSimulatorLauncher({ world, jobsFolder, secondsPerUnit: 5, now: () => clock, ...changes });

  beforeEach(async () => {
    jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-simulator-'));
    clock = 1_000_000;
  });
  afterEach(() => rm(jobsFolder, { recursive: true }));

  it('takes its cost times the seconds per unit, and shows steps and the last checkpoint passed', async () => {
    const launcher = create();
    const ref = await launcher.launch(jobOf('a')); // 10 s
    expect(await launcher.inspect(ref)).toEqual({ state: 'running', progress: { steps: 0 } });
    clock += 6000;
    expect(await launcher.inspect(ref)).toEqual({ state: 'running', progress: { steps: 600, metrics: { loss: 9.5 } } });
    clock += 3999;
    expect((await launcher.inspect(ref)).state).toBe('running');
    clock += 1;
    expect(await launcher.inspect(ref)).toEqual({ state: 'ended', progress: { steps: 1000, metrics: { loss: 9 } } });
  });

  it('goes on from the step it resumes from', async () => {
    const launcher = create();
    const resume = { key: 'a', trial: 't1', steps: 500 };
    const ref = await launcher.launch(jobOf('b', { resume, checkpoints: [1000], cost: 1 }));
    clock += 2500;
    expect(await launcher.inspect(ref)).toEqual({ state: 'running', progress: { steps: 750 } });
  });

  it('keeps its start when it is launched again, and its length when the launcher has another speed', async () => {
    const ref = await create().launch(jobOf('a'));
    clock += 9000;
    await create({ secondsPerUnit: 500 }).launch(jobOf('a'));
    clock += 1000;
    expect((await create({ secondsPerUnit: 500 }).inspect(ref)).state).toBe('ended');
  });

  it('does not run backwards when the clock is set back', async () => {
    const launcher = create();
    const ref = await launcher.launch(jobOf('a'));
    clock -= 60_000;
    expect(await launcher.inspect(ref)).toEqual({ state: 'running', progress: { steps: 0 } });
  });

  it('writes lines of the job contract and their digest', async () => {
    const launcher = create();
    const ref = await launcher.launch(jobOf('a'));
    clock += 10_000;
    const result = await launcher.collect(ref);
    const bytes = await readFile(join(ref.folder, 'metrics.jsonl'));
    expect(result.digest).toBe(createHash('sha256').update(bytes).digest('hex'));
    const lines = bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => MetricsLine.parse(JSON.parse(line)));
    expect(lines.map(({ step, tokens }) => [step, tokens])).toEqual([
      [250, 2500],
      [500, 5000],
      [1000, 10_000],
    ]);
    expect(lines[0]).toMatchObject({ metrics: { loss: 9.75 }, domainTokens: { text: 2500 } });
  });

  it('keeps the curve until it was stopped', async () => {
    const launcher = create();
    const ref = await launcher.launch(jobOf('a'));
    clock += 6000;
    await launcher.stop(ref);
    clock += 60_000;
    const result = await launcher.collect(ref);
    expect(result).toMatchObject({ status: 'cancelled', metrics: {}, stepsReached: 600 });
    expect(result.curve).toEqual([
      { steps: 250, metrics: { loss: 9.75 } },
      { steps: 500, metrics: { loss: 9.5 } },
    ]);
  });

  it('starts one job when many launch the same key at once, and the others find it', async () => {
    const refs = await Promise.all(Array.from({ length: 8 }, () => create().launch(jobOf('a'))));
    expect(new Set(refs.map((ref) => JSON.stringify(ref))).size).toBe(1);
    expect(await readdir(join(jobsFolder, 'a'))).toEqual(['job.json']);
  });

  it('starts one of two jobs that claim the same key at once, and refuses the other', async () => {
    const claims = [1, 2, 3, 4].map((seed) => create().launch(jobOf('a', { seed })));
    const outcomes = await Promise.allSettled(claims);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LauncherError);
    }
  });

  it('leaves nothing on disk for a job that its world refuses', async () => {
    await expect(create().launch(jobOf('a', { mixture: { poems: 1 } }))).rejects.toBeInstanceOf(InputError);
    expect(await readdir(jobsFolder)).toEqual([]);
  });
});
