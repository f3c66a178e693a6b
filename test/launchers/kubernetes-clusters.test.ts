/** Kubernetes jobs that are out of sight: on another cluster than the kubeconfig's, in another namespace, deleted. Clusters are small stand-ins. */
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LauncherError } from '../../src/domain/errors.js';
import type { KubernetesChoice } from '../../src/domain/kubernetes-choice.js';
import type { JobRef, JobSpec, Launcher } from '../../src/domain/ports.js';
import { isThere } from '../../src/host/atomic-files.js';
import { createKubernetesLauncher } from '../../src/launchers/kubernetes.js';
import type { LaunchStep } from '../../src/launchers/kubernetes/launch.js';

interface FakeJob {
  readonly metadata: { name: string; uid: string; namespace: string };
  spec: { suspend?: boolean };
}

/** As much of an API server as a launch and a look need: jobs stay as they are, and each has a pod that runs. */
class FakeCluster {
  readonly jobs = new Map<string, FakeJob>();
  /** What a proxy before it answers to a creation. */
  proxy: readonly [status: number, page: string] | undefined;
  readonly #server: Server;

  constructor(readonly name: string) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, body] = await this.#answer(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    if (body === undefined) response.flushHeaders();
    else response.end(JSON.stringify(body));
  }

  async #answer(request: IncomingMessage): Promise<[number, unknown]> {
    const body = await text(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster');
    const [, namespace = '', kind, name] = /\/namespaces\/([^/]+)\/(jobs|pods)(?:\/([^/]+))?/.exec(pathname) ?? [];
    if (kind === 'pods') return [200, searchParams.has('watch') ? undefined : this.#pods(namespace)];
    if (request.method === 'POST' && this.proxy !== undefined) return [...this.proxy];
    if (request.method === 'POST') return [201, this.#create(namespace, JSON.parse(body) as FakeJob)];
    if (name === undefined) return [200, { kind: 'JobList', items: [] }];
    const job = this.jobs.get(`${namespace}/${name}`);
    if (request.method === 'DELETE') this.jobs.delete(`${namespace}/${name}`);
    const message = `jobs.batch "${name}" not found`;
    if (job === undefined) return [404, { kind: 'Status', reason: 'NotFound', message, code: 404 }];
    if (request.method === 'PATCH') Object.assign(job.spec, (JSON.parse(body) as Partial<FakeJob>).spec);
    return [200, job];
  }

  #create(namespace: string, job: FakeJob): FakeJob {
    Object.assign(job.metadata, { namespace, uid: `uid-${this.name}-${job.metadata.name}` });
    this.jobs.set(`${namespace}/${job.metadata.name}`, job);
    return job;
  }

  #pods(namespace: string) {
    const items = [...this.jobs.values()]
      .filter(({ metadata }) => metadata.namespace === namespace)
      .map(({ metadata: { uid } }) => ({
        metadata: { name: 'pod', uid: `pod-of-${uid}`, labels: { 'batch.kubernetes.io/controller-uid': uid } },
        status: { phase: 'Running', containerStatuses: [{ name: 'job', state: { running: {} } }] },
      }));
    return { kind: 'PodList', metadata: { resourceVersion: '1' }, items };
  }
}

const job: JobSpec = {
  key: 's.t0001.g1',
  sweep: 's',
  trial: 't0001',
  generation: 1,
  mixture: { text: 1 },
  scale: '1M',
  parameters: 1e6,
  tokensPerStep: 10,
  steps: 10,
  checkpoints: [10],
  seed: 1,
  cost: 1,
};

