/** The Kubernetes job of a spec: the user's pod template with what titrate needs laid over it. */
import { posix } from 'node:path';
import { JOB_CONTAINER, type KubernetesChoice, type PodChoice } from '../../domain/kubernetes-choice.js';
import type { JobSpec } from '../../domain/ports.js';
import { mergeTemplates } from './merge-template.js';
import { jobName, KEY_ANNOTATION, labelsOf, SPEC_ANNOTATION, specDigest, type Owner } from './names.js';

type Json = Readonly<Record<string, unknown>>;

export interface ManifestOptions {
  readonly choice: KubernetesChoice;
  readonly owner: Owner;
  /** The jobs folder as pods see it; absent when they see none and metrics come from the log. */
  readonly podJobsFolder?: string | undefined;
}

const SHARED_VOLUME = 'titrate-home';

/** Kueue decides itself when a job of this label may start. */
const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

const variables = (env: Readonly<Record<string, string>>): Json[] =>
  Object.entries(env).map(([name, value]) => ({ name, value }));

/** Changes the training container and no other. */
const inContainer = (container: Json, spec: Json = {}): Json => ({
  spec: { ...spec, containers: [{ name: JOB_CONTAINER, ...container }] },
});

/** What holds unless the template says otherwise. */
const DEFAULTS: Json = inContainer(
  { terminationMessagePolicy: 'FallbackToLogsOnError' }, // the last lines of a failed job are in the pod's status then
  { automountServiceAccountToken: false }, // a training job has no business with the cluster
);

const shorthand = ({ image, command, args, env, resources, timeoutSeconds }: PodChoice): Json =>
  inContainer(
    {
      ...(image === undefined ? {} : { image }),
      ...(command === undefined ? {} : { command }),
      ...(args === undefined ? {} : { args }),
      ...(env === undefined ? {} : { env: variables(env) }),
      ...(resources === undefined ? {} : { resources }),
    },
    // Of the pod, not of the job: a job's own deadline counts the days that it waits for a place.
    timeoutSeconds === undefined ? {} : { activeDeadlineSeconds: Math.ceil(timeoutSeconds) },
  );

const sharedHome = ({ sharedHome: home }: KubernetesChoice): Json => {
  if (home === undefined) return {};
  const mount = { name: SHARED_VOLUME, mountPath: home.mountPath };
  const volumeMounts = [home.subPath === undefined ? mount : { ...mount, subPath: home.subPath }];
  return inContainer({ volumeMounts }, { volumes: [{ name: SHARED_VOLUME, ...home.volume }] });
};

const contract = (job: JobSpec, podJobsFolder: string | undefined): Record<string, string> => ({
  TITRATE_JOB_KEY: job.key,
  ...(podJobsFolder === undefined
    ? { TITRATE_JOB_SPEC: JSON.stringify(job) }
    : { TITRATE_JOB_DIR: posix.join(podJobsFolder, job.key) }),
});

/** What no template may change, since the promises rest on it. */
const needs = ({ choice, owner, podJobsFolder }: ManifestOptions, job: JobSpec): Json => ({
  metadata: { labels: labelsOf(owner, job), annotations: { [KEY_ANNOTATION]: job.key } },
  ...inContainer(
    { env: variables(contract(job, podJobsFolder)) },
    { restartPolicy: 'Never', terminationGracePeriodSeconds: Math.ceil(choice.graceSeconds) },
  ),
});

const podTemplate = (options: ManifestOptions, job: JobSpec): Json => {
  const { choice } = options;
  const scale = choice.scales?.[job.scale] ?? {};
  return [
    choice.template ?? {},
    shorthand(choice),
    scale.template ?? {},
    shorthand(scale),
    sharedHome(choice),
    needs(options, job),
  ].reduce(mergeTemplates, DEFAULTS);
};

const metadataOf = (template: Json): { labels: Record<string, string>; annotations: Record<string, string> } =>
  template['metadata'] as never;

/** Does a queue, and not titrate, decide when the job starts? */
export const isQueued = (labels: Readonly<Record<string, string>> | undefined): boolean =>
  labels?.[QUEUE_LABEL] !== undefined;

/** Are there jobs of the sweep whose start a queue decides? */
export const usesQueue = ({ template, scales = {} }: KubernetesChoice): boolean =>
  [template, ...Object.values(scales).map((scale) => scale.template)].some((one) =>
    isQueued((one?.['metadata'] as { labels?: Record<string, string> } | undefined)?.labels),
  );

/**
 * Builds the job of a spec. It is created suspended: its pod may start only after the launcher has its uid on disk. A pod
 * that is gone is never replaced: `backoffLimit` 0 fails the job with its first pod, `podReplacementPolicy` waits until
 * that pod is really gone.
 */
export const manifestOf = (options: ManifestOptions, job: JobSpec) => {
  const template = podTemplate(options, job);
  const { labels, annotations } = metadataOf(template);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(options.owner, job.key),
      labels,
      annotations: { ...annotations, [SPEC_ANNOTATION]: specDigest(job) },
    },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      template,
    },
  };
};
