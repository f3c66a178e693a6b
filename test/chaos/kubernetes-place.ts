/** Jobs on a real Kubernetes control plane whose API server, nodes, pods and Jobs are struck. One cluster for all lanes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { identify } from '../../src/host/process-identity.js';
import { findControlPlane } from '../kubernetes/build-control-plane.js';
import { running, startLab, type Lab } from '../kubernetes/lab.js';
import { findJob, stillRunning } from './job-processes.js';
import type { ChaosPlace, JobSite, Upset } from './place.js';
import type { StrikeKind } from './strike.js';

const STRIKES: readonly StrikeKind[] = [
  { victim: 'job', act: 'kill', point: 'mid-run', weight: 6, hurtsJobs: true },
  { victim: 'job', act: 'kill', point: 'torn-line', weight: 3, hurtsJobs: true },
  { victim: 'api-server', act: 'kill', point: 'before-launch', weight: 4, hurtsJobs: false },
  { victim: 'api-server', act: 'kill', point: 'after-intent', weight: 5, hurtsJobs: false },
  { victim: 'api-server', act: 'kill', point: 'mid-run', weight: 5, hurtsJobs: false },
  { victim: 'api-server', act: 'kill', point: 'after-finish', weight: 4, hurtsJobs: false },
  { victim: 'api-server', act: 'freeze', point: 'mid-run', weight: 1, hurtsJobs: false },
  { victim: 'eviction', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'preemption', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'pod', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'job-object', act: 'upset', point: 'mid-run', weight: 4, hurtsJobs: true },
  { victim: 'node', act: 'upset', point: 'mid-run', weight: 3, hurtsJobs: true },
];

const NAMESPACE = 'chaos';
const CPUS = 8; // of the lab's node; each job asks for one
const PREEMPTING_MS = 3_000;
const API_SERVER = 'api-server';

/** What an object says of itself names the key somewhere, whatever the labels are called. */
const isOf = (object: V1Pod | V1Job, key: string): boolean => JSON.stringify(object).includes(`"${key}"`);

const keysOf = (objects: readonly V1Pod[]): string[] => [
  ...new Set([...JSON.stringify(objects).matchAll(/"([\w.-]+\.t\d+\.g\d+)"/g)].map(([, key = '']) => key)),
];

class KubernetesStrikes {
  #nodes = 1;

  constructor(readonly lab: Lab) {}

  async #runningPods(): Promise<V1Pod[]> {
    return (await this.lab.pods(NAMESPACE)).filter(running);
  }

  async #onPod(key: string, act: (pod: V1Pod) => Promise<void>): Promise<Upset | undefined> {
    const pod = (await this.#runningPods()).find((one) => isOf(one, key));
    if (pod === undefined) return undefined;
    await act(pod);
    return { hurt: [key], target: `pod ${pod.metadata?.name}` };
  }

  async #deleteJob(key: string): Promise<Upset | undefined> {
    const job = (await this.lab.jobs(NAMESPACE)).find((one) => isOf(one, key));
    if (job?.metadata?.name === undefined) return undefined;
    await this.lab.deleteJob(NAMESPACE, job.metadata.name, 'Background');
    return { hurt: [key], target: `job ${job.metadata.name}` };
  }

  /** Does something to the cluster, and tells which jobs were there before or after it. */
  async #during(target: string, act: () => Promise<void>): Promise<Upset> {
    const before = await this.lab.pods(NAMESPACE);
    await act();
    return { hurt: keysOf([...before, ...(await this.lab.pods(NAMESPACE))]), target };
  }

  #preempt(): Promise<Upset> {
    return this.#during('by an urgent pod', async () => {
      const giveBack = await this.lab.preempt(NAMESPACE, CPUS);
      await sleep(PREEMPTING_MS);
      await giveBack();
    });
  }

  #loseNode(): Promise<Upset> {
    const lost = `node-${this.#nodes}`;
    this.#nodes += 1;
    return this.#during(lost, async () => {
      await this.lab.killNode(lost);
      await this.lab.forgetNode(lost);
      await this.lab.addNode(`node-${this.#nodes}`);
    });
  }

  async upset(victim: string, { key }: JobSite): Promise<Upset | undefined> {
    switch (victim) {
      case 'eviction':
        return this.#onPod(key, (pod) => this.lab.evict(pod));
      case 'pod':
        return this.#onPod(key, (pod) => this.lab.deletePod(pod));
      case 'job-object':
        return this.#deleteJob(key);
      case 'preemption':
        return this.#preempt();
      default:
        return this.#loseNode();
    }
  }
}

/** Creates the place of jobs on a Kubernetes cluster of its own. */
export const createKubernetesPlace = (): ChaosPlace => {
  let strikes: KubernetesStrikes | undefined;
  const lab = (): Lab => {
    if (strikes === undefined) throw new Error('the cluster was not started');
    return strikes.lab;
  };
  return {
    launcher: 'kubernetes',
    isShared: true,
    strikes: STRIKES,
    start: async () => {
      await findControlPlane();
      strikes = new KubernetesStrikes(await startLab());
      await lab().addNamespace(NAMESPACE);
    },
    launcherSection: (command, env, home) => ({
      kind: 'kubernetes',
      namespace: NAMESPACE,
      kubeconfig: lab().plane.kubeconfig,
      sharedHome: { volume: { hostPath: { path: home } }, mountPath: home },
      image: 'trainer',
      command,
      env,
      graceSeconds: 1,
      timeoutSeconds: 300,
      resources: { requests: { cpu: '1' } },
    }),
    env: () => ({}),
    // Whether the server has it is for the server to say; what is sure is that a job which has started was submitted.
    isSubmitted: async ({ pid }) => pid !== undefined,
    find: async (victim, job) => {
      if (victim !== API_SERVER) {
        const process = job === undefined ? undefined : await findJob(job);
        return process && { process, hurt: [job!.key] };
      }
      const process = await identify(lab().plane.pid());
      return process && { process, hurt: [] };
    },
    upset: async (victim, job) => (job === undefined ? undefined : strikes?.upset(victim, job)),
    mend: async (victim) => {
      if (victim === API_SERVER) await lab().plane.restart();
    },
    stillRunning,
    stop: async () => strikes?.lab.close(),
  };
};
