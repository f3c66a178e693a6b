/**
 * Runs each job as one Kubernetes Job, at most once per key, whatever dies. docs/kubernetes.md is the page for users;
 * launch.ts in the folder beside this file has the protocol, cause.ts the table of endings.
 */
import { join, resolve } from 'node:path';
import { LauncherError, StateError } from '../domain/errors.js';
import type { KubernetesChoice } from '../domain/kubernetes-choice.js';
import type { JobProgress, JobRef, JobResult, JobSpec, JobState, Launcher } from '../domain/ports.js';
import { isThere } from '../host/atomic-files.js';
import { onDisk } from '../host/disk-errors.js';
import { checkKey, jobFiles, type JobFiles } from './job-folder.js';
import { readResult } from './job-result.js';
import type { Backend } from './kubernetes/backend.js';
import { clearJob } from './kubernetes/clear.js';
import { connectCluster, type Cluster } from './kubernetes/cluster.js';
import { examineJob, type Standing } from './kubernetes/examine.js';
import { launchJob, type LaunchStep } from './kubernetes/launch.js';
import { listJobs } from './kubernetes/list.js';
import { manifestOf } from './kubernetes/manifest.js';
import { KEY_ANNOTATION, selectorOf, type Owner } from './kubernetes/names.js';
import { createLogKeeper } from './kubernetes/pod-log.js';
import { backendOf } from './kubernetes/own-job.js';
import { createPodWatch } from './kubernetes/pod-watch.js';
import type { Pod } from './kubernetes/pod.js';
import { mark, notePod, readCreated } from './kubernetes/sightings.js';
import { stopJob } from './kubernetes/stop.js';
import { readProgress } from './metrics-file.js';

export interface KubernetesOptions {
  readonly choice: KubernetesChoice;
  /** Every job gets a folder in here, named by its key. */
  readonly jobsFolder: string;
  /** The same folder as pods see it; absent when they see none. */
  readonly podJobsFolder?: string | undefined;
  readonly owner: Owner;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called at each step of a launch; tests die in it. */
  readonly onLaunchStep?: (step: LaunchStep) => void;
}

const onJob = <T>(doing: string, { folder }: JobFiles, action: () => Promise<T>): Promise<T> =>
  onDisk(doing, folder, action, LauncherError);

const unknownJob = (ref: JobRef, folder: string): LauncherError =>
  new LauncherError(`no job of the key ${ref.key} is known here (${folder})`, {
    hint: `launch it first; if the home was moved, it was at ${ref.folder}`,
    values: { key: ref.key, folder },
  });

/** Keeps what is seen of a pod, if it is one of the job that its key was launched as. */
const noteSeen = async (backend: Backend, pod: Pod): Promise<void> => {
  const key = pod.annotations[KEY_ANNOTATION];
  if (key === undefined) return;
  const files = backend.filesOf(key);
  if ((await readCreated(files))?.uid !== pod.owner) return;
  await notePod(files, pod);
  if (pod.exit !== undefined) await backend.logs?.fetch(files, pod, true).catch(() => undefined); // examine tries again
};

type Connection = Pick<Backend, 'cluster' | 'forget' | 'within'>;

/** One connection for all namespaces. */
const createConnection = (options: KubernetesOptions): Connection => {
  let connected: Cluster | undefined;
  const others = new Map<string, Backend>();
  const forget = (): void => {
    connected = undefined; // its credentials have run out, say: the kubeconfig may have new ones
  };
  const cluster = (): Cluster => (connected ??= connectCluster(options.choice, forget));
  const within = (namespace: string): Backend => {
    const there = { cluster: () => cluster().within(namespace), forget, within };
    const backend = others.get(namespace) ?? createBackend(options, there);
    others.set(namespace, backend);
    return backend;
  };
  return { cluster, forget, within };
};

