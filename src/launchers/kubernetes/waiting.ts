import type { V1Job } from '@kubernetes/client-node';
import { printable } from '../printable.js';
import { isLingering, isOver, type Pod } from './pod.js';

const LONGEST = 300; // it travels in heartbeats

/** On the way to running, for seconds: no news. */
const ON_THE_WAY = new Set(['ContainerCreating', 'PodInitializing']);

const ofPod = (pod: Pod): string | undefined => {
  if (pod.phase === 'Unknown') return 'its node does not answer';
  if (pod.deletedAt !== undefined && !isOver(pod)) {
    return `its pod is being ended${pod.disruption === undefined ? '' : ` (${pod.disruption.reason})`}`;
  }
  if (isLingering(pod))
    return `its training has ended with exit status ${pod.exit?.code}; other containers of its pod run on: ${pod.others.join(', ')}`;
  if (pod.phase !== 'Pending') return undefined;
  if (pod.held !== undefined && !ON_THE_WAY.has(pod.held)) return pod.held;
  return pod.unscheduled ?? (pod.held === undefined ? 'its pod is about to start' : undefined);
};

/** Says why a job does not train at the moment, in the cluster's words; undefined when it does. */
export const waitingOf = (job: V1Job | undefined, pods: readonly Pod[], lastEvent: string): string | undefined => {
  const alive = pods.find((pod) => !isOver(pod));
  const words = ((): string | undefined => {
    if (alive !== undefined) return ofPod(alive);
    if (job?.metadata?.deletionTimestamp !== undefined) return 'its Kubernetes job is being deleted';
    if (job?.spec?.suspend === true) return 'suspended';
    return lastEvent === '' ? 'it has no pod yet' : `it has no pod yet: ${lastEvent}`;
  })();
  return words === undefined ? undefined : printable(words, LONGEST);
};
