/**
 * The job that was created, and no other. Its uid says that it is there, whatever the cluster is called today. That it is
 * gone can only be said by the cluster that it was created in: the kubeconfig may name another one by now.
 */
import type { V1Job } from '@kubernetes/client-node';
import { LauncherError } from '../../domain/errors.js';
import type { JobFiles } from '../job-folder.js';
import type { Backend } from './backend.js';
import { readCreated, type ClusterIdentity, type CreatedRecord } from './sightings.js';

const wordsOf = ({ server, ca }: ClusterIdentity): string =>
  ca === undefined ? server : `${server} (authority ${ca.slice(0, 12)})`;

const isSame = (one: ClusterIdentity, other: ClusterIdentity): boolean =>
  one.server === other.server && (one.ca === undefined || other.ca === undefined || one.ca === other.ca);

/** @throws LauncherError where the absence of this job says nothing: on another cluster than its own. */
export const checkCluster = ({ cluster, forget }: Backend, { name, cluster: expected }: CreatedRecord): void => {
  const found = cluster().identity;
  if (expected === undefined || isSame(expected, found)) return;
  forget(); // the kubeconfig may have been put right meanwhile
  throw new LauncherError(
    `the Kubernetes job ${name} is not on this cluster: it was created on ${wordsOf(expected)}; found ${wordsOf(found)}`,
    {
      hint: 'switch the kubeconfig of the worker back to that cluster; it is asked again. launcher.context keeps a sweep to one',
      values: { name, expected, found },
    },
  );
};

/** Finds the job; undefined when it is gone, whatever has its name now. @throws LauncherError when that cannot be said */
export const findOwn = async (backend: Backend, created: CreatedRecord): Promise<V1Job | undefined> => {
  const job = await backend.cluster().findJob(created.name);
  if (job?.metadata?.uid === created.uid) return job;
  checkCluster(backend, created);
  return undefined;
};

/** The backend of the namespace that a job was created in, whatever the kubeconfig says now. */
export const backendOf = async (backend: Backend, files: JobFiles): Promise<Backend> => {
  const created = await readCreated(files);
  return created === undefined ? backend : backend.within(created.namespace);
};
