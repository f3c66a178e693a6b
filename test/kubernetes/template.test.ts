import { afterAll, beforeAll, expect, it } from 'vitest';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { readKubernetes } from '../../src/domain/kubernetes-choice.js';
import { makeHarness, withLab, type KubernetesHarness } from './harness.js';

const lab = withLab();
let harness: KubernetesHarness;
beforeAll(async () => {
  harness = await makeHarness(lab());
});
afterAll(async () => harness.close());

let last = 0;

/** The pod template that the cluster took for a sweep file's launcher. */
const templateOf = async (section: object, scale = 'S'): Promise<V1PodTemplateSpec> => {
  const key = `sweep.p${(last += 1)}.g1`;
  const choice = readKubernetes({ kind: 'kubernetes', image: 'trainer', ...section });
  const { kind: _, graceSeconds, ...rest } = choice;
  const launcher = harness.createLauncher({ ...rest, graceSeconds });
  await launcher.launch({ ...harness.longJob(key), scale });
  const job = (await lab().jobs(harness.namespace)).find(
    ({ metadata }) => metadata?.annotations?.['titrate/key'] === key,
  );
  await launcher.stop(harness.refOf(key));
  return job?.spec?.template as V1PodTemplateSpec;
};

it('A pod is what the sweep file says, with a scale laid over it', async () => {
  const { spec, metadata } = await templateOf(
    {
      command: ['train'],
      args: ['--fast'],
      env: { A: 1, B: 'two' },
      timeoutSeconds: 100.5,
      graceSeconds: 45,
      template: {
        metadata: { labels: { team: 'data' } },
        spec: {
          nodeSelector: { disk: 'ssd', gpu: 'a100' },
          containers: [
            { name: 'job', volumeMounts: [{ name: 'data', mountPath: '/data' }] },
            { name: 'side', image: 'side' },
          ],
          volumes: [{ name: 'data', emptyDir: {} }],
        },
      },
      scales: {
        big: {
          env: { B: 'three' },
          resources: { limits: { memory: '1Gi' } },
          timeoutSeconds: 200,
          template: { spec: { nodeSelector: { gpu: 'h200', disk: null } } },
        },
      },
    },
    'big',
  );
  expect(metadata?.labels).toMatchObject({ team: 'data', 'titrate/scale': 'big' });
  expect(spec).toMatchObject({
    nodeSelector: { gpu: 'h200' },
    activeDeadlineSeconds: 200,
    terminationGracePeriodSeconds: 45,
  });
  expect(spec?.nodeSelector).not.toHaveProperty('disk');
  const [job, side] = spec?.containers ?? [];
  expect(job).toMatchObject({
    name: 'job',
    image: 'trainer',
    command: ['train'],
    args: ['--fast'],
    resources: { limits: { memory: '1Gi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  const env = Object.fromEntries((job?.env ?? []).map(({ name, value }) => [name, value]));
  expect(env).toMatchObject({ A: '1', B: 'three', TITRATE_JOB_KEY: expect.stringContaining('sweep.p') as string });
  expect(side?.name).toBe('side');
});

it('The shared home is mounted into the container that trains, which is told where its folder is', async () => {
  const volume = { persistentVolumeClaim: { claimName: 'home' } };
  const { spec } = await templateOf({ sharedHome: { volume, mountPath: '/titrate', subPath: 'team' } });
  const [job] = spec?.containers ?? [];
  expect(job?.volumeMounts).toEqual([{ name: 'titrate-home', mountPath: '/titrate', subPath: 'team' }]);
  expect(spec?.volumes).toMatchObject([{ name: 'titrate-home', ...volume }]);
  expect(job?.env?.find(({ name }) => name === 'TITRATE_JOB_DIR')?.value).toMatch(/sweep\.p\d+\.g1$/);
});

it('No template can undo what the promises rest on', async () => {
  const { spec, metadata } = await templateOf({
    template: {
      metadata: { annotations: { 'titrate/key': 'another' }, labels: { 'titrate/home': 'another' } },
      spec: {
        restartPolicy: 'OnFailure',
        containers: [{ name: 'job', env: [{ name: 'TITRATE_JOB_KEY', value: 'another' }] }],
      },
    },
  });
  expect(spec?.restartPolicy).toBe('Never');
  expect(metadata?.labels?.['titrate/home']).toBe('0123456789ab');
  expect(metadata?.annotations?.['titrate/key']).toMatch(/^sweep\.p/);
  expect(spec?.containers[0]?.env?.find(({ name }) => name === 'TITRATE_JOB_KEY')?.value).toMatch(/^sweep\.p/);
});
