import type { JobFiles } from '../job-folder.js';
import type { Cluster } from './cluster.js';
import type { LogKeeper } from './pod-log.js';
import type { ManifestOptions } from './manifest.js';
import type { PodWatch } from './pod-watch.js';

/** What the parts of the launcher share. */
export interface Backend {
  /** Connects at the first call. @throws LauncherError when no cluster is configured */
  readonly cluster: () => Cluster;
  /** Lets the next call connect anew, by the kubeconfig of that time. */
  readonly forget: () => void;
  /** The same for another namespace of the cluster. */
  readonly within: (namespace: string) => Backend;
  readonly manifest: ManifestOptions;
  readonly watch: PodWatch;
  /** Absent when jobs write into a shared folder. */
  readonly logs?: LogKeeper | undefined;
  /** Names the files of a job. @throws InputError when the key is no file name */
  readonly filesOf: (key: string) => JobFiles;
}
