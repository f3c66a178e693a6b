import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from '../../domain/errors.js';
import { createOnce, isThere, makeFolder } from '../../host/atomic-files.js';
import type { JobFiles } from '../job-folder.js';
import type { Backend } from './backend.js';
import { examineJob, look } from './examine.js';
import { usesQueue } from './manifest.js';
import { jobName, KEY_ANNOTATION } from './names.js';
import { backendOf } from './own-job.js';
import { isOver, type Pod } from './pod.js';
import { readCreated, writeCreated, type CreatedRecord } from './sightings.js';

const LOOK_MS = 100;
const LONGEST_LOOK_MS = 1_000;
const LAST_WAIT_MS = 60_000; // beyond the grace: a node that is busy takes its time

/** The job of the key, also when the process that created it died before it wrote that down. */
const findClaim = async (
  { cluster, manifest }: Backend,
  files: JobFiles,
  key: string,
): Promise<CreatedRecord | undefined> => {
  const known = await readCreated(files);
  if (known !== undefined) return known;
  const { metadata } = (await cluster().findJob(jobName(manifest.owner, key))) ?? {};
  if (metadata?.annotations?.[KEY_ANNOTATION] !== key) return undefined;
  const { namespace, identity } = cluster();
  return writeCreated(files, { name: metadata.name ?? '', namespace, uid: metadata.uid ?? '', cluster: identity });
};

/**
 * May the cluster have a job of the key that its queue starts, though nobody wrote down that it was created? Without a queue such a
 * job stays suspended for ever.
 */
const mayBeQueued = async ({ manifest }: Backend, files: JobFiles): Promise<boolean> => {
  if (!usesQueue(manifest.choice) || !(await isThere(files.spec)) || (await isThere(files.lost))) return false;
  return (await readCreated(files)) === undefined;
};

/** Pods whose job is gone, as after a deletion that orphans them, are ended one by one. */
const endPods = async ({ cluster }: Backend, pods: readonly Pod[]): Promise<void> => {
  for (const pod of pods) if (pod.deletedAt === undefined && !isOver(pod)) await cluster().deletePod(pod.name, pod.uid);
};

/** Waits until the job is gone and none of its pods runs. */
const waitUntilGone = async (backend: Backend, files: JobFiles, created: CreatedRecord): Promise<void> => {
  const end = performance.now() + 1000 * backend.manifest.choice.graceSeconds + LAST_WAIT_MS;
  for (let pause = LOOK_MS; ; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
    const { job, pods } = await look(backend, files, created);
    if (job === undefined && pods.every(isOver)) return;
    if (job === undefined) await endPods(backend, pods);
    if (performance.now() > end) {
      throw new LauncherError(`pods of the Kubernetes job ${created.name} do not end: ${namesOf(pods)}`, {
        hint: 'their node may be down: when it is gone for good, delete the Node object, and the pods go with it',
        values: { ...created },
      });
    }
    await sleep(pause);
  }
};

const namesOf = (pods: readonly Pod[]): string => pods.map(({ name }) => name).join(', ') || 'the job itself stays';

/**
 * Stops the job, or prevents its start for ever, and waits until its pods are gone.
 * @throws LauncherError when the cluster does not answer or the pods do not go
 */
export const stopJob = async (launching: Backend, files: JobFiles, key: string, now: () => number): Promise<void> => {
  const { state } = await examineJob(await backendOf(launching, files), files);
  if (state === 'ended' && !(await mayBeQueued(launching, files))) return;
  await makeFolder(files.folder);
  if (!(await isThere(files.stopped))) await createOnce(files.stopped, `${JSON.stringify({ at: now() })}\n`);
  const created = await findClaim(launching, files, key); // after the mark: see launch.ts, 5
  if (created === undefined) return;
  const backend = launching.within(created.namespace);
  await backend.watch.ready();
  await backend.cluster().deleteJob(created.name, created.uid);
  await waitUntilGone(backend, files, created);
  await examineJob(backend, files); // writes down how it ended
};
