/** The one place that speaks with a cluster: every call has a time-out, every failure becomes an error that says what to do. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  BatchV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
  type V1Job,
} from '@kubernetes/client-node';
import { LauncherError } from '../../domain/errors.js';
import { apiFailure, isGone, launcherError } from './api-failure.js';
import { readPod, type Pod } from './pod.js';
import type { ClusterIdentity } from './sightings.js';

/** Which cluster, as whom, and where in it. */
export interface ClusterChoice {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface PodList {
  readonly pods: readonly Pod[];
  readonly version: string;
}

/** A connection to one namespace. Every call throws a LauncherError when it cannot be carried out. */
export interface Cluster {
  readonly namespace: string;
  readonly identity: ClusterIdentity;
  /** The same cluster, another namespace. */
  within(namespace: string): Cluster;
  /** Sends the manifest as it is, refusing fields that the server does not know. @throws what the client throws */
  createJob(manifest: object): Promise<V1Job>;
  findJob(name: string): Promise<V1Job | undefined>;
  listJobs(labels: string): Promise<readonly V1Job[]>;
  /** Merges a change into the job of this uid; false when that one is gone. */
  patchJob(name: string, uid: string, change: object): Promise<boolean>;
  /** Asks for the end of the job of this uid and then of its pods; no error when it is gone. */
  deleteJob(name: string, uid: string): Promise<void>;
  /** Pods as they are now, and the version from which a watch goes on. */
  listPods(labels: string): Promise<PodList>;
  deletePod(name: string, uid: string): Promise<void>;
  /** Reads what a container wrote, of all time or of the last seconds, each line with its time; undefined when there is none (any more). */
  readLog(pod: string, container: string, lastSeconds: number | undefined): Promise<string | undefined>;
  /** The cluster's latest words about an object; empty where they may not be read. */
  lastEvent(uid: string): Promise<string>;
  /** What a watch of the namespace's pods needs. */
  readonly config: KubeConfig;
}

type Middleware = NonNullable<NonNullable<Parameters<typeof createConfiguration>[0]>['promiseMiddleware']>[number];

const CALL_TIMEOUT_MS = 15_000; // answers take milliseconds; a frozen server must not hold an activity
const LOG_TIMEOUT_MS = 60_000; // tens of megabytes may come
const LOG_LIMIT_BYTES = 1 << 26; // 64 MiB at once; the rest comes with the next call
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const NO_CLUSTER = /^https?:\/\/localhost:8080$/; // what the client library falls back to when nothing is configured

const chooseContext = (config: KubeConfig, context: string): void => {
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new LauncherError(`no context ${JSON.stringify(context)} in the kubeconfig: found ${known.join(', ')}`, {
      hint: 'correct launcher.context, or add the context to the kubeconfig of the worker',
    });
  }
  config.setCurrentContext(context);
};

const loadConfig = ({ kubeconfig, context }: ClusterChoice): KubeConfig => {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw new LauncherError(`the kubeconfig cannot be read: ${String(cause)}`, {
      hint: 'give launcher.kubeconfig, or KUBECONFIG in the environment of the worker',
      cause,
    });
  }
  if (context !== undefined) chooseContext(config, context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || NO_CLUSTER.test(server)) {
    throw new LauncherError('no Kubernetes cluster is configured: no kubeconfig, and not inside a cluster', {
      hint: 'give launcher.kubeconfig, or KUBECONFIG in the environment of the worker',
    });
  }
  return config;
};

const authorityOf = (config: KubeConfig): string | Buffer | undefined => {
  const { caData, caFile } = config.getCurrentCluster() ?? {};
  if (caData !== undefined || caFile === undefined) return caData && Buffer.from(caData, 'base64');
  try {
    return readFileSync(caFile);
  } catch {
    return undefined; // the first call says so
  }
};

const identityOf = (config: KubeConfig): ClusterIdentity => {
  const authority = authorityOf(config);
  const ca = authority === undefined ? {} : { ca: createHash('sha256').update(authority).digest('hex') };
  return { server: config.getCurrentCluster()?.server ?? '', ...ca };
};

const listening = (onDenied: () => void): Middleware => ({
  pre: async (request) => request,
  post: async (response) => {
    if (response.httpStatusCode === 401) onDenied();
    return response;
  },
});

const patient = (milliseconds: number): Middleware => ({
  pre: async (request) => {
    request.setSignal(AbortSignal.timeout(milliseconds));
    return request;
  },
  post: async (response) => response,
});

const sending = (body: object): Middleware => ({
  pre: async (request) => {
    request.setBody(JSON.stringify(body)); // the client's own serialiser drops what it does not know without a word
    return request;
  },
  post: async (response) => response,
});

