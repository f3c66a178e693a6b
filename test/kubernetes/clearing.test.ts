import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForState } from '../launchers/conformance.js';
import { makeHarness, talk, withLab, type KubernetesHarness } from './harness.js';
import { running, until } from './lab.js';

const lab = withLab();
let harness: KubernetesHarness;
beforeAll(async () => {
  harness = await makeHarness(lab());
});
afterAll(async () => harness.close());

let last = 0;
const newKey = (): string => `sweep.c${(last += 1)}.g1`;
const jobOf = async (key: string) =>
  (await lab().jobs(harness.namespace)).find(({ metadata }) => metadata?.annotations?.['titrate/key'] === key);
const podsOf = async (key: string) =>
  (await lab().pods(harness.namespace)).filter(({ metadata }) => metadata?.annotations?.['titrate/key'] === key);

describe('What stays in the cluster', () => {
  it('is a job with its pod until its result was read, and then for as long as the sweep file says', async () => {
    const [launcher, key] = [harness.createLauncher({ keepSeconds: 600 }), newKey()];
    const ref = await launcher.launch(harness.quickJob(key));
    await waitForState(launcher, ref, ['ended']);
    expect((await jobOf(key))?.spec?.ttlSecondsAfterFinished).toBeUndefined();
    expect(await podsOf(key)).toHaveLength(1);
    await launcher.collect(ref);
    expect((await jobOf(key))?.spec?.ttlSecondsAfterFinished).toBe(600);
  });

  it('is nothing, when the sweep file says so; its result is read again from the folder', async () => {
    const [launcher, key] = [harness.createLauncher({ keepSeconds: 0 }), newKey()];
    const ref = await launcher.launch(harness.quickJob(key));
    await waitForState(launcher, ref, ['ended']);
    const result = await launcher.collect(ref);
    await until('job and pod to go', async () =>
      (await jobOf(key)) === undefined && (await podsOf(key)).length === 0 ? true : undefined,
    );
    expect(await harness.createLauncher().collect(ref)).toEqual(result);
    expect(result.status).toBe('completed');
    expect(await harness.createLauncher().launch(harness.quickJob(key))).toEqual(ref);
    expect(await harness.starts(key)).toBe(1);
  });

  it('goes later, when the cluster did not answer as the result was read', async () => {
    const [launcher, key] = [harness.createLauncher({ keepSeconds: 0 }), newKey()];
    const ref = await launcher.launch(harness.quickJob(key));
    await waitForState(launcher, ref, ['ended']);
    await lab().plane.kill();
    expect((await launcher.collect(ref)).status).toBe('completed');
    await lab().plane.restart();
    await until('the cluster', () => launcher.list().catch(() => undefined));
    await until('the job to go', async () => ((await jobOf(key)) === undefined ? true : undefined));
  });

  it('is no pod of a stopped job: a stop waits for them', async () => {
    const [launcher, key] = [harness.createLauncher(), newKey()];
    const ref = await launcher.launch(harness.longJob(key));
    await lab().waitForPod(
      harness.namespace,
      (pod) => running(pod) && pod.metadata?.annotations?.['titrate/key'] === key,
    );
    await launcher.stop(ref);
    expect([await jobOf(key), await podsOf(key)]).toEqual([undefined, []]);
  });
});

describe('The list', () => {
  it('has jobs of the cluster whose folder was lost', async () => {
    const [lost, key] = [await makeHarness(lab(), { isShared: false }), newKey()];
    const launcher = lost.createLauncher({ command: talk() });
    const ref = await launcher.launch(lost.longJob(key));
    const elsewhere = await makeHarness(lab(), { isShared: false });
    const found = await elsewhere.createLauncher({ namespace: lost.namespace }).list();
    expect(found).toEqual([{ key, native: ref.native, state: 'running' }]);
    await launcher.stop(ref);
    for (const one of [lost, elsewhere]) await one.close();
  });
});
