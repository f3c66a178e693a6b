import { JOB_CONTAINER, type PodChoice } from '../domain/kubernetes-choice.js';
import type { Sweep } from '../domain/sweep.js';

interface Container {
  readonly name?: unknown;
  readonly image?: unknown;
}

const isContainer = (value: unknown): value is Container => value !== null && typeof value === 'object';

const containersOf = ({ template }: PodChoice): readonly Container[] => {
  const listed = (template?.['spec'] as { readonly containers?: unknown } | undefined)?.containers;
  return Array.isArray(listed) ? listed.filter(isContainer) : [];
};

/** Says at which scales no image is named for the container that trains: the cluster refuses such a job, unless a rule of its own adds one. */
export const kubernetesNotes = ({ launcher, scales }: Sweep): string[] => {
  if (launcher.kind !== 'kubernetes') return [];
  return scales.flatMap(({ name }) => {
    const choices = [launcher, launcher.scales?.[name] ?? {}];
    const containers = choices.flatMap(containersOf);
    const isNamed = (one: Container): boolean => one.name === JOB_CONTAINER && one.image !== undefined;
    if (choices.some(({ image }) => image !== undefined) || containers.some(isNamed)) return [];
    const others = [...new Set(containers.map((one) => String(one.name)))].filter((other) => other !== JOB_CONTAINER);
    const found = others.length === 0 ? '' : `; the template has ${others.join(', ')}, beside which it runs`;
    return [
      `jobs at ${name} have no image: give launcher.image, or one to the template's container called ${JOB_CONTAINER}, which is the one that trains${found}`,
    ];
  });
};
