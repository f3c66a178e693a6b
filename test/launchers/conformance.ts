/** What every launcher promises, whatever its backend. Each launcher's own test calls it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { isTitrateError, LauncherError, StateError } from '../../src/domain/errors.js';
import type { JobRef, JobSpec, JobState, Launcher } from '../../src/domain/ports.js';

export interface LauncherHarness {
  /** A launcher as another process would create it: each call a new one, over the same jobs. */
  createLauncher(): Launcher;
  /** A job that reports all its checkpoints and completes within a second or two. */
  quickJob(key: string): JobSpec;
  /** A job that runs for a minute at least. */
  longJob(key: string): JobSpec;
  /** How often a job of this key was really started, by its own account; absent when the backend cannot tell. */
  starts?(key: string): Promise<number>;
  /** Ends whatever is left. */
  close?(): Promise<void>;
}

const LOOK_MS = 20;

/** Asks until the job is in one of these states. */
export const waitForState = async (
  launcher: Launcher,
  ref: JobRef,
  states: readonly JobState['state'][],
  timeoutMs = 15_000,
): Promise<JobState> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await launcher.inspect(ref);
    if (states.includes(found.state)) return found;
    if (performance.now() > end)
      throw new Error(`waited ${timeoutMs} ms for ${states.join(' or ')}: ${JSON.stringify(found)}`);
    await sleep(LOOK_MS);
  }
};

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`expected a rejection, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

let lastKey = 0;
const newKey = (): string => `sweep.t${(lastKey += 1)}.g1`;

export const describeLauncherConformance = (name: string, makeHarness: () => Promise<LauncherHarness>): void => {
  describe(`${name} keeps what every launcher promises`, () => {
    const harness = makeHarness();
    afterAll(async () => (await harness).close?.());

    const startsOf = async (key: string): Promise<number> => (await harness).starts?.(key) ?? 1;

    it('runs a job to its end and reports metrics at every checkpoint', async () => {
      const { createLauncher, quickJob } = await harness;
      const [launcher, job] = [createLauncher(), quickJob(newKey())];
      const ref = await launcher.launch(job);
      expect(ref).toMatchObject({ key: job.key, launcher: launcher.kind });
      await waitForState(launcher, ref, ['ended']);
      const result = await launcher.collect(ref);
      expect(result).toMatchObject({ status: 'completed', stepsReached: job.steps, warnings: [] });
      expect(result.curve.map(({ steps }) => steps)).toEqual(job.checkpoints);
      expect(result.metrics).toEqual(result.curve.at(-1)?.metrics);
      expect(Object.values(result.metrics).length).toBeGreaterThan(0);
    });

    it('gives references and results that are plain JSON', async () => {
      const { createLauncher, quickJob } = await harness;
      const launcher = createLauncher();
      const ref = await launcher.launch(quickJob(newKey()));
      const state = await waitForState(launcher, ref, ['ended']);
      const result = await launcher.collect(ref);
      for (const value of [ref, state, result]) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
    });

    it('starts a key once, however often it is launched', async () => {
      const { createLauncher, quickJob } = await harness;
      const job = quickJob(newKey());
      const first = await createLauncher().launch(job);
      const again = await Promise.all([1, 2, 3].map(() => createLauncher().launch({ ...job })));
      for (const ref of again) expect(ref).toEqual(first);
      await waitForState(createLauncher(), first, ['ended']);
      expect(await createLauncher().launch(job)).toEqual(first);
      expect(await startsOf(job.key)).toBe(1);
    });

    it('refuses another job under the same key and leaves the first one alone', async () => {
      const { createLauncher, quickJob } = await harness;
      const [launcher, job] = [createLauncher(), quickJob(newKey())];
      const ref = await launcher.launch(job);
      expect(await rejection(launcher.launch({ ...job, seed: job.seed + 1 }))).toBeInstanceOf(LauncherError);
      await waitForState(launcher, ref, ['ended']);
      expect((await launcher.collect(ref)).status).toBe('completed');
    });

    it('lets a new launcher follow, stop and collect the jobs of an earlier one', async () => {
      const { createLauncher, longJob } = await harness;
      const job = longJob(newKey());
      const ref = await createLauncher().launch(job);
      expect((await createLauncher().inspect(ref)).state).toBe('running');
      await createLauncher().stop(ref);
      expect((await createLauncher().inspect(ref)).state).toBe('ended');
      expect((await createLauncher().collect(ref)).status).toBe('cancelled');
    });

    it('refuses to collect a job that has not ended', async () => {
      const { createLauncher, longJob } = await harness;
      const launcher = createLauncher();
      const ref = await launcher.launch(longJob(newKey()));
      expect(await rejection(launcher.collect(ref))).toBeInstanceOf(StateError);
      await launcher.stop(ref);
    });

    it('stops twice without complaint, and a stopped job stays stopped', async () => {
      const { createLauncher, longJob } = await harness;
      const [launcher, job] = [createLauncher(), longJob(newKey())];
      const ref = await launcher.launch(job);
      await launcher.stop(ref);
      await launcher.stop(ref);
      expect(await launcher.launch(job)).toEqual(ref);
      expect((await launcher.inspect(ref)).state).toBe('ended');
      expect((await launcher.collect(ref)).status).toBe('cancelled');
    });

    it('starts no job that was stopped before its launch, and says so', async () => {
      const { createLauncher, longJob, starts } = await harness;
      const [launcher, job] = [createLauncher(), longJob(newKey())];
      const ref = { key: job.key, launcher: launcher.kind, folder: '', native: '' };
      await launcher.stop(ref);
      expect((await launcher.inspect(ref)).state).toBe('ended');
      const result = { status: 'cancelled', stepsReached: 0, curve: [] };
      expect(await launcher.collect(ref)).toMatchObject({
        ...result,
        detail: 'stopped before its start',
        notStarted: true,
      });
      await createLauncher().launch(job); // a launch that was under way
      await waitForState(launcher, ref, ['ended']);
      expect(await createLauncher().collect(ref)).toMatchObject(result);
      expect((await starts?.(job.key)) ?? 0).toBe(0);
    });

    it('leaves a finished job as it is when it is stopped too late', async () => {
      const { createLauncher, quickJob } = await harness;
      const launcher = createLauncher();
      const ref = await launcher.launch(quickJob(newKey()));
      await waitForState(launcher, ref, ['ended']);
      const before = await launcher.collect(ref);
      await launcher.stop(ref);
      expect(await launcher.collect(ref)).toEqual(before);
      expect(before.status).toBe('completed');
    });

    it('lists the jobs that it knows, each once and under its key', async () => {
      const { createLauncher, longJob } = await harness;
      const job = longJob(newKey());
      const ref = await createLauncher().launch(job);
      const mine = async () => (await createLauncher().list()).filter(({ key }) => key === job.key);
      expect(await mine()).toEqual([{ key: job.key, native: expect.any(String), state: 'running' }]);
      await createLauncher().stop(ref);
      expect((await mine()).map(({ state }) => state)).toEqual(['ended']);
    });

    it('gives the same result however often and by whomever it is collected', async () => {
      const { createLauncher, quickJob } = await harness;
      const ref = await createLauncher().launch(quickJob(newKey()));
      await waitForState(createLauncher(), ref, ['ended']);
      const results = [await createLauncher().collect(ref), await createLauncher().collect(ref)];
      expect(results[1]).toEqual(results[0]);
    });

    it('says which key it does not know', async () => {
      const { createLauncher, quickJob } = await harness;
      const launcher = createLauncher();
      const known = await launcher.launch(quickJob(newKey()));
      const key = newKey();
      const ref = { ...known, key, folder: known.folder.replace(known.key, key) };
      for (const error of [await rejection(launcher.inspect(ref)), await rejection(launcher.collect(ref))]) {
        expect(isTitrateError(error) && error.message.includes(key)).toBe(true);
      }
      await waitForState(launcher, known, ['ended']);
    });

    it('refuses keys that would leave its folder', async () => {
      const { createLauncher, quickJob } = await harness;
      const launcher = createLauncher();
      for (const key of ['..', '../up', 'a/b', 'a\\b', '', 'a\u0000b', 'a\nb']) {
        const error = await rejection(launcher.launch({ ...quickJob(newKey()), key }));
        expect(isTitrateError(error), JSON.stringify(key)).toBe(true);
      }
    });
  });
};
