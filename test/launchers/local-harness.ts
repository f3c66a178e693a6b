import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRef, JobSpec, Launcher } from '../../src/domain/ports.js';
import { createLocalProcessLauncher, type LocalProcessOptions } from '../../src/launchers/local-process.js';
import { compileLaunchers } from './compile-launcher.js';
import type { LauncherHarness } from './conformance.js';

let compiled: string | undefined;

/** Folder of the compiled launchers, compiled once per test file. */
export const compiledLaunchers = (): string => (compiled ??= compileLaunchers());

const trainer = join(import.meta.dirname, 'trainer.mjs');

export interface LocalHarness extends LauncherHarness {
  readonly jobsFolder: string;
  readonly options: LocalProcessOptions;
  createLauncher(options?: Partial<LocalProcessOptions>): Launcher;
  job(key: string, changes?: Partial<JobSpec>): JobSpec;
  starts(key: string): Promise<number>;
  refOf(key: string): JobRef;
}

const readText = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** A command that trains as `mode` says. */
export const train = (mode = 'train'): readonly string[] => [process.execPath, trainer, mode];

/** A jobs folder with launchers over it; jobs take `cost` seconds. */
export const makeLocalHarness = async (): Promise<LocalHarness> => {
  const jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-jobs-'));
  const options: LocalProcessOptions = {
    jobsFolder,
    command: train(),
    env: {},
    graceSeconds: 1,
    now: Date.now,
    wrapper: [process.execPath, join(compiledLaunchers(), 'launchers/job-wrapper.js')],
  };
  const createLauncher = (changes: Partial<LocalProcessOptions> = {}): Launcher =>
    createLocalProcessLauncher({ ...options, ...changes });
  const job = (key: string, changes: Partial<JobSpec> = {}): JobSpec => ({
    key,
    sweep: 'sweep',
    trial: 't1',
    generation: 1,
    mixture: { web: 0.5, code: 0.5 },
    scale: 'S',
    parameters: 1000,
    tokensPerStep: 10,
    steps: 20,
    checkpoints: [10, 20],
    seed: 1,
    cost: 0.05,
    ...changes,
  });
  const refOf = (key: string): JobRef => ({ key, launcher: 'local', folder: join(jobsFolder, key), native: '' });
  return {
    jobsFolder,
    options,
    createLauncher,
    job,
    refOf,
    quickJob: (key) => job(key),
    longJob: (key) => job(key, { cost: 120 }),
    starts: async (key) => {
      const lines = (await readText(join(jobsFolder, 'starts.log'))).split('\n');
      return lines.filter((line) => line.startsWith(`${key} `)).length;
    },
    close: async () => {
      const launcher = createLauncher({ graceSeconds: 0 });
      const keys = (await readdir(jobsFolder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
      await Promise.all(keys.map(({ name }) => launcher.stop(refOf(name)).catch(() => undefined)));
      await rm(jobsFolder, { recursive: true, force: true });
    },
  };
};
