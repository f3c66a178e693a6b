/**
 * A node of the lab: what a kubelet does to pods, as far as titrate can tell. It registers a node, runs the command of each
 * pod's first container as a process of this machine, reports what becomes of it, serves its log, and ends it when the
 * pod is deleted or its deadline has passed. Further containers run, as far as the API can tell, until the pod is ended. Images and
 * volumes are not looked at; an image called `missing` cannot be pulled.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CoreV1Api,
  KubeConfig,
  ListWatch,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type ListWatch as Informer,
  type V1ContainerState,
  type V1Pod,
} from '@kubernetes/client-node';

export interface KubeletOptions {
  readonly kubeconfig: string;
  /** Folder with the certificate and key to serve logs with. */
  readonly certificates: string;
  readonly name: string;
  /** Processors that it offers. */
  readonly cpus?: number;
}

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};
const RETRY_MS = 200;

const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z'); // the API's times are whole seconds

interface LogLine {
  readonly at: Date;
  readonly text: string;
}

/** One pod that runs, or ran, on the node. */
interface Tenant {
  readonly pod: V1Pod;
  process?: ChildProcess;
  readonly log: LogLine[];
  startedAt: string;
  /** Ended by the node itself after its deadline. */
  isLate: boolean;
  /** How the first container ended. */
  terminated?: object;
}

const statusOf = (error: unknown): number => (error as { code?: number }).code ?? 0;

export class Kubelet {
  readonly name: string;
  private readonly core: CoreV1Api;
  private readonly config = new KubeConfig();
  private readonly tenants = new Map<string, Tenant>();
  private readonly ending = new Set<string>();
  private informer: Informer<V1Pod> | undefined;
  private server: Server | undefined;
  private isStopped = false;

  constructor(private readonly options: KubeletOptions) {
    this.name = options.name;
    this.config.loadFromFile(options.kubeconfig);
    this.core = this.config.makeApiClient(CoreV1Api);
  }

  /** Registers the node and begins to run what is placed on it. */
  async start(): Promise<void> {
    const port = await this.serveLogs();
    await this.register(port);
    await this.follow();
  }

  /** Ends every process and reports nothing more: a machine that goes down. */
  async die(): Promise<void> {
    this.isStopped = true;
    await this.informer?.stop();
    for (const { process } of this.tenants.values()) kill(process, 'SIGKILL');
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async serveLogs(): Promise<number> {
    const { certificates } = this.options;
    const [key, cert] = await Promise.all(
      ['key', 'crt'].map((end) => readFile(join(certificates, `apiserver.${end}`))),
    );
    this.server = createServer({ key: key!, cert: cert! }, (request, response) => {
      const url = new URL(request.url ?? '', 'https://node');
      const [, kind, namespace, pod] = url.pathname.split('/');
      const tenant = [...this.tenants.values()].find(
        ({ pod: { metadata } }) => metadata?.name === pod && metadata?.namespace === namespace,
      );
      response.statusCode = kind === 'containerLogs' && tenant !== undefined ? 200 : 404;
      response.end(tenant === undefined ? '' : renderLog(tenant.log, url.searchParams));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.server.unref();
    return (this.server.address() as AddressInfo).port;
  }

  private async register(Port: number): Promise<void> {
    const { name } = this;
    const offered = { cpu: String(this.options.cpus ?? 8), memory: '16Gi', pods: '110', 'ephemeral-storage': '50Gi' };
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      lastHeartbeatTime: now(),
      lastTransitionTime: now(),
    };
    await this.core.createNode({ body: { metadata: { name, labels: { 'kubernetes.io/hostname': name } } } });
    const status = {
      capacity: offered,
      allocatable: offered,
      conditions: [ready],
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port } },
    };
    await this.core.patchNodeStatus({ name, body: { status } }, MERGE);
  }

  private async follow(): Promise<void> {
    const fieldSelector = `spec.nodeName=${this.name}`;
    const list = () => this.core.listPodForAllNamespaces({ fieldSelector });
    this.informer = new ListWatch<V1Pod>('/api/v1/pods', new Watch(this.config), list, false, undefined, fieldSelector);
    for (const event of ['add', 'update'] as const) this.informer.on(event, (pod) => this.take(pod));
    this.informer.on('delete', (pod) => kill(this.tenants.get(pod.metadata?.uid ?? '')?.process, 'SIGKILL'));
    this.informer.on('error', () => void this.again());
    await this.informer.start();
  }

  /** The API server may be down for a while; pods run on meanwhile. */
  private async again(): Promise<void> {
    while (!this.isStopped) {
      await sleep(RETRY_MS, undefined, { ref: false });
      try {
        if (!this.isStopped) await this.informer?.start();
        return;
      } catch {
        // Next time.
      }
    }
  }

