import { StateError } from '../domain/errors.js';
import type { JobResult } from '../domain/ports.js';
import { isThere } from '../host/atomic-files.js';
import { examineJob, type JobEnd } from './examine-job.js';
import type { JobFiles } from './job-folder.js';
import { EX_TEMPFAIL, readResult, STOPPED_BEFORE_START, wordsOf, type ProcessEnd } from './job-result.js';

type Exited = Extract<JobEnd, { kind: 'exited' }>;

/** The end of one whose wrapper was told to end while it waited for GPUs, by somebody else than titrate. */
const ENDED_BEFORE_START = {
  how: 'preempted',
  words: 'terminated from outside before its start',
  notStarted: true,
  isFree: true,
} as const satisfies ProcessEnd;

const KILLS = new Set(['SIGTERM', 'SIGKILL']);

/** Did titrate's stop end it, or had it ended by itself before the stop came? */
const isEndedByStop = (end: JobEnd): boolean => {
  if (end.kind !== 'exited') return end.kind !== 'not-spawned';
  return end.terminated || (end.signal !== null && KILLS.has(end.signal));
};

/** How a command that was not stopped by titrate exited. SIGKILL says nothing: the kernel sends it when memory is short. */
const afterExit = ({ code, signal, timedOut, terminated }: Exited): ProcessEnd => {
  const words = signal === null ? `exit status ${code ?? 'unknown'}` : `ended by ${signal}`;
  if (timedOut) return { how: 'timed-out', words: `timed out (${words})` };
  if (terminated || signal === 'SIGTERM') return { how: 'preempted', words: `terminated from outside (${words})` };
  if (code === EX_TEMPFAIL) return { how: 'preempted', words: `it asks to be resumed (${words})` };
  return { how: code === 0 ? 'clean' : 'failed', words };
};

const processEnd = (end: JobEnd, isStopped: boolean): ProcessEnd => {
  switch (end.kind) {
    case 'exited':
      return afterExit(end);
    case 'not-spawned': {
      const words = `the command could not be started: ${wordsOf(end.message)}`;
      return { how: 'failed', words, notStarted: true };
    }
    case 'stopped-before-start':
      return isStopped ? STOPPED_BEFORE_START : ENDED_BEFORE_START;
    case 'lost':
      return { how: 'host-lost', words: `host lost or killed: no exit status (${end.why})` };
  }
};

const endOf = async (files: JobFiles): Promise<JobEnd> => {
  const standing = await examineJob(files);
  if (standing.state === 'ended') return standing.end;
  const found = standing.state === 'unknown' ? `unknown (${standing.reason})` : standing.state;
  throw new StateError(`cannot collect a job that has not ended: it is ${found} (${files.folder})`, {
    hint: 'wait until inspect says ended',
    values: { folder: files.folder, state: standing.state },
  });
};

/** Exited with status 0 before the stop's signal came to it, which then found nobody to end. */
const hadFinished = (end: JobEnd): boolean => end.kind === 'exited' && end.code === 0 && !end.timedOut;

/** Reads what an ended job left. The same files give the same result. @throws StateError when it has not ended */
export const collectJob = async (files: JobFiles, needed?: readonly string[]): Promise<JobResult> => {
  const end = await endOf(files);
  const isStopped = await isThere(files.stopped);
  const seen = processEnd(end, isStopped);
  if (!isStopped || !isEndedByStop(end)) return readResult(files, seen, isStopped, needed);
  const finished = hadFinished(end) ? await readResult(files, { ...seen, how: 'clean' }, isStopped, needed) : undefined;
  return finished?.status === 'completed'
    ? finished
    : readResult(files, { ...seen, how: 'cancelled' }, isStopped, needed);
};
