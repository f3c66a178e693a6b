import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { KubernetesChoice } from '../../src/domain/kubernetes-choice.js';
import type { JobRef, JobSpec, Launcher } from '../../src/domain/ports.js';
import { createKubernetesLauncher, type KubernetesOptions } from '../../src/launchers/kubernetes.js';
import type { LauncherHarness } from '../launchers/conformance.js';
import { startLab, type Lab } from './lab.js';

const trainer = join(import.meta.dirname, '../launchers/trainer.mjs');
const talker = join(import.meta.dirname, 'talker.mjs');

export interface KubernetesHarness extends LauncherHarness {
  readonly namespace: string;
  readonly jobsFolder: string;
  createLauncher(choice?: Partial<KubernetesChoice>, options?: Partial<KubernetesOptions>): Launcher;
  job(key: string, changes?: Partial<JobSpec>): JobSpec;
  starts(key: string): Promise<number>;
  refOf(key: string): JobRef;
  close(): Promise<void>;
}

/** Commands of jobs: `train` and its modes write files, `talk` prints. */
export const train = (mode = 'train'): readonly string[] => [process.execPath, trainer, mode];
export const talk = (mode = 'train'): readonly string[] => [process.execPath, talker, mode];

let namespaces = 0;

/** Makes a namespace of its own and a jobs folder, shared with pods unless they `talk`. */
export const makeHarness = async (lab: Lab, { isShared = true } = {}): Promise<KubernetesHarness> => {
  const jobsFolder = await mkdtemp(join(tmpdir(), 'titrate-jobs-'));
  const namespace = `space-${(namespaces += 1)}-${process.pid}`;
  await lab.addNamespace(namespace);
  const choice: KubernetesChoice = {
    kind: 'kubernetes',
    namespace,
    kubeconfig: lab.plane.kubeconfig,
    graceSeconds: 1,
    keepSeconds: 600,
    image: 'trainer',
    command: isShared ? train() : talk(),
    env: { TITRATE_STARTS: join(jobsFolder, 'starts.log') },
    resources: { requests: { cpu: '1' } },
  };
  const refOf = (key: string): JobRef => ({ key, launcher: 'kubernetes', folder: join(jobsFolder, key), native: '' });
  const job = (key: string, changes: Partial<JobSpec> = {}): JobSpec => ({
    key,
    sweep: 'sweep',
    trial: 't1',
    generation: 1,
    mixture: { web: 0.5, code: 0.5 },
    scale: 'S',
    parameters: 1000,
    tokensPerStep: 10,
    steps: 20,
    checkpoints: [10, 20],
    seed: 1,
    cost: 0.05,
    ...changes,
  });
  return {
    namespace,
    jobsFolder,
    createLauncher: (changes = {}, options = {}) =>
      createKubernetesLauncher({
        choice: { ...choice, ...changes },
        jobsFolder,
        podJobsFolder: isShared ? jobsFolder : undefined,
        owner: { home: '0123456789ab', sweep: 'sweep' },
        now: Date.now,
        ...options,
      }),
    job,
    refOf,
    quickJob: (key) => job(key),
    longJob: (key) => job(key, { cost: 240 }),
    starts: async (key) => {
      const lines = (await readFile(join(jobsFolder, 'starts.log'), 'utf8').catch(() => '')).split('\n');
      return lines.filter((line) => line.startsWith(`${key} `)).length;
    },
    close: async () => {
      for (const { metadata } of await lab.jobs(namespace))
        await lab.deleteJob(namespace, metadata?.name ?? '', 'Background');
      for (const pod of await lab.pods(namespace)) await lab.deletePod(pod);
      await rm(jobsFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
};

/** Starts one cluster before the file's tests and ends it after them; call the result inside a test or hook. */
export const withLab = (): (() => Lab) => {
  let lab: Lab | undefined;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(async () => lab?.close());
  return () => {
    if (lab === undefined) throw new Error('the cluster is there only inside tests and hooks');
    return lab;
  };
};
