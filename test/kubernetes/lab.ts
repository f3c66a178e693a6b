/**
 * A Kubernetes cluster for tests: a real control plane, nodes of our own, and everything that can happen to jobs in it. Used
 * by this folder's tests and by whoever needs to break a cluster on purpose.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
  SchedulingV1Api,
  type V1Job,
  type V1Pod,
  type V1PolicyRule,
} from '@kubernetes/client-node';
import { startControlPlane, writeKubeconfig, type ControlPlane } from './control-plane.js';
import { Kubelet } from './kubelet.js';

export interface Lab {
  readonly plane: ControlPlane;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  /** Makes a namespace that pods can be created in. */
  addNamespace(name: string): Promise<void>;
  addNode(name: string, cpus?: number): Promise<Kubelet>;
  /** Kills the node's machine: its pods end without a word. */
  killNode(name: string): Promise<void>;
  /** Deletes the Node object, as a cloud does with a machine that is gone. */
  forgetNode(name: string): Promise<void>;
  /** Writes a kubeconfig of a user with these rights in the namespace and no others. */
  addUser(namespace: string, name: string, rules: readonly V1PolicyRule[]): Promise<string>;
  jobs(namespace: string): Promise<readonly V1Job[]>;
  pods(namespace: string): Promise<readonly V1Pod[]>;
  /** Waits for a pod of the namespace that is as wanted. */
  waitForPod(namespace: string, isWanted: (pod: V1Pod) => boolean, timeoutMs?: number): Promise<V1Pod>;
  deletePod(pod: V1Pod): Promise<void>;
  deleteJob(namespace: string, name: string, propagationPolicy: 'Foreground' | 'Background' | 'Orphan'): Promise<void>;
  /** Through the eviction API, as `kubectl drain` does. */
  evict(pod: V1Pod): Promise<void>;
  /** Taints the pod's node so that it must go. */
  taint(node: string): Promise<void>;
  /** Lets a pod of higher priority take the node's processors away, until it is told to give them back. */
  preempt(namespace: string, cpus: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const PATIENCE_MS = 60_000; // everything takes a second or two; a machine that does much else takes longer
const LOOK_MS = 25;
const URGENT = 'lab-urgent';

export const running = ({ status, metadata }: V1Pod): boolean =>
  status?.phase === 'Running' && metadata?.deletionTimestamp === undefined;

/** Asks until the answer is there. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = PATIENCE_MS,
): Promise<T> => {
  for (const end = performance.now() + timeoutMs; ; await sleep(LOOK_MS)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
  }
};

const nameOf = ({ metadata }: V1Pod | V1Job): { name: string; namespace: string } => ({
  name: metadata?.name ?? '',
  namespace: metadata?.namespace ?? '',
});

const ignoring =
  (...codes: number[]) =>
  (error: unknown): undefined => {
    if (codes.includes((error as { code?: number }).code ?? 0)) return undefined;
    throw error;
  };

/** Gives a service account rights by a Role, and returns a token of its own. */
const bindRole = async (config: KubeConfig, namespace: string, name: string, rules: readonly V1PolicyRule[]) => {
  const core = config.makeApiClient(CoreV1Api);
  const rbac = config.makeApiClient(RbacAuthorizationV1Api);
  const metadata = { name };
  await core.createNamespacedServiceAccount({ namespace, body: { metadata } });
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules: [...rules] } });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  await rbac.createNamespacedRoleBinding({ namespace, body: { metadata, roleRef, subjects } });
  const body = { spec: { audiences: [], expirationSeconds: 3600 } };
  const { status } = await core.createNamespacedServiceAccountToken({ name, namespace, body });
  return status?.token ?? '';
};

/** Starts a cluster with one node of 8 processors. */
export const startLab = async (): Promise<Lab> => {
  const plane = await startControlPlane();
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const batch = config.makeApiClient(BatchV1Api);
  const nodes = new Map<string, Kubelet>();
  const lab: Lab = {
    plane,
    core,
    batch,
    addNamespace: async (name) => {
      await core.createNamespace({ body: { metadata: { name } } });
      const account = { name: 'default', namespace: name };
      const isThere = () => core.readNamespacedServiceAccount(account).catch(ignoring(404));
      await until(`the service account of ${name}`, isThere);
    },
    addNode: async (name, cpus = 8) => {
      const node = new Kubelet({ kubeconfig: plane.kubeconfig, certificates: plane.folder, name, cpus });
      await node.start();
      nodes.set(name, node);
      return node;
    },
    killNode: async (name) => nodes.get(name)?.die(),
    forgetNode: async (name) => void (await core.deleteNode({ name })),
    addUser: async (namespace, name, rules) => {
      const token = await bindRole(config, namespace, name, rules);
      const folder = join(plane.folder, 'users');
      await mkdir(folder, { recursive: true });
      const { url, ca } = plane;
      return writeKubeconfig(join(folder, `${namespace}-${name}`), { url, ca, token, namespace });
    },
    jobs: async (namespace) => (await batch.listNamespacedJob({ namespace })).items,
    pods: async (namespace) => (await core.listNamespacedPod({ namespace })).items,
    waitForPod: (namespace, isWanted, timeoutMs) =>
      until('a pod', async () => (await lab.pods(namespace)).find(isWanted), timeoutMs),
    deletePod: async (pod) => void (await core.deleteNamespacedPod(nameOf(pod)).catch(ignoring(404))),
    deleteJob: async (namespace, name, propagationPolicy) =>
      void (await batch.deleteNamespacedJob({ namespace, name, body: { propagationPolicy } }).catch(ignoring(404))),
    evict: async (pod) => {
      const body = { metadata: { name: nameOf(pod).name } };
      await core.createNamespacedPodEviction({ ...nameOf(pod), body });
    },
    taint: async (name) => {
      const node = await core.readNode({ name });
      const taints = [...(node.spec?.taints ?? []), { key: 'lab/out', effect: 'NoExecute' }];
      await core.replaceNode({ name, body: { ...node, spec: { ...node.spec, taints } } });
    },
    preempt: async (namespace, cpus) => {
      const scheduling = config.makeApiClient(SchedulingV1Api);
      await scheduling.createPriorityClass({ body: { metadata: { name: URGENT }, value: 1000 } }).catch(ignoring(409));
      const name = `urgent-${Date.now()}`;
      const container = {
        name: 'urgent',
        image: 'any',
        command: ['sleep', '600'],
        resources: { requests: { cpu: String(cpus) } },
      };
      const spec = { priorityClassName: URGENT, terminationGracePeriodSeconds: 0, containers: [container] };
      await core.createNamespacedPod({ namespace, body: { metadata: { name }, spec } });
      return async () => void (await core.deleteNamespacedPod({ name, namespace }).catch(ignoring(404)));
    },
    close: async () => {
      await Promise.all([...nodes.values()].map((node) => node.die()));
      await plane.close();
    },
  };
  await lab.addNode('node-1');
  return lab;
};
