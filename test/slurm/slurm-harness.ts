/** Launchers over a real cluster and a folder of jobs. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRef, JobResult, JobSpec, JobState, Launcher } from '../../src/domain/ports.js';
import { createSlurmLauncher, type SlurmLauncherOptions } from '../../src/launchers/slurm.js';
import type { LauncherHarness } from '../launchers/conformance.js';
import type { SlurmLab } from './lab.js';

const trainer = join(import.meta.dirname, 'jobs/train.sh');

/** How the job behaves; see jobs/train.sh. */
export type Mode = 'quick' | 'slow' | 'deaf' | 'polite' | 'exit' | 'resume-me' | 'nan' | 'kill-script';

type Choice = SlurmLauncherOptions['choice'];

export interface SlurmHarness extends LauncherHarness {
  readonly jobsFolder: string;
  createLauncher(choice?: Partial<Choice>, options?: Partial<SlurmLauncherOptions>): Launcher;
  job(key: string, changes?: Partial<JobSpec>): JobSpec;
  train(mode: Mode, steps?: number): Pick<Choice, 'command'>;
  starts(key: string): Promise<number>;
  /** What the job's starts said of themselves. */
  startLines(key: string): Promise<string[]>;
  text(key: string, file: string): Promise<string>;
  files(key: string): Promise<string[]>;
  /** The Slurm id of a launched job. */
  idOf(ref: JobRef): string;
}

const STEPS = 20;

export const makeSlurmHarness = async (lab: SlurmLab): Promise<SlurmHarness> => {
  const jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-slurm-jobs-'));
  const train = (mode: Mode, steps = STEPS): Pick<Choice, 'command'> => ({ command: [trainer, mode, String(steps)] });
  const choice: Choice = { ...train('quick'), env: {}, graceSeconds: 2, requeue: false, sbatchArgs: [], scales: {} };
  const env = { ...process.env, ...lab.env };
  const createLauncher: SlurmHarness['createLauncher'] = (changes = {}, options = {}) =>
    createSlurmLauncher({
      jobsFolder,
      choice: { ...choice, ...changes },
      env,
      now: Date.now,
      callTimeoutMs: 10_000,
      patienceMs: 5_000,
      beatSeconds: 1,
      ...options,
    });
  const job: SlurmHarness['job'] = (key, changes = {}) => ({
    key,
    sweep: 'sweep',
    trial: 't1',
    generation: 1,
    mixture: { web: 0.5, code: 0.5 },
    scale: 'S',
    parameters: 1000,
    tokensPerStep: 10,
    steps: STEPS,
    checkpoints: [STEPS / 2, STEPS],
    seed: 1,
    cost: 1,
    ...changes,
  });
  const text = (key: string, file: string): Promise<string> =>
    readFile(join(jobsFolder, key, file), 'utf8').catch(() => '');
  const startLines = async (key: string): Promise<string[]> =>
    (await text('.', 'starts.log')).split('\n').filter((line) => line.startsWith(`${key} `));
  return {
    jobsFolder,
    createLauncher,
    job,
    train,
    text,
    startLines,
    quickJob: (key) => job(key),
    // The spec says it all to a launcher; how long the command takes is the command's business.
    longJob: (key) => job(key, { scale: 'slow' }),
    starts: async (key) => (await startLines(key)).length,
    files: (key) => readdir(join(jobsFolder, key)),
    idOf: ({ native }) => native.replace('slurm job ', ''),
    close: () => rm(jobsFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 }),
  };
};

const LOOK_MS = 200;
const LONGEST_MS = 80_000;

/** Follows a job to its end; gives back its result and every other state that was seen on the way. */
export const follow = async (launcher: Launcher, ref: JobRef): Promise<{ result: JobResult; seen: JobState[] }> => {
  const seen: JobState[] = [];
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const state = await launcher.inspect(ref);
    if (state.state === 'ended') return { result: await launcher.collect(ref), seen };
    seen.push(state);
    if (performance.now() > end) throw new Error(`it does not end: ${JSON.stringify(state)}`);
    await sleep(LOOK_MS);
  }
};
