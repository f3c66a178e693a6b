import { isThere } from '../../host/atomic-files.js';
import type { FoundJob, Launcher } from '../../domain/ports.js';
import { listFolders } from '../list-jobs.js';
import type { Backend } from './backend.js';
import { clearJob } from './clear.js';
import { finishOf } from './examine.js';
import { KEY_ANNOTATION, selectorOf } from './names.js';

/** Jobs of the cluster that have no folder here: their folder was lost, or another place launched them. */
const withoutFolder = async (backend: Backend): Promise<FoundJob[]> => {
  const { listJobs, namespace } = backend.cluster();
  const found: FoundJob[] = [];
  for (const job of await listJobs(selectorOf(backend.manifest.owner))) {
    const { name = '', annotations = {} } = job.metadata ?? {};
    const key = annotations[KEY_ANNOTATION];
    if (key === undefined) continue;
    const files = backend.filesOf(key);
    await clearJob(backend, files);
    if (await isThere(files.spec)) continue;
    found.push({ key, native: `${namespace}/${name}`, state: finishOf(job) === undefined ? 'running' : 'ended' });
  }
  return found;
};

/** Lists the jobs of the folder and of the cluster, in the order of their keys. */
export const listJobs = async (
  backend: Backend,
  jobsFolder: string,
  launcher: Pick<Launcher, 'kind' | 'inspect'>,
): Promise<FoundJob[]> => {
  const others = await withoutFolder(backend);
  const mine = await listFolders(jobsFolder, launcher);
  return [...mine, ...others].toSorted((a, b) => (a.key < b.key ? -1 : 1));
};
