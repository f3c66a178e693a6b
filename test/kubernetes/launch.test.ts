import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LauncherError, RefusedError } from '../../src/domain/errors.js';
import type { LaunchStep } from '../../src/launchers/kubernetes/launch.js';
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
const newKey = (): string => `sweep.k${(last += 1)}.g1`;
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  );

/** The Kubernetes job of a key. */
const jobOf = async (key: string) =>
  (await lab().jobs(harness.namespace)).find(({ metadata }) => metadata?.annotations?.['titrate/key'] === key);

/** Launches and dies at a step. */
const dieAt = async (step: LaunchStep, key: string): Promise<void> => {
  const died = new Error(`died at ${step}`);
  const onLaunchStep = (reached: LaunchStep): void => {
    if (reached === step) throw died;
  };
  expect(await rejection(harness.createLauncher({}, { onLaunchStep }).launch(harness.quickJob(key)))).toBe(died);
};

const finish = async (key: string) => {
  const launcher = harness.createLauncher();
  const ref = await launcher.launch(harness.quickJob(key));
  await waitForState(launcher, ref, ['ended']);
  return launcher.collect(ref);
};

describe('A job is started at most once', () => {
  it.each<LaunchStep>(['intent-written', 'job-created', 'uid-written', 'released', 'reference-written'])(
    'by a launcher that died at "%s" and is followed by another one',
    async (step) => {
      const key = newKey();
      await dieAt(step, key);
      expect((await finish(key)).status).toBe('completed');
      expect(await harness.starts(key)).toBe(1);
      const mine = (await lab().jobs(harness.namespace)).filter(
        ({ metadata }) => metadata?.annotations?.['titrate/key'] === key,
      );
      expect(mine).toHaveLength(1);
    },
  );

  it('and never before its uid is on disk', async () => {
    const key = newKey();
    await dieAt('job-created', key);
    await new Promise((done) => setTimeout(done, 1_500)); // longer than the job controller takes
    expect((await jobOf(key))?.spec?.suspend).toBe(true);
    expect(await harness.starts(key)).toBe(0);
  });

  it('also when it was deleted before its uid was on disk: it had never run', async () => {
    const key = newKey();
    await dieAt('job-created', key);
    await lab().deleteJob(harness.namespace, (await jobOf(key))?.metadata?.name ?? '', 'Background');
    await until('the job to go', async () => ((await jobOf(key)) === undefined ? true : undefined));
    expect((await finish(key)).status).toBe('completed');
    expect(await harness.starts(key)).toBe(1);
  });

  it('and not again when it was deleted from outside: that is recorded', async () => {
    const [launcher, key] = [harness.createLauncher(), newKey()];
    const ref = await launcher.launch(harness.longJob(key));
    await until('its own word that it started', async () => ((await harness.starts(key)) > 0 ? true : undefined));
    await lab().deleteJob(harness.namespace, (await jobOf(key))?.metadata?.name ?? '', 'Background');
    await waitForState(launcher, ref, ['ended']);
    expect(await harness.createLauncher().launch(harness.longJob(key))).toEqual(ref);
    expect(await jobOf(key)).toBeUndefined();
    const { status, detail } = await harness.createLauncher().collect(ref);
    expect({ status, detail }).toEqual({
      status: 'cancelled',
      detail: expect.stringContaining('deleted from outside') as string,
    });
    expect(await harness.starts(key)).toBe(1);
  });

  it('also when the deletion of its job is held up', async () => {
    const [launcher, key] = [harness.createLauncher(), newKey()];
    await launcher.launch(harness.longJob(key));
    const name = (await jobOf(key))?.metadata?.name ?? '';
    const job = await lab().batch.readNamespacedJob({ name, namespace: harness.namespace });
    job.metadata!.finalizers = ['test/held'];
    await lab().batch.replaceNamespacedJob({ name, namespace: harness.namespace, body: job });
    await lab().deleteJob(harness.namespace, name, 'Background');
    const again = await harness.createLauncher().launch(harness.longJob(key));
    expect((await launcher.inspect(again)).state).toBe('running');
    const held = await lab().batch.readNamespacedJob({ name, namespace: harness.namespace });
    held.metadata!.finalizers = [];
    await lab().batch.replaceNamespacedJob({ name, namespace: harness.namespace, body: held });
    await waitForState(launcher, again, ['ended']);
    expect(await harness.starts(key)).toBeLessThanOrEqual(1);
  });

  it('per home: another home of the same sweep has a job of its own', async () => {
    const key = newKey();
    const other = await makeHarness(lab());
    const launcher = other.createLauncher(
      { namespace: harness.namespace },
      { owner: { home: 'ba9876543210', sweep: 'sweep' } },
    );
    const [mine, theirs] = [
      await harness.createLauncher().launch(harness.quickJob(key)),
      await launcher.launch(other.quickJob(key)),
    ];
    expect(theirs.native).not.toBe(mine.native);
    for (const [one, ref] of [
      [harness.createLauncher(), mine],
      [launcher, theirs],
    ] as const)
      await waitForState(one, ref, ['ended']);
    expect([await harness.starts(key), await other.starts(key)]).toEqual([1, 1]);
    await other.close();
  });
});

