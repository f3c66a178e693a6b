/**
 * Why a job ended. The job itself says only that it failed: the cause is on its pod, as far as it was seen.
 *
 * | seen                                                         | ending                                          |
 * | ------------------------------------------------------------ | ----------------------------------------------- |
 * | exit status 0, not while being deleted                       | clean                                           |
 * | DisruptionTarget by pod garbage collection, NodeLost         | host-lost                                       |
 * | any other DisruptionTarget                                   | preempted                                       |
 * | DeadlineExceeded, of the pod or the job                      | timed-out                                       |
 * | exit status 75, or of SIGTERM (143), not from titrate        | preempted                                       |
 * | the pod deleted from outside                                 | preempted                                       |
 * | turned away by its node before it started                    | preempted                                       |
 * | any other exit status, OOMKilled, Evicted for its own use    | failed                                          |
 * | the pod gone before its end was seen                         | host-lost                                       |
 * | the job gone: deleted from outside, or by titrate's stop     | cancelled, unless its pod had ended by itself   |
 */
import { EX_TEMPFAIL, wordsOf } from '../job-result.js';
import type { EndRecord, PodStory } from './sightings.js';

/** What is known when a job has ended. */
export interface Ended {
  /** The pods that were seen, oldest first. */
  readonly pods: readonly PodStory[];
  /** Reason and message of the job's own Failed condition. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** Is the job itself gone? */
  readonly isGone: boolean;
  /** Had titrate asked for a stop? */
  readonly isStopped: boolean;
}

const SIGTERM_EXIT = 143; // 128 + 15, what shells and container runtimes report
const DEADLINE = 'DeadlineExceeded';
const HOST_LOST = new Set(['DeletionByPodGC', 'NodeLost']);

const preempted = (words: string): EndRecord => ({ how: 'preempted', words });
const lost = (words: string): EndRecord => ({ how: 'host-lost', words });

const exitWords = ({ ended }: PodStory): string => {
  if (ended === undefined) return 'no exit status was seen';
  const { exit, reason, message } = ended;
  if (exit === undefined) return [reason, message, 'no exit status'].filter((part) => part !== '').join(': ');
  const named = exit.reason === '' || exit.reason === 'Error' ? '' : ` (${exit.reason})`;
  const said = exit.code !== 0 && exit.message !== '' ? `: ${exit.message}` : '';
  const ofPod = reason === '' ? '' : `; ${[reason, message].filter((part) => part !== '').join(': ')}`;
  return wordsOf(`exit status ${exit.code}${named}${said}${ofPod}`);
};

/** Was its end somebody's deletion? What ended before it, ended by itself. */
const endedByDeletion = ({ deletedAt, ended }: PodStory): boolean => {
  if (deletedAt === undefined) return false;
  const at = ended?.exit?.at;
  return at === undefined || at >= deletedAt - 1000; // the cluster's times are cut to whole seconds
};

const disruptionOf = (pod: PodStory): EndRecord | undefined => {
  const [first] = pod.disruptions;
  if (first === undefined) return undefined;
  const host = pod.disruptions.find(({ reason }) => HOST_LOST.has(reason));
  const { reason, message } = host ?? first;
  const words = wordsOf(`${reason}: ${message} (${exitWords(pod)})`);
  return host === undefined ? preempted(words) : lost(words);
};

const ofExit = (pod: PodStory, code: number, reason: string): EndRecord => {
  const words = exitWords(pod);
  if (reason === 'ContainerStatusUnknown') return lost(words);
  if (code === EX_TEMPFAIL) return preempted(`it asks to be resumed (${words})`);
  if (reason !== 'OOMKilled' && endedByDeletion(pod)) return preempted(`its pod was deleted from outside (${words})`);
  if (code === SIGTERM_EXIT) return preempted(`terminated from outside (${words})`);
  return { how: code === 0 ? 'clean' : 'failed', words };
};

/** A pod that is over without an exit status. */
const withoutExit = (pod: PodStory, reason: string): EndRecord => {
  const words = exitWords(pod);
  if (endedByDeletion(pod)) return preempted(`its pod was deleted from outside (${words})`);
  if (pod.hasStarted) return reason === 'Evicted' ? { how: 'failed', words } : lost(words);
  return { ...preempted(`its node turned it away (${words})`), notStarted: true };
};

const endOfPod = (pod: PodStory): EndRecord => {
  const { ended } = pod;
  const exit = ended?.exit;
  if (exit?.code === 0 && pod.disruptions.length === 0 && !endedByDeletion(pod))
    return { how: 'clean', words: exitWords(pod) };
  if (ended?.reason === DEADLINE) return { how: 'timed-out', words: `timed out (${exitWords(pod)})` };
  const disruption = disruptionOf(pod);
  if (disruption !== undefined) return disruption;
  if (ended !== undefined && HOST_LOST.has(ended.reason)) return lost(exitWords(pod));
  if (exit !== undefined) return ofExit(pod, exit.code, exit.reason);
  if (ended !== undefined) return withoutExit(pod, ended.reason);
  if (endedByDeletion(pod)) return preempted('its pod was deleted from outside; no exit status was seen');
  return lost('its pod is gone, and no exit status was seen');
};

/** Did the pod end before anybody asked for the end of its job? */
const isByItself = (pod: PodStory): boolean =>
  pod.ended?.exit !== undefined && pod.disruptions.length === 0 && !endedByDeletion(pod);

const gone = ({ pods, isStopped }: Ended): EndRecord => {
  const last = pods.at(-1);
  if (last !== undefined && isByItself(last)) return endOfPod(last);
  const how = last === undefined ? 'before its pod was seen' : exitWords(last);
  const disruption = last === undefined || isStopped ? undefined : disruptionOf(last);
  const words = isStopped ? `stopped (${how})` : `its Kubernetes job was deleted from outside (${how})`;
  return disruption ?? { how: 'cancelled', words, ...(last?.hasStarted ? {} : { notStarted: true }) };
};

/** Finds out why a job ended. */
export const causeOf = (ended: Ended): EndRecord => {
  if (ended.isGone || ended.isStopped) return gone(ended);
  const { failure, pods } = ended;
  if (failure?.reason === DEADLINE) return { how: 'timed-out', words: wordsOf(`timed out (${failure.message})`) };
  const last = pods.at(-1);
  const end = last === undefined ? lost('its pod is gone, and nothing was seen of it') : endOfPod(last);
  const others = pods.length > 1 ? `; ${pods.length} pods were started for it, one after another` : '';
  return { ...end, words: `${end.words}${others}` };
};
