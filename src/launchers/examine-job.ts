import { setTimeout as sleep } from 'node:timers/promises';
import { isThere } from '../host/atomic-files.js';
import { liveness, type ProcessIdentity } from '../host/process-identity.js';
import type { JobFiles } from './job-folder.js';
import { findByToken } from './job-processes.js';
import { ChildRecord, ExitRecord, LockRecord, readJobRecord } from './job-records.js';
import { DECLARED_LOST } from './job-result.js';

/** How a job ended. Kinds, not texts, so that they can be treated differently. */
export type JobEnd =
  | {
      readonly kind: 'exited';
      readonly code: number | null;
      readonly signal: string | null;
      readonly timedOut: boolean;
      /** Ended by a signal to the wrapper: a stop, or the machine going down. */
      readonly terminated: boolean;
    }
  | { readonly kind: 'not-spawned'; readonly message: string }
  | { readonly kind: 'stopped-before-start' }
  /** No exit status, and nobody left who could write one. */
  | { readonly kind: 'lost'; readonly why: string };

/** What the folder and the process table say together. */
export type JobStanding =
  | { readonly state: 'absent' }
  | { readonly state: 'not-started' }
  | { readonly state: 'running'; readonly processes: readonly ProcessIdentity[] }
  | { readonly state: 'ended'; readonly end: JobEnd }
  | { readonly state: 'unknown'; readonly reason: string };

const SECOND_LOOK_MS = 100; // a process that forks or execs just now can be missed by one walk over the process table

const ended = (end: JobEnd): JobStanding => ({ state: 'ended', end });

const readExit = async (files: JobFiles): Promise<JobEnd | undefined> => readJobRecord(files.exit, ExitRecord);

const withoutLock = async (files: JobFiles): Promise<JobStanding> => {
  if (await isThere(files.stopped)) return ended({ kind: 'stopped-before-start' });
  return { state: (await isThere(files.spec)) ? 'not-started' : 'absent' };
};

/** Finds what still runs of a job whose wrapper is dead. */
const findOrphans = async (lock: LockRecord, child: ChildRecord | undefined): Promise<readonly ProcessIdentity[]> => {
  if (child !== undefined && (await liveness(child)) === 'alive') return [child];
  const first = await findByToken(lock.token);
  if (first.length > 0) return first;
  await sleep(SECOND_LOOK_MS);
  return findByToken(lock.token);
};

const afterWrapper = async (files: JobFiles, lock: LockRecord): Promise<JobStanding> => {
  const child = await readJobRecord(files.child, ChildRecord);
  const orphans = await findOrphans(lock, child);
  if (orphans.length > 0) return { state: 'running', processes: orphans };
  // Whatever was alive at an earlier look may have written its exit meanwhile.
  const end = await readExit(files);
  const started = child === undefined ? 'before its command was recorded' : 'with its command';
  return ended(end ?? { kind: 'lost', why: `the machine went down, or the wrapper was killed ${started}` });
};

const unknownUnlessDeclared = async (files: JobFiles, reason: string): Promise<JobStanding> => {
  if (await isThere(files.lost)) return ended({ kind: 'lost', why: `${DECLARED_LOST} (${reason})` });
  return { state: 'unknown', reason: `${reason}; if that is gone for good, create the empty file ${files.lost}` };
};

/** Finds out where a job is; changes nothing. @throws StateError when a record is not ours */
export const examineJob = async (files: JobFiles): Promise<JobStanding> => {
  const end = await readExit(files);
  if (end !== undefined) return ended(end);
  const lock = await readJobRecord(files.lock, LockRecord);
  if (lock === undefined) return withoutLock(files);
  const wrapper = await liveness(lock);
  if (wrapper === 'alive') return { state: 'running', processes: [lock] };
  return wrapper === 'dead' ? afterWrapper(files, lock) : unknownUnlessDeclared(files, wrapper.unknown);
};

/** Every process of the job that still runs, the wrapper included. */
export const jobProcesses = async (files: JobFiles): Promise<readonly ProcessIdentity[]> => {
  const lock = await readJobRecord(files.lock, LockRecord);
  if (lock === undefined) return [];
  const child = await readJobRecord(files.child, ChildRecord);
  const found = [...(await findByToken(lock.token))];
  for (const known of [lock, child]) {
    if (known === undefined || found.some(({ pid }) => pid === known.pid)) continue;
    if ((await liveness(known)) === 'alive') found.push(known);
  }
  return found;
};
