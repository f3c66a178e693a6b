/** Runs jobs on a Slurm cluster that shares a file system with this machine: docs/slurm.md, docs/job-contract.md. */
import { join, resolve } from 'node:path';
import { LauncherError } from '../domain/errors.js';
import type { JobRef, JobSpec, JobState, Launcher } from '../domain/ports.js';
import { onDisk } from '../host/disk-errors.js';
import { checkKey } from './job-folder.js';
import { readProgress } from './metrics-file.js';
import { collectSlurmJob } from './slurm/collect-slurm-job.js';
import { examineSlurmJob, type SlurmStanding } from './slurm/examine-slurm-job.js';
import { launchSlurmJob } from './slurm/launch-slurm-job.js';
import { listSlurmJobs } from './slurm/list-slurm-jobs.js';
import { createSlurmCalls } from './slurm/slurm-calls.js';
import type { SlurmContext, SubmitStep } from './slurm/slurm-context.js';
import { slurmFiles, type SlurmFiles } from './slurm/slurm-files.js';
import { SlurmQueue } from './slurm/slurm-queue.js';
import { stopSlurmJob } from './slurm/stop-slurm-job.js';
import { submissionOf, type Submission } from './slurm/submit-job.js';

export interface SlurmLauncherOptions extends Pick<SlurmContext, 'choice' | 'now'> {
  /** Every job gets a folder in here, named by its key; worker and nodes see it under the same path. */
  readonly jobsFolder: string;
  /** Environment of Slurm's programs, found on its PATH, and of the jobs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A call of Slurm is given up after this long (ms). */
  readonly callTimeoutMs?: number;
  /** How long Slurm must have answered without a sign of a job before there is held to be none (ms). */
  readonly patienceMs?: number;
  /** From one sign of life of a job to the next (s). */
  readonly beatSeconds?: number;
  /** Called at each step of a launch; tests die in it. */
  readonly onSubmitStep?: (step: SubmitStep) => void;
}

const CALL_TIMEOUT_MS = 30_000; // clients give up by themselves after 10 to 20 s, except where they hang in munge
const PATIENCE_MS = 90_000; // thrice a call; late rows of the accounting and late files take seconds
const BEAT_SECONDS = 5;
const QUEUE_AGE_MS = 1000; // a thousand jobs looked at every 5 s cost one call a second

const onJob = <T>(doing: string, { folder }: SlurmFiles, action: () => Promise<T>): Promise<T> =>
  onDisk(doing, folder, action, LauncherError);

const unknownJob = ({ key }: JobRef, folder: string): LauncherError =>
  new LauncherError(`no job of the key ${key} is known here (${folder})`, {
    hint: 'launch it first; if the folder of jobs was moved, move it back',
    values: { key, folder },
  });

const stateOf = async (files: SlurmFiles, standing: Exclude<SlurmStanding, { state: 'absent' }>): Promise<JobState> => {
  if (standing.state === 'not-submitted') {
    return { state: 'unknown', reason: 'its launch was begun and not finished: launch it again to attach or start' };
  }
  if (standing.state === 'unknown') return { state: 'unknown', reason: standing.reason };
  const known = await readProgress(files.metrics).catch(() => undefined); // progress is a comfort, not a promise
  const progress = known === undefined ? {} : { progress: known };
  if (standing.state === 'ended') return { state: 'ended', ...progress };
  return { state: 'running', ...progress, ...(standing.waiting === undefined ? {} : { waiting: standing.waiting }) };
};

const inspectJob = async (context: SlurmContext, files: SlurmFiles, ref: JobRef): Promise<JobState> => {
  let standing: SlurmStanding;
  try {
    standing = await examineSlurmJob(context, files, ref.key);
  } catch (error) {
    return { state: 'unknown', reason: `it cannot be looked up: ${String(error)}` };
  }
  if (standing.state === 'absent') throw unknownJob(ref, files.folder);
  return stateOf(files, standing);
};

const contextOf = (options: SlurmLauncherOptions): SlurmContext => {
  const calls = createSlurmCalls(options.env, options.callTimeoutMs ?? CALL_TIMEOUT_MS);
  return {
    choice: options.choice,
    calls,
    queue: new SlurmQueue(calls, QUEUE_AGE_MS),
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    beatSeconds: options.beatSeconds ?? BEAT_SECONDS,
    missing: new Map(),
    now: options.now,
    onStep: options.onSubmitStep ?? (() => undefined),
  };
};

/** Creates the launcher of a Slurm cluster. Any number of them, in any processes, may share a jobs folder. */
export const createSlurmLauncher = (options: SlurmLauncherOptions): Launcher => {
  const context = contextOf(options);
  const jobsFolder = resolve(options.jobsFolder);
  const filesOf = (key: string): SlurmFiles => {
    checkKey(key);
    return slurmFiles(join(jobsFolder, key));
  };
  const launcher: Launcher = {
    kind: 'slurm',
    launch: async (job) => {
      if (job.resume !== undefined) checkKey(job.resume.key, 'resume.key');
      const files = filesOf(job.key);
      return onJob('launch a job', files, () => launchSlurmJob(context, files, job));
    },
    inspect: async (ref) => inspectJob(context, filesOf(ref.key), ref),
    collect: async (ref, needed) => {
      const files = filesOf(ref.key);
      return onJob('collect a job', files, async () => {
        const standing = await examineSlurmJob(context, files, ref.key);
        if (standing.state === 'absent') throw unknownJob(ref, files.folder);
        return collectSlurmJob(files, standing, needed);
      });
    },
    stop: async (ref) => {
      const files = filesOf(ref.key);
      return onJob('stop a job', files, () => stopSlurmJob(context, files, ref));
    },
    list: () => listSlurmJobs(context, jobsFolder, launcher),
  };
  return launcher;
};

/** Says what sbatch would be called with for a job; calls nothing and writes nothing. The token is drawn at each submission. */
export const previewSlurmJob = (
  { choice, jobsFolder }: Pick<SlurmLauncherOptions, 'choice' | 'jobsFolder'>,
  job: JobSpec,
): Submission => {
  const files = slurmFiles(join(resolve(jobsFolder), job.key));
  return submissionOf({ choice, beatSeconds: BEAT_SECONDS }, files, job, 'TOKEN');
};
