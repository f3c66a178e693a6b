import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesChoice } from '../../src/domain/kubernetes-choice.js';
import { waitForState } from '../launchers/conformance.js';
import { makeHarness, withLab, type KubernetesHarness } from './harness.js';
import { until } from './lab.js';

const lab = withLab();
let harness: KubernetesHarness;
beforeAll(async () => {
  harness = await makeHarness(lab());
});
afterAll(async () => harness.close());

let last = 0;

/** Launches and waits until it says why it waits. */
const waiting = async (choice: Partial<KubernetesChoice>, words: RegExp) => {
  const launcher = harness.createLauncher(choice);
  const ref = await launcher.launch(harness.quickJob(`sweep.w${(last += 1)}.g1`));
  const state = await until(`a job that waits: ${words}`, async () => {
    const found = await launcher.inspect(ref);
    return found.state === 'running' && words.test(found.waiting ?? '') ? found : undefined;
  });
  expect(state.state).toBe('running');
  return { launcher, ref };
};

describe('A job that waits is running, and says why', () => {
  it('when no node has room for it', async () => {
    const { launcher, ref } = await waiting(
      { resources: { requests: { cpu: '100' } } },
      /Unschedulable.*Insufficient cpu/,
    );
    await launcher.stop(ref);
  });

  it('when its image cannot be pulled', async () => {
    const { launcher, ref } = await waiting({ image: 'missing:latest' }, /ImagePullBackOff.*missing:latest/);
    await launcher.stop(ref);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'cancelled', notStarted: true });
  });

  it('when its pod is not admitted', async () => {
    const template = { spec: { serviceAccountName: 'nobody' } };
    const { launcher, ref } = await waiting({ template }, /no pod yet.*serviceaccount "nobody" not found/);
    await launcher.stop(ref);
  });

  it('when somebody suspends it, and goes on when it is resumed', async () => {
    const { launcher, ref } = await waiting({ resources: { requests: { cpu: '100' } } }, /Unschedulable/);
    const [namespace = '', name = ''] = ref.native.split('/');
    const suspend = async (isSuspended: boolean): Promise<void> => {
      const job = await lab().batch.readNamespacedJob({ name, namespace });
      job.spec!.suspend = isSuspended;
      await lab().batch.replaceNamespacedJob({ name, namespace, body: job });
    };
    await suspend(true);
    await until('suspended', async () => {
      const found = await launcher.inspect(ref);
      return found.state === 'running' && found.waiting === 'suspended' ? true : undefined;
    });
    await launcher.launch(harness.quickJob(ref.key)); // launching it again is no leave to start
    expect((await lab().batch.readNamespacedJob({ name, namespace })).spec?.suspend).toBe(true);
    await suspend(false);
    await until('unschedulable', async () => {
      const found = await launcher.inspect(ref);
      return found.state === 'running' && /Unschedulable/.test(found.waiting ?? '') ? true : undefined;
    });
    await launcher.stop(ref);
  });

  it('until its queue lets it start, when it is a job of a queue', async () => {
    const template = { metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } } };
    const { launcher, ref } = await waiting({ template }, /suspended/);
    const [namespace = '', name = ''] = ref.native.split('/');
    const job = await lab().batch.readNamespacedJob({ name, namespace });
    expect(job.metadata?.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'gpus' });
    job.spec!.suspend = false; // what the queue does
    await lab().batch.replaceNamespacedJob({ name, namespace, body: job });
    await waitForState(launcher, ref, ['ended']);
    expect((await launcher.collect(ref)).status).toBe('completed');
  });
});
