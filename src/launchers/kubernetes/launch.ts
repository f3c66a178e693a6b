/**
 * The launch protocol. Each step may be the last one of this process; the next launch of the key goes on from what is there.
 *
 * 1. The intent (`job.json`) is created once. Another spec under the same key is refused.
 * 2. The Kubernetes job is created suspended, under a name made of the key. Names are taken once: of racing launches one
 *    creates it, the others find it and compare the digest of its spec.
 * 3. Its uid is written down (`kubernetes/created.json`), once. From here on no job is ever created for the key.
 * 4. Only then may its pod start. So a job that was deleted before 3 never ran, and one that is gone after 3 has ended.
 * 5. A stop is looked for between 3 and 4, and a stop looks for 3 after it has left its mark: one of them sees the other.
 */
import type { V1Job } from '@kubernetes/client-node';
import { LauncherError } from '../../domain/errors.js';
import type { JobRef, JobSpec } from '../../domain/ports.js';
import { createOnce, isThere, makeFolder } from '../../host/atomic-files.js';
import type { JobFiles } from '../job-folder.js';
import { writeIntent } from '../job-intent.js';
import { creationError, isTaken } from './api-failure.js';
import type { Backend } from './backend.js';
import { isQueued, manifestOf } from './manifest.js';
import { jobName, KEY_ANNOTATION, SPEC_ANNOTATION, specDigest } from './names.js';
import { findOwn } from './own-job.js';
import { isMarked, mark, readCreated, writeCreated, type CreatedRecord } from './sightings.js';

/** Points at which a test may kill the launching process. */
export type LaunchStep = 'intent-written' | 'job-created' | 'uid-written' | 'released' | 'reference-written';

type OnStep = (step: LaunchStep) => void;

/** Refuses a job of this name that is another key's, or another spec's. */
const checkOwn = (found: V1Job, spec: JobSpec): V1Job => {
  const { annotations = {}, deletionTimestamp, name } = found.metadata ?? {};
  if (annotations[KEY_ANNOTATION] === spec.key && annotations[SPEC_ANNOTATION] === specDigest(spec)) return found;
  const ending = deletionTimestamp === undefined ? '' : ', which is being deleted';
  const owner = annotations[KEY_ANNOTATION] ?? 'nobody that titrate knows';
  throw new LauncherError(
    `the key ${spec.key} belongs to another job: expected the Kubernetes job ${name} to have its spec; found that of ${owner}${ending}`,
    {
      hint: 'a key names one job for ever: launch another generation or another trial, or delete that job',
      values: { key: spec.key, annotations },
    },
  );
};

const createJob = async ({ cluster, manifest }: Backend, spec: JobSpec): Promise<V1Job | undefined> => {
  const { namespace, createJob: create } = cluster();
  const wanted = manifestOf(manifest, spec);
  try {
    return await create(wanted);
  } catch (error) {
    if (isTaken(error)) return undefined;
    throw creationError(wanted.metadata.name, namespace, error);
  }
};

const createOrFind = async (backend: Backend, spec: JobSpec): Promise<V1Job> => {
  const name = jobName(backend.manifest.owner, spec.key);
  const created = await createJob(backend, spec);
  const job = created ?? (await backend.cluster().findJob(name));
  if (job !== undefined) return checkOwn(job, spec);
  throw new LauncherError(`the Kubernetes job ${name} was there and is gone`, { hint: 'it is tried again' });
};

/** Gives the job of the key, creating it if that was never done. */
const claim = async (backend: Backend, files: JobFiles, spec: JobSpec, onStep: OnStep): Promise<CreatedRecord> => {
  const known = await readCreated(files);
  if (known !== undefined) return known;
  const { name = '', uid = '' } = (await createOrFind(backend, spec)).metadata ?? {};
  onStep('job-created');
  const { namespace, identity } = backend.cluster();
  const claimed = await writeCreated(files, { name, namespace, uid, cluster: identity });
  onStep('uid-written');
  return claimed;
};

/** Lets the pod start, once; a job of a queue is started by the queue. */
const release = async (backend: Backend, files: JobFiles, created: CreatedRecord): Promise<void> => {
  if (await isMarked(files, 'released')) return;
  await backend.watch.ready(); // before there is a pod that could vanish unseen
  const job = await findOwn(backend, created);
  const change = { spec: { suspend: false } };
  if (!isQueued(job?.metadata?.labels)) await backend.cluster().patchJob(created.name, created.uid, change);
  await mark(files, 'released');
};

/** Starts the job of this key, or finds it. @throws LauncherError, RefusedError as the port says */
export const launchJob = async (backend: Backend, files: JobFiles, spec: JobSpec, onStep: OnStep): Promise<JobRef> => {
  await makeFolder(files.folder);
  await writeIntent(files, spec);
  onStep('intent-written');
  const name = jobName(backend.manifest.owner, spec.key);
  let there = backend;
  if ((await readCreated(files)) !== undefined || !(await isThere(files.stopped))) {
    const claimed = await claim(backend, files, spec, onStep);
    there = backend.within(claimed.namespace);
    if (await isThere(files.stopped)) await there.cluster().deleteJob(claimed.name, claimed.uid);
    else await release(there, files, claimed);
    onStep('released');
  }
  const native = `${there.cluster().namespace}/${name}`;
  const reference: JobRef = { key: spec.key, launcher: 'kubernetes', folder: files.folder, native };
  if (!(await isThere(files.reference))) await createOnce(files.reference, `${JSON.stringify(reference)}\n`);
  onStep('reference-written');
  return reference;
};