  private take(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    if (this.isStopped || uid === '') return;
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (!this.ending.has(uid)) void this.terminate(pod, uid);
      return;
    }
    if (this.tenants.has(uid) || pod.status?.phase !== 'Pending') return;
    const tenant: Tenant = { pod, log: [], startedAt: now(), isLate: false };
    this.tenants.set(uid, tenant);
    void this.run(tenant);
  }

  private async run(tenant: Tenant): Promise<void> {
    const [container] = tenant.pod.spec?.containers ?? [];
    if (container?.image?.startsWith('missing') === true) {
      const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${container.image}"` };
      return this.report(tenant, { phase: 'Pending' }, { waiting });
    }
    const [program = '', ...args] = [...(container?.command ?? []), ...(container?.args ?? [])];
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? '']));
    const process_ = spawn(program, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, so that all of it can be ended
    });
    tenant.process = process_;
    for (const stream of [process_.stdout, process_.stderr]) keepLines(stream, tenant.log);
    const left = once(process_, 'close').catch((error: Error) => [128, null, error.message]);
    this.watchDeadline(tenant);
    await this.report(
      tenant,
      { phase: 'Running', startTime: tenant.startedAt },
      { running: { startedAt: tenant.startedAt } },
    );
    const [code, signal, message] = (await left) as [number | null, NodeJS.Signals | null, string?];
    await this.reportEnd(tenant, code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), message);
  }

  private watchDeadline(tenant: Tenant): void {
    const seconds = tenant.pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return;
    const late = (): void => {
      if (tenant.process?.exitCode !== null || tenant.process.signalCode !== null) return;
      tenant.isLate = true;
      kill(tenant.process, 'SIGKILL');
    };
    setTimeout(late, seconds * 1000).unref();
  }

  private reportEnd(tenant: Tenant, exitCode: number, message?: string): Promise<void> {
    const isOutOfMemory = tenant.pod.metadata?.annotations?.['lab/out-of-memory'] === 'true' && exitCode === 137;
    const reason = isOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    const last = tenant.log
      .slice(-5)
      .map(({ text }) => text)
      .join('\n'); // FallbackToLogsOnError
    const said = message ?? (exitCode === 0 ? '' : last);
    const terminated = { exitCode, reason, message: said, startedAt: tenant.startedAt, finishedAt: now() };
    const late = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    tenant.terminated = terminated;
    const goesOn = othersOf(tenant).length > 0 && !tenant.isLate;
    const phase = goesOn ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed';
    return this.report(tenant, { phase, ...(tenant.isLate ? late : {}) }, { terminated });
  }

  /** Tells the API server, until it takes it. */
  private async report(tenant: Tenant, status: object, state: object): Promise<void> {
    const { name = '', namespace = '', uid = '' } = tenant.pod.metadata ?? {};
    const [container] = tenant.pod.spec?.containers ?? [];
    const statusOfContainer = (name_: string | undefined, state_: object) => ({
      name: name_,
      image: container?.image,
      imageID: '',
      ready: false,
      restartCount: 0,
      state: state_ as V1ContainerState,
    });
    const isOver = ['Succeeded', 'Failed'].includes((status as { phase: string }).phase);
    const killed = { terminated: { exitCode: 143, reason: 'Error', startedAt: tenant.startedAt, finishedAt: now() } };
    const others = othersOf(tenant).map((one) =>
      statusOfContainer(one, isOver ? killed : { running: { startedAt: tenant.startedAt } }),
    );
    const body = {
      metadata: { uid },
      status: {
        hostIP: '127.0.0.1',
        ...status,
        containerStatuses: [statusOfContainer(container?.name, state), ...others],
      },
    };
    await this.untilTaken(() => this.core.patchNamespacedPodStatus({ name, namespace, body }, MERGE));
  }

  private async terminate(pod: V1Pod, uid: string): Promise<void> {
    this.ending.add(uid);
    const tenant = this.tenants.get(uid);
    const process_ = tenant?.process;
    if (process_ !== undefined && process_.exitCode === null && process_.signalCode === null) {
      const grace = 1000 * (pod.metadata?.deletionGracePeriodSeconds ?? 30);
      kill(process_, 'SIGTERM');
      const timer = setTimeout(() => kill(process_, 'SIGKILL'), grace).unref();
      await once(process_, 'close');
      clearTimeout(timer);
    }
    if (tenant?.terminated !== undefined && othersOf(tenant).length > 0)
      await this.report(tenant, { phase: 'Failed' }, { terminated: tenant.terminated }); // the others end by its signal
    await sleep(50); // the end is reported before the pod is taken away, as a kubelet does
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.untilTaken(() => this.core.deleteNamespacedPod({ name, namespace, body }));
  }

  private async untilTaken(call: () => Promise<unknown>): Promise<void> {
    while (!this.isStopped) {
      try {
        await call();
        return;
      } catch (error) {
        if ([404, 409, 422].includes(statusOf(error))) return; // the pod is gone, or another has its name
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }
}

/** Names of the containers beside the one that is run. */
const othersOf = ({ pod }: Tenant): string[] => (pod.spec?.containers ?? []).slice(1).map(({ name }) => name);

const kill = (process_: ChildProcess | undefined, signal: NodeJS.Signals): void => {
  if (process_?.pid === undefined || process_.exitCode !== null || process_.signalCode !== null) return;
  try {
    process.kill(-process_.pid, signal);
  } catch {
    // It went by itself.
  }
};

const keepLines = (stream: NodeJS.ReadableStream, log: LogLine[]): void => {
  let rest = '';
  stream.on('data', (chunk) => {
    const pieces = (rest + String(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    log.push(...pieces.map((text) => ({ at: new Date(), text })));
  });
  stream.on('end', () => rest !== '' && log.push({ at: new Date(), text: rest }));
};

const renderLog = (log: readonly LogLine[], query: URLSearchParams): string => {
  const since = query.has('sinceSeconds') ? Date.now() - 1000 * Number(query.get('sinceSeconds')) : 0;
  const text = log
    .filter(({ at }) => at.getTime() >= since)
    .map(({ at, text: line }) => (query.get('timestamps') === 'true' ? `${at.toISOString()} ${line}\n` : `${line}\n`))
    .join('');
  return text.slice(0, Number(query.get('limitBytes') ?? text.length));
};
