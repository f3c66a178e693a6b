/**
 * What was seen of a job in the cluster, in its folder: pods and jobs vanish, and a new process must know what an earlier
 * one saw. Each file is created once and never changed, so that any number of processes may write them.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createOnce, isThere, makeFolder } from '../../host/atomic-files.js';
import { errnoOf } from '../../host/disk-errors.js';
import type { JobFiles } from '../job-folder.js';
import { readJobRecord } from '../job-records.js';
import { isOver, type Pod } from './pod.js';

/** Tells clusters apart: the address, and the digest of the authority that vouches for it; tunnels share addresses. */
export const ClusterIdentity = z.object({ server: z.string(), ca: z.string().exactOptional() });
export type ClusterIdentity = z.infer<typeof ClusterIdentity>;

/** The Kubernetes job that was created for a key, for ever. */
export const CreatedRecord = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  /** Absent in files of earlier versions. */
  cluster: ClusterIdentity.exactOptional(),
});
export type CreatedRecord = z.infer<typeof CreatedRecord>;

const MarkRecord = z.object({ at: z.number() });

/** How it ended: what `collect` judges by. Named in job-result.ts. */
export const EndRecord = z.object({
  how: z.enum(['clean', 'failed', 'preempted', 'host-lost', 'timed-out', 'cancelled']),
  words: z.string(),
  notStarted: z.boolean().exactOptional(),
});
export type EndRecord = z.infer<typeof EndRecord>;

const PodRecord = z.discriminatedUnion('fact', [
  z.object({ fact: z.literal('seen'), uid: z.string(), pod: z.string(), createdAt: z.number() }),
  z.object({ fact: z.literal('started'), uid: z.string() }),
  z.object({ fact: z.literal('deleted'), uid: z.string(), at: z.number() }),
  z.object({ fact: z.literal('disrupted'), uid: z.string(), reason: z.string(), message: z.string() }),
  z.object({
    fact: z.literal('ended'),
    uid: z.string(),
    /** The pod's own reason and message, such as Evicted. */
    reason: z.string(),
    message: z.string(),
    exit: z
      .object({
        code: z.number().int(),
        reason: z.string(),
        message: z.string(),
        at: z.number().exactOptional(),
      })
      .exactOptional(),
  }),
]);
type PodRecord = z.infer<typeof PodRecord>;
type Fact<K extends PodRecord['fact']> = Extract<PodRecord, { fact: K }>;

/** Everything known about one pod. */
export interface PodStory {
  readonly uid: string;
  readonly pod: string;
  readonly createdAt: number;
  readonly hasStarted: boolean;
  readonly deletedAt?: number;
  readonly disruptions: readonly Fact<'disrupted'>[];
  readonly ended?: Fact<'ended'>;
}

const folderOf = ({ folder }: JobFiles): string => join(folder, 'kubernetes');
const fileOf = (files: JobFiles, name: string): string => join(folderOf(files), `${name}.json`);

const write = async (files: JobFiles, name: string, record: unknown): Promise<void> => {
  if (await isThere(fileOf(files, name))) return; // most looks see nothing new: spare the disk
  await makeFolder(folderOf(files));
  await createOnce(fileOf(files, name), `${JSON.stringify(record)}\n`);
};

export const readCreated = (files: JobFiles): Promise<CreatedRecord | undefined> =>
  readJobRecord(fileOf(files, 'created'), CreatedRecord);

/** Writes which job was created; the first one counts. */
export const writeCreated = async (files: JobFiles, created: CreatedRecord): Promise<CreatedRecord> => {
  await write(files, 'created', created);
  return (await readCreated(files)) ?? created;
};

export const readEnd = (files: JobFiles): Promise<EndRecord | undefined> =>
  readJobRecord(fileOf(files, 'ended'), EndRecord);

/** Writes how it ended; the first one counts, for ever. */
export const writeEnd = async (files: JobFiles, end: EndRecord): Promise<EndRecord> => {
  await write(files, 'ended', end);
  return (await readEnd(files)) ?? end;
};

/** Marks: `released` (its pod may start), `trained` (its training has ended, and other containers go on), `collected` (its result was read). */
type Mark = 'released' | 'trained' | 'collected' | 'cleared';

/** When a mark was made (ms since the epoch, by the clock of a worker); undefined when it was not. */
export const markedAt = async (files: JobFiles, mark: Mark): Promise<number | undefined> =>
  (await readJobRecord(fileOf(files, mark), MarkRecord))?.at;

export const isMarked = async (files: JobFiles, mark: Mark): Promise<boolean> =>
  (await markedAt(files, mark)) !== undefined;

export const mark = (files: JobFiles, name: Mark): Promise<void> => write(files, name, { at: Date.now() });

const factsOf = (pod: Pod): PodRecord[] => {
  const { uid, disruption } = pod;
  const facts: PodRecord[] = [{ fact: 'seen', uid, pod: pod.name, createdAt: pod.createdAt }];
  if (pod.hasStarted) facts.push({ fact: 'started', uid });
  if (pod.deletedAt !== undefined) facts.push({ fact: 'deleted', uid, at: pod.deletedAt });
  if (disruption !== undefined) facts.push({ fact: 'disrupted', uid, ...disruption });
  // A container is done some time before its pod; a pod may be over with a container that nobody saw end.
  if (isOver(pod)) facts.push(endOf(pod));
  return facts;
};

const endOf = ({ uid, reason, message, exit }: Pod): PodRecord => ({
  fact: 'ended',
  uid,
  reason,
  message,
  ...(exit === undefined ? {} : { exit }),
});

/** Writes how a pod's training ended that is not over: what comes after is none of the run's. */
export const noteTrained = async (files: JobFiles, pod: Pod): Promise<void> => {
  const fact = endOf(pod);
  await write(files, nameOf(fact), fact);
};

const nameOf = (fact: PodRecord): string => {
  const reason = fact.fact === 'disrupted' ? `.${fact.reason.replaceAll(/[^A-Za-z0-9]/g, '')}` : '';
  return `pod-${fact.uid}.${fact.fact}${reason}`;
};

/** Writes what is new about a pod. */
export const notePod = async (files: JobFiles, pod: Pod): Promise<void> => {
  for (const fact of factsOf(pod)) await write(files, nameOf(fact), fact);
};

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
};

const storyOf = (facts: readonly PodRecord[]): PodStory[] => {
  const one = <K extends PodRecord['fact']>(kind: K, uid: string): Fact<K>[] =>
    facts.filter((fact): fact is Fact<K> => fact.fact === kind && fact.uid === uid);
  return facts
    .filter((fact) => fact.fact === 'seen')
    .map(({ uid, pod, createdAt }) => {
      const [deleted] = one('deleted', uid);
      const [ended] = one('ended', uid);
      return {
        uid,
        pod,
        createdAt,
        hasStarted: one('started', uid).length > 0,
        disruptions: one('disrupted', uid),
        ...(deleted === undefined ? {} : { deletedAt: deleted.at }),
        ...(ended === undefined ? {} : { ended }),
      };
    })
    .toSorted((a, b) => a.createdAt - b.createdAt);
};

/** Reads what was ever seen of the job's pods, oldest first. */
export const readPods = async (files: JobFiles): Promise<readonly PodStory[]> => {
  const names = (await namesIn(folderOf(files))).filter((name) => /^pod-.*\.json$/.test(name)).toSorted();
  const facts = await Promise.all(names.map((name) => readJobRecord(join(folderOf(files), name), PodRecord)));
  return storyOf(facts.flatMap((fact) => fact ?? []));
};
