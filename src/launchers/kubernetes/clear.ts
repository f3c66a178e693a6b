/** Takes away from the cluster what is not needed any more, and nothing before that. */
import type { JobFiles } from '../job-folder.js';
import type { Backend } from './backend.js';
import { podsOf } from './names.js';
import { checkCluster } from './own-job.js';
import { isMarked, mark, readCreated } from './sightings.js';

/**
 * Lets the cluster delete a collected job after a while (`keepSeconds`), and orphaned pods now. Never fails: what stays
 * because the cluster does not answer is taken away by a later call.
 */
export const clearJob = async (backend: Backend, files: JobFiles): Promise<void> => {
  if (!(await isMarked(files, 'collected')) || (await isMarked(files, 'cleared'))) return;
  const created = await readCreated(files);
  if (created === undefined) return;
  const there = backend.within(created.namespace);
  try {
    const ttl = { spec: { ttlSecondsAfterFinished: Math.ceil(backend.manifest.choice.keepSeconds) } };
    const isThere = await there.cluster().patchJob(created.name, created.uid, ttl);
    if (!isThere) {
      checkCluster(there, created);
      const { pods } = await there.cluster().listPods(podsOf(created.uid));
      for (const pod of pods) await there.cluster().deletePod(pod.name, pod.uid);
    }
    await mark(files, 'cleared');
  } catch {
    // Nothing depends on it.
  }
};
