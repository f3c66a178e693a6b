/** Runs jobs as processes of this machine that outlive the worker. The contract with them: docs/job-contract.md. */
import { join, resolve } from 'node:path';
import { LauncherError } from '../domain/errors.js';
import { GPU_VARIABLE } from '../domain/local-choice.js';
import type { SecretRef } from '../domain/notices.js';
import type { JobRef, JobSpec, JobState, Launcher } from '../domain/ports.js';
import { isThere } from '../host/atomic-files.js';
import { onDisk } from '../host/disk-errors.js';
import { collectJob } from './collect-job.js';
import { examineJob, type JobStanding } from './examine-job.js';
import { checkKey, jobFiles, type JobFiles } from './job-folder.js';
import { describeGpuWait } from './gpu-claims.js';
import { launchJob, ownVariables, wrapperCommand, type LaunchStep } from './launch-job.js';
import { listFolders } from './list-jobs.js';
import { readProgress } from './metrics-file.js';
import { stopJob } from './stop-job.js';
import type { GpuRequest } from './wrapper-input.js';

/** How the GPUs of this machine are divided among jobs. */
export interface GpuDivision {
  /** Who has which; one folder for all that share them. */
  readonly folder: string;
  /** How many there are, or their indices or UUIDs. */
  readonly gpus: number | readonly string[];
  /** How many a job of this scale gets. */
  readonly perJob: (scale: string) => number;
}

export interface LocalProcessOptions {
  /** Every job gets a folder in here, named by its key. */
  readonly jobsFolder: string;
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  /** Working folder of the command; the job's own folder when absent. */
  readonly cwd?: string | undefined;
  /** Added to the worker's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Further variables, whose values are read when a job is started. */
  readonly secrets?: Readonly<Record<string, SecretRef>> | undefined;
  /** The command is ended after this long (s). */
  readonly timeoutSeconds?: number | undefined;
  /** Has each job wait until GPUs of this machine are its own. */
  readonly gpus?: GpuDivision | undefined;
  /** From SIGTERM to SIGKILL (s); 10 when absent. */
  readonly graceSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Program and arguments that run the wrapper; our own when absent. */
  readonly wrapper?: readonly string[];
  /** Called at each step of a launch; tests die in it. */
  readonly onLaunchStep?: (step: LaunchStep) => void;
}

const GRACE_SECONDS = 10; // enough to save a small checkpoint; what docs/job-contract.md promises

const onJob = <T>(doing: string, { folder }: JobFiles, action: () => Promise<T>): Promise<T> =>
  onDisk(doing, folder, action, LauncherError);

const unknownJob = (ref: JobRef, folder: string): LauncherError =>
  new LauncherError(`no job of the key ${ref.key} is known here (${folder})`, {
    hint: `launch it first; if the home was moved, it was at ${ref.folder}`,
    values: { key: ref.key, folder },
  });

/** @throws LauncherError when the process that launches may use fewer GPUs than there are said to be */
const firstGpus = (count: number): readonly string[] => {
  const visible = process.env[GPU_VARIABLE]?.split(',').filter((gpu) => gpu !== '');
  if (visible === undefined) return Array.from({ length: count }, (_, i) => String(i));
  if (visible.length >= count) return visible.slice(0, count);
  throw new LauncherError(
    `expected ${count} GPUs (launcher.gpus); this worker may use ${visible.length} (${GPU_VARIABLE}=${visible.join(',')})`,
    { hint: `start the worker with a ${GPU_VARIABLE} that names ${count} GPUs, or without one` },
  );
};

const gpuRequest = ({ folder, gpus, perJob }: GpuDivision, scale: string): GpuRequest => ({
  folder,
  gpus: typeof gpus === 'number' ? firstGpus(gpus) : gpus,
  count: perJob(scale),
  variable: GPU_VARIABLE,
});

/** Of a job that runs and whose command is not seen yet. */
const waitOf = async (files: JobFiles, gpus: GpuDivision | undefined): Promise<string | undefined> => {
  if (gpus === undefined || (await isThere(files.child))) return undefined;
  return describeGpuWait(gpus.folder, files.folder).catch((error: unknown) => String(error));
};

