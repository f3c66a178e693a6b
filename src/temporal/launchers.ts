import { readFile } from 'node:fs/promises';
import { basename, extname, join, posix, relative, sep } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import { InputError } from '../domain/errors.js';
import type { KubernetesChoice } from '../domain/kubernetes-choice.js';
import { gpusPerJobOf } from '../domain/local-choice.js';
import type { Launcher, World } from '../domain/ports.js';
import type { LauncherChoice } from '../domain/sweep.js';
import { utf8Text } from '../domain/utf8-text.js';
import { createLocalProcessLauncher, type GpuDivision } from '../launchers/local-process.js';
import { createSimulatorLauncher } from '../launchers/simulator.js';
import { createSlurmLauncher, type SlurmLauncherOptions } from '../launchers/slurm.js';
import { createEmulatorWorld } from '../simulators/emulator.js';
import { createSlimpajamaWorld } from '../simulators/slimpajama-law.js';
import { createTableWorld } from '../simulators/table.js';
import { openHome, sweepPaths, type Home } from './home.js';

type SimulatorChoice = Extract<LauncherChoice, { kind: 'simulator' }>;
type LocalChoice = Extract<LauncherChoice, { kind: 'local' }>;
type SlurmChoice = Extract<LauncherChoice, { kind: 'slurm' }>;

const readWorldFile = async (path: string): Promise<string> => {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      'the simulated world cannot be read',
      [{ path: 'launcher.world', expected: 'a readable file', found }],
      { cause },
    );
  });
  return utf8Text(bytes, path, 'simulated world');
};

/**
 * Opens the world that a sweep names: `slimpajama`, an emulator file (.json) or a table of past runs (.csv), where what is no number
 * is a fault in the `needed` metrics and not measured in others.
 */
export const openWorld = async (
  { world, noise }: Pick<SimulatorChoice, 'world' | 'noise'>,
  needed: readonly string[] = [],
): Promise<World> => {
  const options = noise === undefined ? {} : { noise };
  if (world === 'slimpajama') return createSlimpajamaWorld(options);
  switch (extname(world).toLowerCase()) {
    case '.json':
      return createEmulatorWorld(parseJson(await readWorldFile(world), world), options);
    case '.csv':
      return createTableWorld(await readWorldFile(world), { file: basename(world), needed });
    default: {
      const expected = 'slimpajama, or a path that ends with .json (emulator) or .csv (table of past runs)';
      throw new InputError('the simulated world is not known', [
        { path: 'launcher.world', expected, found: JSON.stringify(world) },
      ]);
    }
  }
};

const parseJson = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new InputError('the emulator file cannot be read', [{ path, expected: 'JSON', found }], { cause });
  }
};

/** A sweep's jobs folder as pods see it; undefined where they see none. */
export const podJobsFolderOf = ({ sharedHome }: KubernetesChoice, home: Home, sweepId: string): string | undefined => {
  const inHome = relative(home.root, sweepPaths(home, sweepId).jobs).split(sep).join(posix.sep);
  return sharedHome && posix.join(sharedHome.mountPath, inHome);
};

/** What the jobs of a sweep ask of Slurm, and where their folders are: the nodes need not see the home folder. */
export const slurmOptions = (
  { kind: _, folder, ...choice }: SlurmChoice,
  home: Home,
  sweepId: string,
): Pick<SlurmLauncherOptions, 'choice' | 'jobsFolder'> => ({
  choice,
  jobsFolder: folder === undefined ? sweepPaths(home, sweepId).jobs : join(folder, sweepId, 'jobs'),
});

/** Loads the Kubernetes client, which takes most of a second and 110 MB, for sweeps that need it only. */
const createKubernetes = async (choice: KubernetesChoice, home: Home, sweepId: string): Promise<Launcher> => {
  const { createKubernetesLauncher } = await import('../launchers/kubernetes.js');
  const jobsFolder = sweepPaths(home, sweepId).jobs;
  const podJobsFolder = podJobsFolderOf(choice, home, sweepId);
  const owner = { home: await openHome(home), sweep: sweepId };
  return createKubernetesLauncher({ choice, jobsFolder, podJobsFolder, owner, now: Date.now });
};

/** All sweeps of a home that run on a machine share its GPUs. */
export const gpuDivision = (choice: LocalChoice, home: Home): GpuDivision | undefined =>
  choice.gpus === undefined
    ? undefined
    : { folder: home.gpus, gpus: choice.gpus, perJob: (scale) => gpusPerJobOf(choice, scale) };

const createLauncher = async (choice: LauncherChoice, home: Home, sweepId: string): Promise<Launcher> => {
  const jobsFolder = sweepPaths(home, sweepId).jobs;
  switch (choice.kind) {
    case 'simulator': {
      const { secondsPerUnit } = choice;
      return createSimulatorLauncher({ world: await openWorld(choice), jobsFolder, secondsPerUnit, now: Date.now });
    }
    case 'local': {
      const { command, cwd, env, secrets, timeoutSeconds } = choice;
      const gpus = gpuDivision(choice, home);
      return createLocalProcessLauncher({
        jobsFolder,
        command,
        cwd,
        env,
        secrets,
        timeoutSeconds,
        gpus,
        now: Date.now,
      });
    }
    case 'kubernetes':
      return createKubernetes(choice, home, sweepId);
    case 'slurm':
      return createSlurmLauncher({ ...slurmOptions(choice, home, sweepId), env: process.env, now: Date.now });
    case 'none':
      throw new InputError('the sweep cannot be run', [
        { path: 'launcher', expected: 'where to run jobs: { kind: simulator } or { kind: local }', found: 'none' },
      ]);
  }
};

/** Chooses the launcher of each sweep of a home; one per sweep and choice in this process. */
export const createLaunchers = (home: Home): ((sweepId: string, choice: LauncherChoice) => Promise<Launcher>) => {
  const launchers = new Map<string, Promise<Launcher>>();
  return (sweepId, choice) => {
    const key = canonicalJson([sweepId, choice]);
    const known = launchers.get(key);
    if (known !== undefined) return known;
    const launcher = createLauncher(choice, home, sweepId);
    launchers.set(key, launcher);
    launcher.catch(() => launchers.delete(key)); // a file that was missing may be there next time
    return launcher;
  };
};