describe('a Kubernetes job that is out of sight', () => {
  const [mine, other] = [new FakeCluster('mine'), new FakeCluster('other')];
  let folder: string;

  /** Makes the context of this cluster and namespace the current one. */
  const use = async ({ url }: FakeCluster, namespace = 'research'): Promise<void> => {
    const cluster = { server: url, 'insecure-skip-tls-verify': true };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'current',
      clusters: [{ name: 'cluster', cluster }],
      users: [{ name: 'user', user: { token: 'x' } }],
      contexts: [{ name: 'current', context: { cluster: 'cluster', user: 'user', namespace } }],
    };
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(config));
  };

  /** A launcher of a worker that was just started. */
  const create = (onLaunchStep?: (step: LaunchStep) => void, more: Partial<KubernetesChoice> = {}): Launcher =>
    createKubernetesLauncher({
      choice: {
        kind: 'kubernetes',
        kubeconfig: join(folder, 'kubeconfig'),
        image: 'trainer',
        graceSeconds: 1,
        keepSeconds: 10,
        sharedHome: { volume: {}, mountPath: '/titrate' },
        ...more,
      },
      jobsFolder: join(folder, 'jobs'),
      podJobsFolder: '/titrate/jobs',
      owner: { home: 'aaaaaaaaaaaa', sweep: 's' },
      now: Date.now,
      ...(onLaunchStep === undefined ? {} : { onLaunchStep }),
    });

  const ended = (): Promise<boolean> => isThere(join(folder, 'jobs', job.key, 'kubernetes', 'ended.json'));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-clusters-'));
    for (const cluster of [mine, other]) await cluster.open();
    await use(mine);
  });
  afterEach(async () => {
    for (const cluster of [mine, other]) cluster.close();
    await rm(folder, { recursive: true });
  });

  it('is unknown on another cluster, whoever looks, and found again on its own', async () => {
    const ref = await create().launch(job);
    await use(other);
    const launcher = create();
    const lost = `it was created on ${mine.url}; found ${other.url}`;
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'unknown', reason: expect.stringContaining(lost) });
    expect(await launcher.list()).toMatchObject([{ key: job.key, state: 'unknown' }]);
    await expect(launcher.collect(ref)).rejects.toBeInstanceOf(LauncherError);
    await expect(launcher.stop(ref)).rejects.toThrow(lost);
    expect(await ended()).toBe(false);
    await use(mine); // the worker goes on as it is
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'running' });
  });

  it('is looked for in the namespace that it was created in', async () => {
    const ref = await create().launch(job);
    await use(mine, 'default');
    expect(ref.native).toMatch(/^research\//);
    expect(await create().inspect(ref)).toMatchObject({ state: 'running' });
    expect(await create().list()).toMatchObject([{ key: job.key, state: 'running' }]);
    expect((await create().launch(job)).native).toBe(ref.native);
    expect([...mine.jobs.keys()]).toEqual([ref.native]);
  });

  it('is not refused by a proxy before its cluster: the launch is tried again', async () => {
    mine.proxy = [403, '<html>Your session has expired</html>'];
    const error: unknown = await create()
      .launch(job)
      .catch((reason: unknown) => reason);
    mine.proxy = undefined;
    expect(error).toMatchObject({ code: 'LauncherError', hint: expect.stringContaining('a proxy') });
    expect((await create().launch(job)).native).toMatch(/^research\//);
  });

  it('is host-lost when its cluster never answers again and a person says that it is lost', async () => {
    const ref = await create().launch(job);
    mine.close();
    const launcher = create();
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'unknown' });
    await writeFile(join(ref.folder, 'lost'), '');
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'ended' });
    const detail = expect.stringContaining('declared lost by a person');
    expect(await launcher.collect(ref)).toMatchObject({ status: 'host-lost', detail });
    await launcher.stop(ref);
    await mine.open();
  });

  it('that a queue may start is looked for by every stop, until its cluster has answered or a person says that it is lost', async () => {
    const labels = { 'kueue.x-k8s.io/queue-name': 'research' };
    const queued = { template: { metadata: { labels } } };
    const die = (step: LaunchStep): void => {
      if (step === 'job-created') throw new Error('died');
    };
    await expect(create(die, queued).launch(job)).rejects.toThrow('died');
    const ref: JobRef = { key: job.key, launcher: 'kubernetes', folder: '', native: '' };
    mine.close();
    for (let tries = 0; tries < 2; tries += 1)
      await expect(create(undefined, queued).stop(ref)).rejects.toBeInstanceOf(LauncherError);
    const lost = join(folder, 'jobs', job.key, 'lost');
    await writeFile(lost, '');
    await create(undefined, queued).stop(ref);
    await rm(lost);
    await mine.open();
    await use(mine);
    await create(undefined, queued).stop(ref);
    expect(mine.jobs.size).toBe(0);
    expect(await create(undefined, queued).collect(ref)).toMatchObject({ status: 'cancelled', notStarted: true });
  });

  it('is not taken for released while nobody could release it', async () => {
    const dying = create((step) => {
      if (step === 'uid-written') throw new Error('died');
    });
    await expect(dying.launch(job)).rejects.toThrow('died');
    await use(other);
    await expect(create().launch(job)).rejects.toThrow('is not on this cluster');
    await use(mine);
    await create().launch(job);
    expect([...mine.jobs.values()].map(({ spec }) => spec.suspend)).toEqual([false]);
    expect(other.jobs.size).toBe(0);
  });

  it.each([
    ['is completed when it was whole by then', 10, 'completed'],
    ['is cancelled when it was not', 5, 'cancelled'],
  ])('that was deleted while nobody watched: the run %s', async (_, step, status) => {
    const ref = await create().launch(job);
    await appendFile(join(ref.folder, 'metrics.jsonl'), `${JSON.stringify({ step, metrics: { loss: 2 } })}\n`);
    mine.jobs.clear();
    const launcher = create();
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'ended' });
    expect(await launcher.collect(ref)).toMatchObject({ status, stepsReached: step });
  });
});
