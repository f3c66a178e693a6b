/** Finds out where a job is, from its folder and the cluster; writes down what it sees. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job } from '@kubernetes/client-node';
import { LauncherError } from '../../domain/errors.js';
import { isThere } from '../../host/atomic-files.js';
import type { JobFiles } from '../job-folder.js';
import { DECLARED_LOST, STOPPED_BEFORE_START } from '../job-result.js';
import type { Backend } from './backend.js';
import { causeOf } from './cause.js';
import { podsOf } from './names.js';
import { findOwn } from './own-job.js';
import { isLingering, isOver, type Pod } from './pod.js';
import {
  mark,
  markedAt,
  notePod,
  noteTrained,
  readCreated,
  readEnd,
  readPods,
  writeEnd,
  type CreatedRecord,
  type EndRecord,
} from './sightings.js';
import { waitingOf } from './waiting.js';

/** What the folder and the cluster say together. Unknown is not among these: whatever cannot be seen is an error. */
export type Standing =
  | { readonly state: 'absent' }
  | { readonly state: 'not-started' }
  | { readonly state: 'running'; readonly waiting?: string; readonly pod?: Pod }
  | { readonly state: 'ended'; readonly end: EndRecord };

interface Sight {
  /** The job of our uid; undefined when it is gone, whatever has its name now. */
  readonly job: V1Job | undefined;
  readonly pods: readonly Pod[];
}

const LATE_NEWS_MS = 700; // the watch may tell of a pod's end just after the pod is gone from lists

/** Looks at the job and its pods, and keeps what was seen. */
export const look = async (backend: Backend, files: JobFiles, created: CreatedRecord): Promise<Sight> => {
  const job = await findOwn(backend, created);
  const { pods } = await backend.cluster().listPods(podsOf(created.uid));
  for (const pod of pods) await notePod(files, pod);
  return { job, pods };
};

/** The condition that says that a job is over. Others, such as FailureTarget, say that it is about to be. */
export const finishOf = (job: V1Job | undefined) =>
  job?.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'));

const hasEnded = ({ job, pods }: Sight): boolean =>
  pods.every(isOver) && (job === undefined || finishOf(job) !== undefined);

/** Fetches the last of the log while there is one. */
const saveLogs = async ({ logs }: Backend, files: JobFiles, pods: readonly Pod[]): Promise<void> => {
  if (logs === undefined) return;
  for (const pod of pods) await logs.fetch(files, pod, true);
  await logs.settle(
    files,
    (await readPods(files)).map(({ uid }) => uid),
  );
};

const waitForNews = async (files: JobFiles): Promise<void> => {
  const last = (await readPods(files)).at(-1);
  if (last !== undefined && last.ended === undefined) await sleep(LATE_NEWS_MS);
};

const conclude = async (backend: Backend, files: JobFiles, { job, pods }: Sight): Promise<Standing> => {
  await waitForNews(files);
  await saveLogs(backend, files, pods);
  const finish = finishOf(job);
  const cause = causeOf({
    pods: await readPods(files),
    isGone: job === undefined,
    isStopped: await isThere(files.stopped),
    ...(finish?.type === 'Failed' ? { failure: { reason: finish.reason ?? '', message: finish.message ?? '' } } : {}),
  });
  return { state: 'ended', end: await writeEnd(files, cause) };
};

const withoutJob = async (files: JobFiles): Promise<Standing> => {
  if (await isThere(files.stopped)) return { state: 'ended', end: STOPPED_BEFORE_START };
  return { state: (await isThere(files.spec)) ? 'not-started' : 'absent' };
};

const running = async ({ cluster }: Backend, { job, pods }: Sight, uid: string): Promise<Standing> => {
  const needsEvent = job !== undefined && job.spec?.suspend !== true && pods.length === 0;
  const waiting = waitingOf(job, pods, needsEvent ? await cluster().lastEvent(uid) : '');
  const pod = pods.find((one) => !isOver(one));
  return {
    state: 'running',
    ...(waiting === undefined ? {} : { waiting }),
    ...(pod === undefined ? {} : { pod }),
  };
};

/**
 * Ends a job whose training has ended and whose pod goes on with other containers for longer than the sweep allows. What is known of the
 * training is kept first: its ending is the run's, whatever becomes of the others.
 */
const endSidecars = async (backend: Backend, files: JobFiles, { job, pods }: Sight, uid: string): Promise<void> => {
  const { sidecarSeconds } = backend.manifest.choice;
  const pod = pods.find(isLingering);
  if (sidecarSeconds === undefined || pod === undefined || job === undefined) return;
  await mark(files, 'trained');
  const since = (await markedAt(files, 'trained')) ?? Infinity;
  if (Date.now() - since < 1000 * sidecarSeconds) return;
  await noteTrained(files, pod);
  await backend.logs?.fetch(files, pod, true);
  await backend.cluster().deleteJob(job.metadata?.name ?? '', uid);
};

const examineInCluster = async (backend: Backend, files: JobFiles, created: CreatedRecord): Promise<Standing> => {
  backend.watch.keep();
  const sight = await look(backend, files, created);
  if (hasEnded(sight)) return conclude(backend, files, sight);
  await endSidecars(backend, files, sight, created.uid);
  return running(backend, sight, created.uid);
};

/** Examines a job. @throws LauncherError when the cluster cannot be asked; StateError when a record is not ours */
export const examineJob = async (backend: Backend, files: JobFiles): Promise<Standing> => {
  const end = await readEnd(files);
  if (end !== undefined) return { state: 'ended', end };
  const created = await readCreated(files);
  if (created === undefined) return withoutJob(files);
  try {
    return await examineInCluster(backend, files, created);
  } catch (error) {
    if (!(error instanceof LauncherError) || !(await isThere(files.lost))) throw error;
    // A cluster that was given up never answers: a person's word has to do.
    const words = `${DECLARED_LOST} (${error.message})`;
    return { state: 'ended', end: await writeEnd(files, { how: 'host-lost', words }) };
  }
};