/** Carries out a call; gives `absent` back for what is gone. */
const asked = async <T, A>(doing: string, call: () => Promise<T>, absent: A): Promise<T | A> => {
  try {
    return await call();
  } catch (error) {
    if (isGone(error)) return absent;
    throw launcherError(doing, error);
  }
};

const must = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw launcherError(doing, error);
  }
};

type Connect = (...promiseMiddleware: Middleware[]) => ReturnType<typeof createConfiguration>;

const jobCalls = (connect: Connect, namespace: string, on: (verb: string, what: string) => string) => {
  const jobs = new BatchV1Api(connect(patient(CALL_TIMEOUT_MS)));
  return {
    createJob: (manifest) =>
      new BatchV1Api(connect(patient(CALL_TIMEOUT_MS), sending(manifest))).createNamespacedJob({
        namespace,
        body: {},
        fieldValidation: 'Strict',
      }),
    findJob: (name) =>
      asked(on('get', `the job ${name}`), () => jobs.readNamespacedJob({ name, namespace }), undefined),
    listJobs: async (labelSelector) =>
      (await must(on('list', 'jobs'), () => jobs.listNamespacedJob({ namespace, labelSelector }))).items,
    patchJob: async (name, uid, change) => {
      const body = { metadata: { uid }, ...change };
      const patched = () => jobs.patchNamespacedJob({ name, namespace, body }, MERGE);
      return (await asked(on('patch', `the job ${name}`), patched, undefined)) !== undefined;
    },
    deleteJob: async (name, uid) => {
      // All options go into the body: with one, the server ignores those of the query.
      const body = { propagationPolicy: 'Foreground', preconditions: { uid } };
      const deleted = () => jobs.deleteNamespacedJob({ name, namespace, body });
      await asked(on('delete', `the job ${name}`), deleted, undefined);
    },
  } satisfies Partial<Cluster>;
};

const podCalls = (connect: Connect, namespace: string, on: (verb: string, what: string) => string) => {
  const core = new CoreV1Api(connect(patient(CALL_TIMEOUT_MS)));
  const logs = new CoreV1Api(connect(patient(LOG_TIMEOUT_MS)));
  return {
    listPods: async (labelSelector) => {
      const found = await must(on('list', 'pods'), () => core.listNamespacedPod({ namespace, labelSelector }));
      const pods = found.items.flatMap((pod) => readPod(pod) ?? []);
      return { pods, version: found.metadata?.resourceVersion ?? '' };
    },
    deletePod: async (name, uid) => {
      const deleted = () => core.deleteNamespacedPod({ name, namespace, body: { preconditions: { uid } } });
      await asked(on('delete', `the pod ${name}`), deleted, undefined);
    },
    readLog: (name, container, lastSeconds) => {
      const since = lastSeconds === undefined ? {} : { sinceSeconds: lastSeconds };
      const options = { name, namespace, container, timestamps: true, limitBytes: LOG_LIMIT_BYTES, ...since };
      const read = () =>
        logs.readNamespacedPodLog(options).catch((error: unknown) => {
          if (apiFailure(error).status === 400) return undefined; // its container has not started
          throw error;
        });
      return asked(on('read', `the log of the pod ${name}`), read, undefined);
    },
    lastEvent: async (uid) => {
      const fieldSelector = `involvedObject.uid=${uid}`;
      try {
        const { items } = await core.listNamespacedEvent({ namespace, fieldSelector });
        return items.findLast(({ type }) => type === 'Warning')?.message ?? '';
      } catch {
        return ''; // a comfort, not a promise: the right to read events may be missing
      }
    },
  } satisfies Partial<Cluster>;
};

const connectTo = (config: KubeConfig, namespace: string, onDenied: () => void): Cluster => {
  const baseServer = new ServerConfiguration(config.getCurrentCluster()?.server ?? '', {});
  const connect: Connect = (...middleware) => {
    const promiseMiddleware = [...middleware, listening(onDenied)];
    return createConfiguration({ baseServer, authMethods: { default: config }, promiseMiddleware });
  };
  const on = (verb: string, what: string): string => `${verb} ${what} in the namespace ${namespace}`;
  const others = new Map<string, Cluster>();
  const within = (other: string): Cluster => {
    const there = others.get(other) ?? connectTo(config, other, onDenied);
    others.set(other, there);
    return there;
  };
  return {
    namespace,
    identity: identityOf(config),
    within,
    config,
    ...jobCalls(connect, namespace, on),
    ...podCalls(connect, namespace, on),
  };
};

/**
 * Connects to the cluster of the kubeconfig; sends nothing yet. `onDenied` is called when the cluster does not take its
 * credentials. @throws LauncherError when no cluster is configured
 */
export const connectCluster = (choice: ClusterChoice, onDenied: () => void): Cluster => {
  const config = loadConfig(choice);
  const context = config.getContextObject(config.getCurrentContext());
  return connectTo(config, choice.namespace ?? context?.namespace ?? 'default', onDenied);
};
