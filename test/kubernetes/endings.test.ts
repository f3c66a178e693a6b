import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { V1Pod } from '@kubernetes/client-node';
import type { KubernetesChoice } from '../../src/domain/kubernetes-choice.js';
import type { JobRef, JobResult, JobSpec, Launcher } from '../../src/domain/ports.js';
import { waitForState } from '../launchers/conformance.js';
import { makeHarness, talk, train, withLab, type KubernetesHarness } from './harness.js';
import { running, until } from './lab.js';

const lab = withLab();
let harness: KubernetesHarness;
beforeAll(async () => {
  harness = await makeHarness(lab());
});
afterAll(async () => harness.close());

let last = 0;
const shell = (script: string): readonly string[] => ['sh', '-c', script];
const ofKey = (key: string) => (pod: V1Pod) => pod.metadata?.annotations?.['titrate/key'] === key;

interface Followed {
  readonly launcher: Launcher;
  readonly ref: JobRef;
  /** Its pod, once it has written its first line. */
  pod(): Promise<V1Pod>;
  /** Its result, once it has ended. */
  result(): Promise<JobResult>;
}

const launch = async (choice: Partial<KubernetesChoice> = {}, changes: Partial<JobSpec> = {}): Promise<Followed> => {
  const key = `sweep.e${(last += 1)}.g1`;
  const launcher = harness.createLauncher(choice);
  const ref = await launcher.launch({ ...harness.longJob(key), ...changes });
  return {
    launcher,
    ref,
    pod: async () => {
      await until('a first line', async () => {
        const state = await launcher.inspect(ref);
        return state.state === 'running' && (state.progress?.steps ?? 0) > 0 ? true : undefined;
      });
      return lab().waitForPod(harness.namespace, (pod) => ofKey(key)(pod) && running(pod));
    },
    result: async () => {
      await waitForState(launcher, ref, ['ended'], 60_000);
      return launcher.collect(ref);
    },
  };
};

describe('A job that ends by itself', () => {
  it('failed, with its exit status and its last words', async () => {
    const { result } = await launch({ command: train('error') }, { cost: 0.05 });
    expect(await result()).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/exit status 3.*Traceback: out of memory/s) as string,
    });
  });

  it('failed, when its memory did not suffice', async () => {
    const template = { metadata: { annotations: { 'lab/out-of-memory': 'true' } } };
    const { result } = await launch({ command: shell('kill -9 $$'), template });
    expect(await result()).toMatchObject({ status: 'failed', detail: expect.stringContaining('OOMKilled') as string });
  });

  it('failed, when its program is not there', async () => {
    const { result } = await launch({ command: ['/no/such/program'] });
    expect(await result()).toMatchObject({ status: 'failed', detail: expect.stringContaining('ENOENT') as string });
  });

  it('was preempted, when it says so by exit status 75', async () => {
    const { result } = await launch({ command: shell('exit 75') });
    expect(await result()).toMatchObject({ status: 'preempted' });
  });

  it('timed out on its node, and waiting for a place does not count', async () => {
    const needs = { resources: { requests: { cpu: '7' } }, timeoutSeconds: 1 };
    const first = await launch({ resources: { requests: { cpu: '7' } } });
    await first.pod();
    const second = await launch(needs);
    await new Promise((done) => setTimeout(done, 2_000));
    expect(await second.launcher.inspect(second.ref)).toMatchObject({ state: 'running' });
    await first.launcher.stop(first.ref);
    expect(await second.result()).toMatchObject({
      status: 'timed-out',
      detail: expect.stringContaining('deadline') as string,
      stepsReached: 10,
    });
  });

  it('timed out, when its Kubernetes job has a deadline', async () => {
    const { pod, result, ref } = await launch();
    await pod();
    const [namespace = '', name = ''] = ref.native.split('/');
    const job = await lab().batch.readNamespacedJob({ name, namespace });
    job.spec!.activeDeadlineSeconds = 1;
    await lab().batch.replaceNamespacedJob({ name, namespace, body: job });
    expect(await result()).toMatchObject({ status: 'timed-out' });
  });
});

describe('A job with other containers in its pod', () => {
  const template = { spec: { containers: [{ name: 'proxy', image: 'proxy' }] } };
  const short = { cost: 0.05 };

  it('runs for as long as they do, and says that it is they who run', async () => {
    const { launcher, ref } = await launch({ command: train(), template }, short);
    const words = 'its training has ended with exit status 0; other containers of its pod run on: proxy';
    await until('its training has ended', async () => {
      const state = await launcher.inspect(ref);
      return state.state === 'running' && state.waiting === words ? true : undefined;
    });
    await new Promise((done) => setTimeout(done, 2_500)); // the cluster's times are whole seconds
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'running', waiting: words });
    await launcher.stop(ref);
    expect((await launcher.collect(ref)).status).toBe('completed');
  });

  it.each([
    ['train', 'completed'],
    ['error', 'failed'],
  ])('ends as its training did (%s), when they go on for longer than they may', async (how, status) => {
    const choice = { command: train(how), template, sidecarSeconds: 5 };
    const { result, ref } = await launch(choice, short);
    expect(await result()).toMatchObject({ status });
    const left = await lab().pods(harness.namespace);
    expect(left.filter(ofKey(ref.key)).filter(running)).toEqual([]);
  });
});

