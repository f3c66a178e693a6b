/** What titrate reads of a pod, as the API gives it: from a typed call or, as plain JSON, from a watch. */
import { z } from 'zod';
import { JOB_CONTAINER } from '../../domain/kubernetes-choice.js';

const text = z.string().nullish();
type Text = z.infer<typeof text>;
const moment = z.union([z.date(), z.string()]).nullish();

const ContainerState = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).nullish(),
      running: z.object({}).nullish(),
      terminated: z
        .object({
          exitCode: z.number().int(),
          signal: z.number().nullish(),
          reason: text,
          message: text,
          finishedAt: moment,
        })
        .nullish(),
    })
    .nullish(),
});
type ContainerState = z.infer<typeof ContainerState>;

const Condition = z.object({ type: z.string(), status: z.string(), reason: text, message: text });

const ApiPod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    creationTimestamp: moment,
    deletionTimestamp: moment,
    deletionGracePeriodSeconds: z.number().nullish(),
  }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(Condition).nullish(),
      containerStatuses: z.array(ContainerState).nullish(),
      initContainerStatuses: z.array(ContainerState).nullish(),
    })
    .nullish(),
});

export interface Pod {
  readonly name: string;
  readonly uid: string;
  /** Uid of the Kubernetes job that it belongs to, or did before it was orphaned. */
  readonly owner: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly createdAt: number;
  /** When somebody asked for its deletion (ms since the epoch). */
  readonly deletedAt?: number;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  /** Why the cluster took its place away. */
  readonly disruption?: { readonly reason: string; readonly message: string };
  /** Why it has no place yet. */
  readonly unscheduled?: string;
  /** Why a container of it does not start. */
  readonly held?: string;
  /** Its other containers that run. */
  readonly others: readonly string[];
  /** Is or was its training container running? */
  readonly hasStarted: boolean;
  readonly exit?: {
    readonly code: number;
    readonly reason: string;
    readonly message: string;
    /** ms since the epoch */
    readonly at?: number;
  };
}

const at = (value: z.infer<typeof moment>): number | undefined =>
  value === null || value === undefined ? undefined : new Date(value).getTime();

const reasonAndMessage = ({ reason, message }: { readonly reason?: Text; readonly message?: Text }): string =>
  [reason, message].filter((part) => part !== undefined && part !== null && part !== '').join(': ');

const exitOf = (container: ContainerState | undefined): Pod['exit'] => {
  const ended = container?.state?.terminated;
  if (ended === null || ended === undefined) return undefined;
  const finishedAt = at(ended.finishedAt);
  const words = { reason: ended.reason ?? '', message: ended.message ?? '' };
  return { code: ended.exitCode, ...words, ...(finishedAt === undefined ? {} : { at: finishedAt }) };
};

/** Waiting for its image or its set-up; the plain states on the way to running are no news. */
const heldBy = (containers: readonly ContainerState[]): string | undefined => {
  const waiting = containers.map(({ state }) => state?.waiting).find((found) => found?.reason);
  return waiting === undefined || waiting === null ? undefined : reasonAndMessage(waiting);
};

const deletedAt = ({ deletionTimestamp, deletionGracePeriodSeconds }: z.infer<typeof ApiPod>['metadata']) => {
  const end = at(deletionTimestamp); // of the grace, not of the asking
  return end === undefined ? undefined : end - 1000 * (deletionGracePeriodSeconds ?? 0);
};

const defined = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

/** Reads a pod; undefined when it is not one. */
export const readPod = (object: unknown): Pod | undefined => {
  const { data } = ApiPod.safeParse(object);
  if (data === undefined) return undefined;
  const { metadata, status } = data;
  const conditions = status?.conditions ?? [];
  const find = (type: string, value: string) => conditions.find((one) => one.type === type && one.status === value);
  const [disrupted, unplaced] = [find('DisruptionTarget', 'True'), find('PodScheduled', 'False')];
  const containers = status?.containerStatuses ?? [];
  const training = containers.find(({ name }) => name === JOB_CONTAINER);
  const exit = exitOf(training);
  return {
    name: metadata.name,
    uid: metadata.uid,
    owner: metadata.labels?.['batch.kubernetes.io/controller-uid'] ?? metadata.labels?.['controller-uid'] ?? '',
    annotations: metadata.annotations ?? {},
    createdAt: at(metadata.creationTimestamp) ?? 0,
    phase: status?.phase ?? '',
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    others: containers.flatMap(({ name, state }) => (name !== JOB_CONTAINER && state?.running ? [name] : [])),
    hasStarted: exit !== undefined || Boolean(training?.state?.running),
    ...defined({
      exit,
      deletedAt: deletedAt(metadata),
      disruption: disrupted && { reason: disrupted.reason ?? '', message: disrupted.message ?? '' },
      unscheduled: unplaced && reasonAndMessage(unplaced),
      held: heldBy([...(status?.initContainerStatuses ?? []), ...containers]),
    }),
  };
};

/** Has its training come to an end while other containers of it go on? */
export const isLingering = (pod: Pod): boolean => pod.exit !== undefined && pod.others.length > 0 && !isOver(pod);

/** Has it come to its end? A container may be done some time before its pod is. */
export const isOver = ({ phase }: Pod): boolean => phase === 'Succeeded' || phase === 'Failed';