const createBackend = (options: KubernetesOptions, connection = createConnection(options)): Backend => {
  const { choice, owner, podJobsFolder } = options;
  const { cluster } = connection;
  const backend: Backend = {
    ...connection,
    manifest: { choice, owner, podJobsFolder },
    logs: podJobsFolder === undefined ? createLogKeeper(cluster) : undefined,
    watch: createPodWatch({ cluster, selector: selectorOf(owner), onPod: (pod) => noteSeen(backend, pod) }),
    filesOf: (key) => {
      checkKey(key);
      return jobFiles(join(resolve(options.jobsFolder), key));
    },
  };
  return backend;
};

/** How far it is: a comfort, not a promise. */
const progressOf = async (
  { logs }: Backend,
  files: JobFiles,
  pod: Pod | undefined,
): Promise<JobProgress | undefined> => {
  try {
    if (logs === undefined || pod === undefined) return await readProgress(files.metrics);
    await logs.fetch(files, pod, false);
    return await logs.progress(files, pod.uid);
  } catch {
    return undefined;
  }
};

const stateOf = async (
  backend: Backend,
  files: JobFiles,
  standing: Exclude<Standing, { state: 'absent' }>,
): Promise<JobState> => {
  if (standing.state === 'not-started') {
    return { state: 'unknown', reason: 'its launch was begun and not finished: launch it again to attach or start' };
  }
  const pod = standing.state === 'running' ? standing.pod : undefined;
  const progress = await progressOf(backend, files, pod);
  const reached = progress === undefined ? {} : { progress };
  if (standing.state === 'ended') return { state: 'ended', ...reached };
  return { state: 'running', ...reached, ...(standing.waiting === undefined ? {} : { waiting: standing.waiting }) };
};

const inspectJob = async (launching: Backend, ref: JobRef): Promise<JobState> => {
  const files = launching.filesOf(ref.key);
  let standing: Standing;
  let backend = launching;
  try {
    backend = await backendOf(launching, files);
    standing = await examineJob(backend, files);
  } catch (error) {
    return { state: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
  if (standing.state === 'absent') throw unknownJob(ref, files.folder);
  return stateOf(backend, files, standing);
};

const collectJob = async (launching: Backend, ref: JobRef, needed?: readonly string[]): Promise<JobResult> => {
  const files = launching.filesOf(ref.key);
  if (!(await isThere(files.folder))) throw unknownJob(ref, files.folder);
  const backend = await backendOf(launching, files);
  const standing = await examineJob(backend, files);
  if (standing.state !== 'ended') {
    throw new StateError(`cannot collect a job that has not ended: it is ${standing.state} (${files.folder})`, {
      hint: 'wait until inspect says ended',
      values: { folder: files.folder, state: standing.state },
    });
  }
  const result = await readResult(files, standing.end, await isThere(files.stopped), needed);
  await mark(files, 'collected');
  await clearJob(backend, files);
  return result;
};

/**
 * Creates the launcher of Kubernetes. Any number of them, in any processes, may share a jobs folder and a namespace.
 */
export const createKubernetesLauncher = (options: KubernetesOptions): Launcher => {
  const backend = createBackend(options);
  const launcher: Launcher = {
    kind: 'kubernetes',
    launch: async (job) => {
      if (job.resume !== undefined) checkKey(job.resume.key, 'resume.key');
      const files = backend.filesOf(job.key);
      return onJob('launch a job', files, () =>
        launchJob(backend, files, job, options.onLaunchStep ?? (() => undefined)),
      );
    },
    inspect: (ref) => inspectJob(backend, ref),
    collect: (ref, needed) => onJob('collect a job', backend.filesOf(ref.key), () => collectJob(backend, ref, needed)),
    stop: async (ref) => {
      const files = backend.filesOf(ref.key);
      return onJob('stop a job', files, () => stopJob(backend, files, ref.key, options.now));
    },
    list: () => listJobs(backend, resolve(options.jobsFolder), launcher),
  };
  return launcher;
};

/** The Kubernetes Job that would be created for a job; asks no cluster. */
export const previewKubernetesJob = (
  { choice, owner, podJobsFolder }: Pick<KubernetesOptions, 'choice' | 'owner' | 'podJobsFolder'>,
  job: JobSpec,
): ReturnType<typeof manifestOf> => manifestOf({ choice, owner, podJobsFolder }, job);