describe('A job that prints its metrics, with another container in its pod', () => {
  it('keeps all that it printed', async () => {
    const talking = await makeHarness(lab(), { isShared: false });
    const template = { spec: { containers: [{ name: 'proxy', image: 'proxy' }] } };
    const launcher = talking.createLauncher({ command: talk(), template, sidecarSeconds: 5 });
    const ref = await launcher.launch(talking.quickJob(`sweep.e${(last += 1)}.g1`));
    await waitForState(launcher, ref, ['ended'], 60_000);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'completed', stepsReached: 20 });
    await talking.close();
  });
});

describe('A job whose place is taken away', () => {
  it('was preempted, when its pod is evicted', async () => {
    const { pod, result } = await launch();
    await lab().evict(await pod());
    expect(await result()).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('EvictionByEvictionAPI') as string,
      stepsReached: 10,
    });
  });

  it('was preempted, when the scheduler gives its place to a pod of higher priority', async () => {
    const { pod, result } = await launch({ resources: { requests: { cpu: '5' } } });
    await pod();
    const giveBack = await lab().preempt(harness.namespace, 6);
    expect(await result()).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('PreemptionByScheduler') as string,
    });
    await giveBack();
  });

  it('was preempted, when its pod is deleted by hand', async () => {
    const { pod, result } = await launch();
    await lab().deletePod(await pod());
    expect(await result()).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('deleted from outside') as string,
    });
  });

  it('is not started again by the cluster', async () => {
    const { pod, result, ref } = await launch();
    await lab().evict(await pod());
    await result();
    await new Promise((done) => setTimeout(done, 1_500));
    expect((await lab().pods(harness.namespace)).filter(ofKey(ref.key)).filter(running)).toEqual([]);
    expect(await harness.starts(ref.key)).toBe(1);
  });

  it('completed, when it had written all its metrics', async () => {
    const command = shell('echo \'{"step":20,"metrics":{"loss":1}}\' >> $TITRATE_JOB_DIR/metrics.jsonl; exec sleep 60');
    const { pod, result } = await launch({ command });
    await lab().evict(await pod());
    expect(await result()).toMatchObject({ status: 'completed', warnings: [expect.stringContaining('Eviction')] });
  });
});

describe('A node', () => {
  const onNode = (name: string): Partial<KubernetesChoice> => ({
    template: { spec: { nodeSelector: { 'kubernetes.io/hostname': name } } },
  });

  it('that must be left preempts its jobs', async () => {
    await lab().addNode('tainted');
    const { pod, result } = await launch(onNode('tainted'));
    await pod();
    await lab().taint('tainted');
    expect(await result()).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('DeletionByTaintManager') as string,
    });
  });

  it('that is silent fails nothing; that is gone for good loses its jobs', async () => {
    await lab().addNode('mortal');
    const { pod, result, launcher, ref } = await launch(onNode('mortal'));
    await pod();
    await lab().killNode('mortal');
    await new Promise((done) => setTimeout(done, 1_000));
    expect((await launcher.inspect(ref)).state).toBe('running');
    await lab().forgetNode('mortal');
    expect(await result()).toMatchObject({
      status: 'host-lost',
      detail: expect.stringContaining('DeletionByPodGC') as string,
    });
  });
});

describe('A job that is deleted from outside', () => {
  it.each(['Background', 'Foreground'] as const)('was cancelled (%s)', async (policy) => {
    const { pod, result, ref } = await launch();
    await pod();
    await lab().deleteJob(harness.namespace, ref.native.split('/')[1] ?? '', policy);
    expect(await result()).toMatchObject({ status: 'cancelled', stepsReached: 10 });
  });

  it('goes on while its orphaned pod runs, and completes with it', async () => {
    const { pod, result, launcher, ref } = await launch({}, { cost: 3 });
    await pod();
    await lab().deleteJob(harness.namespace, ref.native.split('/')[1] ?? '', 'Orphan');
    await new Promise((done) => setTimeout(done, 500));
    expect((await launcher.inspect(ref)).state).toBe('running');
    expect(await result()).toMatchObject({ status: 'completed', stepsReached: 20 });
    expect(await harness.starts(ref.key)).toBe(1);
  });

  it('is stopped with its orphaned pod', async () => {
    const { pod, launcher, ref } = await launch();
    await pod();
    await lab().deleteJob(harness.namespace, ref.native.split('/')[1] ?? '', 'Orphan');
    await launcher.stop(ref);
    expect((await lab().pods(harness.namespace)).filter(ofKey(ref.key)).filter(running)).toEqual([]);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'cancelled' });
  });
});
