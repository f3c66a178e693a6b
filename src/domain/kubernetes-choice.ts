/** `launcher: { kind: kubernetes }` of the sweep file: its schema, and what is made of it. */
import { z } from 'zod';
import { asText } from './job-command.js';
import { strict } from './strict-shape.js';

type Json = Readonly<Record<string, unknown>>;

/** Name of the container that trains. */
export const JOB_CONTAINER = 'job';

/** What a pod is made of. The fields beside `template` concern the container that trains. */
export interface PodChoice {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** As in Kubernetes: requests and limits. */
  readonly resources?: Json;
  /** A run is stopped after this long on its node (s). */
  readonly timeoutSeconds?: number;
  /** A partial pod template as in Kubernetes: `metadata` and `spec`. */
  readonly template?: Json;
}

/** Runs each job as a Kubernetes Job. */
export interface KubernetesChoice extends PodChoice {
  readonly kind: 'kubernetes';
  /** That of the context when absent, else `default`. */
  readonly namespace?: string;
  /** A context of the kubeconfig; its current one when absent. */
  readonly context?: string;
  /** Path; the usual places when absent: KUBECONFIG, `~/.kube/config`, the pod that the worker runs in. */
  readonly kubeconfig?: string;
  /** The volume that holds titrate's home, and where pods mount it; metrics come from pods' logs when absent. */
  readonly sharedHome?: { readonly volume: Json; readonly mountPath: string; readonly subPath?: string };
  /** From SIGTERM to SIGKILL (s). */
  readonly graceSeconds: number;
  /** How long other containers of the pod may go on after the one that trains has ended (s); as long as they like when absent. */
  readonly sidecarSeconds?: number;
  /** How long a Job stays in the cluster after its result was read (s). */
  readonly keepSeconds: number;
  /** Scale name to what its pods are made of instead, laid over the rest. */
  readonly scales?: Readonly<Record<string, PodChoice>>;
}

const GRACE_SECONDS = 30; // Kubernetes' own
const SHORTEST_SIDECAR_SECONDS = 5; // the cluster's times are whole seconds: what ended before the pod was deleted must be told from what was ended by it
const KEEP_SECONDS = 3_600; // long enough to look at a pod that failed

const text = z.string().min(1);
const json = z.record(z.string(), z.unknown());
const notNegative = z.number().min(0);

const podShape = {
  image: text.describe('Image of the container that trains.').optional(),
  command: z.array(text).min(1).describe("Program and arguments (default: the image's own).").optional(),
  args: z.array(z.string()).describe("Arguments for the image's own program.").optional(),
  env: z
    .record(text, z.union([z.string(), z.number(), z.boolean()], { error: 'text' }))
    .describe('Extra environment variables.')
    .optional(),
  resources: strict({ requests: json.optional(), limits: json.optional(), claims: z.array(json).optional() })
    .describe('Resources of the container that trains, as in Kubernetes.')
    .optional(),
  timeoutSeconds: z
    .number()
    .positive()
    .describe('A run is stopped after this many seconds on its node; waiting for a place does not count.')
    .optional(),
  template: strict({ metadata: json.optional(), spec: json.optional() })
    .describe('A partial pod template as in Kubernetes; the container that trains is called job.')
    .optional(),
};

/** The keys of the launcher in the sweep file. */
export const KubernetesSection = strict({
  kind: z.literal('kubernetes'),
  namespace: text.describe("Namespace of the jobs (default: that of the context, else 'default').").optional(),
  context: text.describe('Context of the kubeconfig (default: its current one).').optional(),
  kubeconfig: text
    .describe('Path of a kubeconfig (default: KUBECONFIG, ~/.kube/config, or the cluster that the worker runs in).')
    .optional(),
  sharedHome: strict({
    volume: json.describe("A volume source as in Kubernetes that holds titrate's home folder."),
    mountPath: text.regex(/^\//, 'an absolute path').describe('Where pods see the home folder.'),
    subPath: text.describe('Path of the home folder within the volume.').optional(),
  })
    .describe("A volume shared by the worker and the pods; without one, metrics are read from the pods' logs.")
    .optional(),
  graceSeconds: notNegative.describe('From SIGTERM to SIGKILL, in seconds (default 30).').optional(),
  sidecarSeconds: z
    .number()
    .min(SHORTEST_SIDECAR_SECONDS)
    .describe(
      'How long other containers of the pod may go on after the one that trains has ended, in seconds, 5 or more (default: as long as they like).',
    )
    .optional(),
  keepSeconds: notNegative
    .describe('How long a Job stays in the cluster after its result was read, in seconds (default 3600).')
    .optional(),
  ...podShape,
  scales: z
    .record(text, strict(podShape))
    .describe('Scale name to what its pods are made of instead, laid over the rest.')
    .optional(),
}).describe('Runs each job as a Kubernetes Job (docs/kubernetes.md).');
type KubernetesSection = z.infer<typeof KubernetesSection>;
type PodSection = Pick<KubernetesSection, keyof typeof podShape>;

/** Leaves out what was not given. */
const given = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

const readPod = ({ env, image, command, args, resources, timeoutSeconds, template }: PodSection): PodChoice =>
  given({
    image,
    command,
    args,
    env: env && asText(env),
    resources: resources && given(resources),
    timeoutSeconds,
    template: template && given(template),
  });

/** Fills in the defaults; environment values become text. */
export const readKubernetes = (section: KubernetesSection): KubernetesChoice => {
  const { namespace, context, kubeconfig, sharedHome, graceSeconds, sidecarSeconds, keepSeconds, scales } = section;
  return {
    kind: 'kubernetes',
    ...given({ namespace, context, kubeconfig, sharedHome: sharedHome && given(sharedHome), sidecarSeconds }),
    graceSeconds: graceSeconds ?? GRACE_SECONDS,
    keepSeconds: keepSeconds ?? KEEP_SECONDS,
    ...readPod(section),
    ...(scales && { scales: Object.fromEntries(Object.entries(scales).map(([name, pod]) => [name, readPod(pod)])) }),
  };
};