const stateOf = async (
  files: JobFiles,
  standing: Exclude<JobStanding, { state: 'absent' }>,
  gpus: GpuDivision | undefined,
): Promise<JobState> => {
  if (standing.state === 'not-started') {
    return { state: 'unknown', reason: 'its launch was begun and not finished: launch it again to attach or start' };
  }
  if (standing.state === 'unknown') return { state: 'unknown', reason: standing.reason };
  const progress = await readProgress(files.metrics).catch(() => undefined); // progress is a comfort, not a promise
  const waiting = standing.state === 'running' ? await waitOf(files, gpus) : undefined;
  return {
    state: standing.state,
    ...(progress === undefined ? {} : { progress }),
    ...(waiting === undefined ? {} : { waiting }),
  };
};

const inspectJob = async (files: JobFiles, ref: JobRef, gpus: GpuDivision | undefined): Promise<JobState> => {
  let standing: JobStanding;
  try {
    standing = await examineJob(files);
  } catch (error) {
    return { state: 'unknown', reason: `it cannot be looked up: ${String(error)}` };
  }
  if (standing.state === 'absent') throw unknownJob(ref, files.folder);
  return stateOf(files, standing, gpus);
};

/** Creates the launcher of local processes. Any number of them, in any processes, may share a jobs folder. */
export const createLocalProcessLauncher = (options: LocalProcessOptions): Launcher => {
  const { command, cwd, env, timeoutSeconds, graceSeconds = GRACE_SECONDS } = options;
  const filesOf = (key: string): JobFiles => {
    checkKey(key);
    return jobFiles(join(resolve(options.jobsFolder), key));
  };
  const settings = {
    input: { command, cwd, env, timeoutSeconds, graceSeconds },
    secrets: options.secrets,
    wrapper: options.wrapper ?? wrapperCommand(),
    onStep: options.onLaunchStep ?? (() => undefined),
  };
  const launcher: Launcher = {
    kind: 'local',
    launch: async (job) => {
      if (job.resume !== undefined) checkKey(job.resume.key, 'resume.key');
      const files = filesOf(job.key);
      const { gpus } = options;
      const request = gpus && (() => gpuRequest(gpus, job.scale));
      return onJob('launch a job', files, () => launchJob(files, job, { ...settings, gpus: request }));
    },
    inspect: async (ref) => inspectJob(filesOf(ref.key), ref, options.gpus),
    collect: async (ref, needed) => {
      const files = filesOf(ref.key);
      return onJob('collect a job', files, async () => {
        if (!(await isThere(files.folder))) throw unknownJob(ref, files.folder);
        return collectJob(files, needed);
      });
    },
    stop: async (ref) => {
      const files = filesOf(ref.key);
      return onJob('stop a job', files, () => stopJob(files, graceSeconds * 1000, options.now));
    },
    list: () => listFolders(resolve(options.jobsFolder), launcher),
  };
  return launcher;
};

type LocalPreview = Pick<LocalProcessOptions, 'command' | 'cwd' | 'env' | 'secrets' | 'timeoutSeconds'> & {
  readonly gpus?: { readonly each: number; readonly of: number | readonly string[] };
};

/** Says what would be started for a job, and with which variables of its own; starts nothing. Of secrets, where they are found. */
export const previewLocalJob = (
  { jobsFolder, gpus, ...asked }: Omit<LocalPreview, 'gpus'> & Pick<LocalProcessOptions, 'jobsFolder' | 'gpus'>,
  { key, scale }: Pick<JobSpec, 'key' | 'scale'>,
): LocalPreview => {
  const { folder } = jobFiles(join(resolve(jobsFolder), key));
  const { command, cwd = folder, env, secrets, timeoutSeconds } = asked;
  return {
    command,
    cwd,
    env: { ...env, ...ownVariables({ folder }, key) },
    ...(secrets === undefined ? {} : { secrets }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(gpus === undefined ? {} : { gpus: { each: gpus.perJob(scale), of: gpus.gpus } }),
  };
};
