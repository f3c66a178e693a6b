import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LauncherError } from '../../src/domain/errors.js';
import type { JobRef, Launcher } from '../../src/domain/ports.js';
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
const newKey = (): string => `sweep.o${(last += 1)}.g1`;

/** Follows a job as a supervisor does, and tells every state but running and ended. */
const supervise = async (launcher: Launcher, ref: JobRef): Promise<readonly string[]> => {
  const seen: string[] = [];
  for (;;) {
    const { state } = await launcher.inspect(ref);
    if (state === 'ended') return seen;
    if (state === 'unknown') seen.push(state);
    await new Promise((done) => setTimeout(done, 200));
  }
};

describe('While the API server is down', () => {
  it('a job is unknown, never failed; it runs on and completes', async () => {
    const [launcher, key] = [harness.createLauncher(), newKey()];
    const ref = await launcher.launch(harness.job(key, { cost: 2 }));
    await lab().waitForPod(harness.namespace, running);
    const supervised = supervise(launcher, ref);
    await lab().plane.kill();
    expect(await launcher.inspect(ref)).toMatchObject({ state: 'unknown' });
    await expect(launcher.collect(ref)).rejects.toBeInstanceOf(LauncherError);
    await expect(launcher.stop({ ...ref, key: newKey() })).rejects.toBeInstanceOf(LauncherError);
    await new Promise((done) => setTimeout(done, 2_500)); // the job ends meanwhile
    await lab().plane.restart();
    expect(await supervised).toContain('unknown');
    expect((await launcher.collect(ref)).status).toBe('completed');
    expect(await harness.starts(key)).toBe(1);
  });

  it('a launch is an error that is tried again, and starts the job once', async () => {
    const key = newKey();
    await lab().plane.kill();
    const launch = () => harness.createLauncher().launch(harness.quickJob(key));
    await expect(launch()).rejects.toMatchObject({
      code: 'LauncherError',
      message: expect.stringContaining('does not answer'),
    });
    await lab().plane.restart();
    const ref = await until('a launch that goes through', () => launch().catch(() => undefined));
    await waitForState(harness.createLauncher(), ref, ['ended']);
    expect(await harness.starts(key)).toBe(1);
  });

  it('a frozen server holds nobody up for ever, and what it took late starts once', async () => {
    const key = newKey();
    const launcher = harness.createLauncher();
    const known = await launcher.launch(harness.job(newKey(), { cost: 4 }));
    lab().plane.freeze();
    const began = performance.now();
    const launching = harness.createLauncher().launch(harness.quickJob(key));
    await expect(launching).rejects.toBeInstanceOf(LauncherError);
    expect(await launcher.inspect(known)).toMatchObject({ state: 'unknown' });
    expect(performance.now() - began).toBeLessThan(40_000);
    lab().plane.thaw();
    const ref = await until('a launch that goes through', () =>
      harness
        .createLauncher()
        .launch(harness.quickJob(key))
        .catch(() => undefined),
    );
    for (const one of [ref, known]) await waitForState(launcher, one, ['ended']);
    expect([await harness.starts(key), await harness.starts(known.key)]).toEqual([1, 1]);
  });
});

describe('The watch', () => {
  it('goes on after a restart, and keeps why a pod ended that is gone when it is asked for', async () => {
    const [launcher, key] = [harness.createLauncher(), newKey()];
    const ref = await launcher.launch(harness.longJob(key));
    const isMine = (name?: string) => name?.startsWith(ref.native.split('/')[1] ?? '?') === true;
    await lab().waitForPod(harness.namespace, (pod) => isMine(pod.metadata?.name) && running(pod));
    await lab().plane.restart();
    const pod = await until('the API server', () =>
      lab()
        .waitForPod(harness.namespace, (one) => isMine(one.metadata?.name) && running(one))
        .catch(() => undefined),
    );
    await waitForState(launcher, ref, ['running']);
    await new Promise((done) => setTimeout(done, 6_000)); // longer than the watch pauses
    await lab().evict(pod);
    await until('the pod to go', async () => {
      const pods = await lab().pods(harness.namespace);
      return pods.some(({ metadata }) => isMine(metadata?.name)) ? undefined : true;
    });
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({
      status: 'preempted',
      detail: expect.stringContaining('EvictionByEvictionAPI'),
    });
  });

  it('keeps what a pod printed that is gone when it is asked for', async () => {
    const talking = await makeHarness(lab(), { isShared: false });
    const launcher = talking.createLauncher({ command: talk() });
    const ref = await launcher.launch(talking.longJob(newKey()));
    const pod = await lab().waitForPod(talking.namespace, running);
    await until('a first line', async () => {
      const found = await launcher.inspect(ref);
      return found.state === 'running' && found.progress?.steps === 10 ? true : undefined;
    });
    await lab().evict(pod);
    await until('the pod to go', async () => ((await lab().pods(talking.namespace)).length === 0 ? true : undefined));
    await waitForState(launcher, ref, ['ended']);
    expect(await launcher.collect(ref)).toMatchObject({ status: 'preempted', stepsReached: 10 });
    await talking.close();
  });
});