describe('A job of the same name', () => {
  it('that is not of this key is left alone', async () => {
    const key = newKey();
    await dieAt('job-created', key);
    const name = (await jobOf(key))?.metadata?.name ?? '';
    const body = { metadata: { annotations: { 'titrate/key': 'somebody else' } } };
    const job = await lab().batch.readNamespacedJob({ name, namespace: harness.namespace });
    job.metadata!.annotations = { ...job.metadata!.annotations, ...body.metadata.annotations };
    await lab().batch.replaceNamespacedJob({ name, namespace: harness.namespace, body: job });
    const error = await rejection(harness.createLauncher().launch(harness.quickJob(key)));
    expect(error).toBeInstanceOf(LauncherError);
    expect((error as Error).message).toContain('somebody else');
    expect((await lab().batch.readNamespacedJob({ name, namespace: harness.namespace })).spec?.suspend).toBe(true);
  });
});

describe('A job that the cluster will never accept is refused', () => {
  const refused = async (template: Record<string, unknown>, words: RegExp): Promise<void> => {
    const key = newKey();
    const error = await rejection(harness.createLauncher({ template }).launch(harness.quickJob(key)));
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as Error).message).toMatch(words);
    expect(await jobOf(key)).toBeUndefined();
  };

  it('when its template is not valid', () =>
    refused(
      { spec: { containers: [{ name: 'job', resources: { limits: { memory: 'much' } } }] } },
      /quantities must match/,
    ));

  it('when its template has a field that Kubernetes does not know', () =>
    refused({ spec: { nodeSelektor: { gpu: 'h200' } } }, /nodeSelektor/));

  it('when its template breaks a rule between fields', () =>
    refused(
      { spec: { containers: [{ name: 'job', volumeMounts: [{ name: 'nowhere', mountPath: '/x' }] }] } },
      /nowhere/,
    ));
});

describe('What may change is waited for', () => {
  it('such as a quota that is used up', async () => {
    const space = await makeHarness(lab());
    const { namespace } = space;
    const hard = { 'count/jobs.batch': '0' };
    await lab().core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: 'none' }, spec: { hard } } });
    const quota = await lab().core.readNamespacedResourceQuota({ name: 'none', namespace });
    quota.status = { hard, used: { 'count/jobs.batch': '0' } }; // what the quota controller does
    await lab().core.replaceNamespacedResourceQuotaStatus({ name: 'none', namespace, body: quota });
    const key = newKey();
    const launch = () => space.createLauncher().launch(space.quickJob(key));
    const error = (await until('the quota to count', () =>
      launch().then(
        () => undefined,
        (found: unknown) => found,
      ),
    )) as LauncherError;
    expect(error).toBeInstanceOf(LauncherError);
    expect(error.message).toContain('exceeded quota');
    await lab().core.deleteNamespacedResourceQuota({ name: 'none', namespace });
    const ref = await until('room', () => launch().catch(() => undefined));
    await waitForState(space.createLauncher(), ref, ['ended']);
    await space.close();
  });

  it('such as a namespace that is not there yet', async () => {
    const error = await rejection(harness.createLauncher({ namespace: 'nowhere' }).launch(harness.quickJob(newKey())));
    expect(error).toBeInstanceOf(LauncherError);
    expect((error as LauncherError).hint).toContain('namespace');
  });

  it('such as credentials that have run out, until the kubeconfig has new ones', async () => {
    const kubeconfig = await lab().addUser(harness.namespace, 'expired', []);
    const text = (await readFile(kubeconfig, 'utf8')).replace(/"token":"[^"]+"/, '"token":"no-more"');
    await writeFile(join(lab().plane.folder, 'expired'), text);
    const launcher = harness.createLauncher({ kubeconfig: join(lab().plane.folder, 'expired') });
    const key = newKey();
    const error = await rejection(launcher.launch(harness.quickJob(key)));
    expect(error).toBeInstanceOf(LauncherError);
    expect((error as LauncherError).hint).toContain('credentials');
    await writeFile(join(lab().plane.folder, 'expired'), await readFile(lab().plane.kubeconfig, 'utf8'));
    const ref = await launcher.launch(harness.quickJob(key));
    await waitForState(launcher, ref, ['ended']);
  });

  it('such as a kubeconfig without the context', async () => {
    const error = await rejection(harness.createLauncher({ context: 'moon' }).launch(harness.quickJob(newKey())));
    expect(error).toBeInstanceOf(LauncherError);
    expect((error as Error).message).toMatch(/"moon".*lab/);
  });
});
