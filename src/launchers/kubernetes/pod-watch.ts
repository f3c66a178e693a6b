/**
 * Sees pods before they vanish. The watch lives while somebody follows jobs and ends by itself when nobody does. It goes on
 * from where it was; when the server has forgotten that place (410), or after any failure, it lists the pods anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Watch } from '@kubernetes/client-node';
import { LauncherError } from '../../domain/errors.js';
import type { Cluster } from './cluster.js';
import { readPod, type Pod } from './pod.js';

export interface PodWatchOptions {
  readonly cluster: () => Cluster;
  /** Labels of the pods. */
  readonly selector: string;
  /** Called one pod after another, for every change; may be told the same twice. A rejection makes it list anew. */
  readonly onPod: (pod: Pod) => Promise<void>;
}

export interface PodWatch {
  /** Keeps the watch alive for the next minute. */
  keep(): void;
  /** Waits until it is up. @throws LauncherError when it cannot be set up */
  ready(): Promise<void>;
}

const KEPT_MS = 60_000; // jobs are looked at every few seconds
const SERVER_ENDS_AFTER_SECONDS = 240; // so that a connection that died without a word is noticed
const DEAD_AFTER_MS = 270_000;
const READY_WITHIN_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

class Follower implements PodWatch {
  private wantedUntil = 0;
  private isRunning = false;
  private isUp = false;
  private lastFailure: unknown;
  private version: string | undefined;
  private current: AbortController | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly options: PodWatchOptions) {}

  keep(): void {
    this.wantedUntil = performance.now() + KEPT_MS;
    if (this.isRunning) return;
    this.isRunning = true;
    void this.run();
  }

  async ready(): Promise<void> {
    this.lastFailure = undefined;
    this.keep();
    const end = performance.now() + READY_WITHIN_MS;
    while (!this.isUp) {
      if (this.lastFailure !== undefined || performance.now() > end) throw this.failure();
      await sleep(5);
    }
  }

  private failure(): LauncherError {
    const cause = this.lastFailure;
    if (cause instanceof LauncherError) return cause;
    return new LauncherError(`cannot watch pods: ${cause instanceof Error ? cause.message : 'no answer in time'}`, {
      hint: 'it is tried again; the worker’s user needs the Role of config/kubernetes/role.yaml',
      cause,
    });
  }

  private isWanted(): boolean {
    return performance.now() < this.wantedUntil;
  }

  private async run(): Promise<void> {
    const idle = setInterval(() => this.isWanted() || this.current?.abort(), 1_000).unref();
    for (let pause = FIRST_PAUSE_MS; this.isWanted();) {
      const began = performance.now();
      try {
        await this.follow();
      } catch (error) {
        this.lastFailure = error;
        this.version = undefined;
      }
      this.isUp = false;
      pause = performance.now() - began > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
      if (this.isWanted()) await sleep(pause, undefined, { ref: false });
    }
    clearInterval(idle);
    this.version = undefined;
    this.isRunning = false;
  }

  private async follow(): Promise<void> {
    const cluster = this.options.cluster();
    this.queue = Promise.resolve();
    if (this.version === undefined) {
      const { pods, version } = await cluster.listPods(this.options.selector);
      for (const pod of pods) await this.options.onPod(pod);
      this.version = version;
    }
    await this.watchFrom(cluster, this.version);
    await this.queue;
  }

  /** Follows changes until the connection ends. */
  private watchFrom(cluster: Cluster, version: string): Promise<void> {
    const query = {
      labelSelector: this.options.selector,
      resourceVersion: version,
      allowWatchBookmarks: true,
      timeoutSeconds: SERVER_ENDS_AFTER_SECONDS,
    };
    return new Promise((resolve, reject) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(cluster.namespace)}/pods`;
      const done = (error: unknown): void => {
        clearTimeout(deadMan);
        this.current = undefined;
        if (error === null || error === undefined || !this.isWanted()) resolve();
        else reject(watchError(error));
      };
      const deadMan = setTimeout(() => this.current?.abort(), DEAD_AFTER_MS).unref();
      const onEvent = (type: string, object: unknown): void => this.take(type, object);
      const open = async (): Promise<void> => {
        const controller = await new Watch(cluster.config).watch(path, query, onEvent, done);
        if (controller.signal.aborted) return; // done was called already
        this.current = controller;
        this.isUp = true;
      };
      open().catch(reject);
    });
  }

  private take(type: string, object: unknown): void {
    if (type === 'ERROR') {
      this.version = undefined; // most often 410: the place is too old
      this.current?.abort();
      return;
    }
    const { resourceVersion } = (object as { metadata?: { resourceVersion?: string } }).metadata ?? {};
    this.version = resourceVersion ?? this.version;
    const pod = type === 'BOOKMARK' ? undefined : readPod(object);
    if (pod === undefined) return;
    this.queue = this.queue
      .then(() => this.options.onPod(pod))
      .catch((error: unknown) => {
        this.lastFailure = error; // a full disk: tell it all again later
        this.version = undefined;
        this.current?.abort();
      });
  }
}

const watchError = (error: unknown): unknown => {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== 403 && statusCode !== 401) return error;
  return new LauncherError(`cannot watch pods: the cluster refuses (${statusCode} ${(error as Error).message})`, {
    hint:
      statusCode === 403
        ? 'give the worker’s user the Role of config/kubernetes/role.yaml; it is tried again'
        : 'renew the credentials of the kubeconfig of the worker; it is tried again',
    cause: error,
  });
};

/** Creates a watch that sleeps until it is needed. */
export const createPodWatch = (options: PodWatchOptions): PodWatch => new Follower(options);
