import { StateError } from '../../domain/errors.js';
import type { JobResult } from '../../domain/ports.js';
import { isThere } from '../../host/atomic-files.js';
import { EX_TEMPFAIL, readResult, STOPPED_BEFORE_START, wordsOf, type ProcessEnd } from '../job-result.js';
import type { SlurmStanding } from './examine-slurm-job.js';
import type { EndRecord, RunExit, SlurmFiles } from './slurm-files.js';
import { isFinalState, type FinalState } from './slurm-states.js';

const FIRST_SIGNAL = 128; // a shell says 128 + n for an end by signal n
const SIGTERM_EXIT = FIRST_SIGNAL + 15;
const KILLS: ReadonlySet<number> = new Set([FIRST_SIGNAL + 9, SIGTERM_EXIT]); // SIGKILL, SIGTERM

/** What each final state of Slurm means where the command did not end by itself. */
const HOW: Readonly<Record<FinalState, ProcessEnd['how']>> = {
  COMPLETED: 'preempted', // told to end by somebody, and it did
  FAILED: 'preempted',
  CANCELLED: 'cancelled',
  TIMEOUT: 'timed-out',
  DEADLINE: 'timed-out',
  PREEMPTED: 'preempted',
  NODE_FAIL: 'host-lost',
  BOOT_FAIL: 'host-lost',
  OUT_OF_MEMORY: 'failed',
};

const saidBySlurm = ({ words, exit }: EndRecord): string => {
  const status = exit === null ? '' : `exit status ${exit.code}`;
  return [status, words === '' ? '' : `Slurm: ${words}`].filter((part) => part !== '').join('; ');
};

/** The command ended, by itself as far as its script knows. */
const afterOwnExit = ({ code }: RunExit, end: EndRecord, isStopped: boolean): ProcessEnd => {
  const words = saidBySlurm(end);
  if (code === 0) return { how: 'clean', words };
  if (isStopped && KILLS.has(code)) return { how: 'cancelled', words };
  if (code === EX_TEMPFAIL) return { how: 'preempted', words: `it asks to be resumed (${words})` };
  if (code === SIGTERM_EXIT) return { how: 'preempted', words: `terminated from outside (${words})` };
  return { how: 'failed', words };
};

const LOST_NODE: ReadonlySet<string> = new Set(['NODE_FAIL', 'BOOT_FAIL'] satisfies FinalState[]);

/**
 * Did the command end by what the batch script did not hear of? What became of the job says why. The grace time of a preemption begins with a
 * SIGTERM to the tasks of an srun only, and an srun may see one of its nodes fail before the script is told.
 */
const isToldBySlurm = ({ code }: RunExit, state: string): boolean =>
  code === SIGTERM_EXIT ? isFinalState(state) : code !== 0 && LOST_NODE.has(state);

/** No script says how the command ended: it was killed with it, or never ran. */
const withoutExit = ({ starts, words }: EndRecord, state: FinalState): ProcessEnd => {
  if (state !== 'COMPLETED' && state !== 'FAILED') return { how: HOW[state], words: `Slurm: ${words}` };
  if (starts > 0) return { how: 'failed', words: `killed without an exit status (Slurm: ${words})` };
  // Nothing of the job's own ran: the node does not see the folder, or could not start the script.
  return { how: 'host-lost', words: `its batch script did not start the command (Slurm: ${words})`, notStarted: true };
};

const processEnd = (end: EndRecord, isStopped: boolean): ProcessEnd => {
  const { kind, state, exit, words, byUser, starts } = end;
  if (kind === 'stopped-before-start') return STOPPED_BEFORE_START;
  if (kind === 'refused') return { how: 'failed', words: `refused: ${words}`, notStarted: true };
  if (exit?.why === 'own' && !isToldBySlurm(exit, state)) return afterOwnExit(exit, end, isStopped);
  if (isStopped) {
    const notStarted = starts === 0 && exit === null;
    return { how: 'cancelled', words: saidBySlurm(end), ...(notStarted ? { notStarted } : {}) };
  }
  // A controller that was restarted, or a dependency that cannot be met: nobody meant this job.
  if (state === 'CANCELLED' && byUser === false)
    return { how: 'host-lost', words: `cancelled by Slurm itself, for no user (${saidBySlurm(end)})` };
  if (exit?.why === 'time' && state !== 'PREEMPTED')
    return { how: 'timed-out', words: `timed out (${saidBySlurm(end)})` };
  if (!isFinalState(state)) return { how: 'host-lost', words: `host lost: no exit status (${words})` };
  if (exit === null) return withoutExit(end, state);
  const from = state === 'COMPLETED' || state === 'FAILED' ? 'terminated from outside: ' : '';
  return { how: HOW[state], words: `${from}${saidBySlurm(end)}` };
};

const isRefused = ({ kind, state, words }: EndRecord): boolean =>
  kind === 'refused' || (state === 'FAILED' && words.includes('BadConstraints'));

/** What was whole before our stop came is kept after its own exit. */
const readStopped = async (files: SlurmFiles, end: EndRecord, seen: ProcessEnd, needed?: readonly string[]) => {
  const whole = end.exit?.code === 0 ? await readResult(files, { ...seen, how: 'clean' }, true, needed) : undefined;
  return whole?.status === 'completed' ? whole : readResult(files, seen, true, needed);
};

const read = async (files: SlurmFiles, end: EndRecord, needed?: readonly string[]): Promise<JobResult> => {
  const isStopped = await isThere(files.stopped);
  const seen = processEnd(end, isStopped);
  if (isStopped && seen.how === 'cancelled' && end.starts > 0) return readStopped(files, end, seen, needed);
  const result = await readResult(files, { ...seen, words: wordsOf(seen.words) }, isStopped, needed);
  return isRefused(end) ? { ...result, status: 'refused', detail: wordsOf(seen.words) } : result;
};

const restartWarnings = ({ starts }: EndRecord): string[] =>
  starts > 1 ? [`Slurm started the same job ${starts} times: it was requeued, or its controller forgot it`] : [];

/** Reads what an ended job left. The same files give the same result. @throws StateError when it has not ended */
export const collectSlurmJob = async (
  files: SlurmFiles,
  standing: SlurmStanding,
  needed?: readonly string[],
): Promise<JobResult> => {
  if (standing.state !== 'ended') {
    const found = standing.state === 'unknown' ? `unknown (${standing.reason})` : standing.state;
    throw new StateError(`cannot collect a job that has not ended: it is ${found} (${files.folder})`, {
      hint: 'wait until inspect says ended',
      values: { folder: files.folder, state: standing.state },
    });
  }
  const result = await read(files, standing.end, needed);
  return { ...result, warnings: [...result.warnings, ...restartWarnings(standing.end)] };
};
