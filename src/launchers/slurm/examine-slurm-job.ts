/**
 * Where a job is, by its folder and by what Slurm says. The queue's word goes before the accounting's: a row that looks
 * final there (PREEMPTED, NODE_FAIL, CANCELLED) proves nothing while the queue knows the job. What nobody knows is unknown,
 * never failed, until Slurm has answered for long without it and its beat has been still for as long.
 */
import { LauncherError } from '../../domain/errors.js';
import { readTail } from '../../host/atomic-files.js';
import { DECLARED_LOST } from '../job-result.js';
import { conclude } from './conclude-job.js';
import { askAccounting, askAccountingOf } from './slurm-accounting.js';
import type { SlurmContext } from './slurm-context.js';
import { readEvidence, slurmName, type EndRecord, type FolderEvidence, type SlurmFiles } from './slurm-files.js';
import type { SlurmJob } from './slurm-queue.js';
import { isFinalState, meaningOf } from './slurm-states.js';

/** What folder and Slurm say together. */
export type SlurmStanding =
  | { readonly state: 'absent' }
  | { readonly state: 'not-submitted' }
  /** `waiting`: why it does not train at the moment. */
  | { readonly state: 'running'; readonly waiting?: string }
  | { readonly state: 'ended'; readonly end: EndRecord }
  | { readonly state: 'unknown'; readonly reason: string };

const BEAT_BYTES = 100;

/** A job as one look finds it. */
interface Look {
  readonly context: SlurmContext;
  readonly files: SlurmFiles;
  readonly key: string;
  readonly evidence: FolderEvidence;
}

/** Did nobody submit it, as far as the folder can tell? */
const isUnsent = ({ uncertain, owner, isReferred }: FolderEvidence): boolean =>
  uncertain === 0 && owner === undefined && !isReferred;

/** Has the command ended by itself? Then no start will follow. */
const hasEndedItself = ({ exit }: FolderEvidence): boolean => exit?.why === 'own';

const endOnce = async (look: Look, conclusion: Parameters<typeof conclude>[2]): Promise<SlurmStanding> => {
  look.context.missing.delete(look.key);
  return { state: 'ended', end: await conclude(look.context, look.files, conclusion) };
};

/** How long Slurm has been answering without a sign of this job (ms); a beat starts it anew. */
const missedFor = async ({ context, files, key }: Look): Promise<number> => {
  const beat = (await readTail(files.beat, BEAT_BYTES)) ?? '';
  const known = context.missing.get(key);
  if (known !== undefined && known.beat === beat) return performance.now() - known.since;
  context.missing.set(key, { since: performance.now(), beat });
  return 0;
};

/** Waits out what may still show: a file that is late, a row that is late, a job that nobody knows. */
const waitOut = async (look: Look, reason: string, then: Parameters<typeof conclude>[2]): Promise<SlurmStanding> => {
  if ((await missedFor(look)) >= look.context.patienceMs) return endOnce(look, then);
  return { state: 'unknown', reason };
};

const describe = ({ state, reason }: SlurmJob): string =>
  reason === '' || reason === 'None' ? state : `${state} (${reason})`;

/** The command ran, and the script that says how it ended has not said so: on a network file system that may be late. */
const lacksExit = ({ starts, exit }: FolderEvidence, state: string): boolean =>
  starts > 0 && exit === undefined && (state === 'COMPLETED' || state === 'FAILED');

const afterEnd = async (look: Look, job: SlurmJob): Promise<SlurmStanding> => {
  const { state, byUser } = job;
  const conclusion = { kind: 'slurm', state, words: describe(job), byUser } as const;
  if (!lacksExit(look.evidence, job.state)) return endOnce(look, conclusion);
  return waitOut(look, `Slurm says ${describe(job)}, its exit status is not to be seen yet`, conclusion);
};

/** What the queue does not know: ended long ago, not known yet, or lost. */
const outsideQueue = async (look: Look, rows: readonly SlurmJob[] | undefined): Promise<SlurmStanding> => {
  const { evidence } = look;
  const row = rows?.findLast(({ id }) => evidence.owner === undefined || id === evidence.owner.job);
  if (row !== undefined && isFinalState(row.state)) return afterEnd(look, row);
  if (hasEndedItself(evidence)) return endOnce(look, { kind: 'exited' });
  const said = row === undefined ? 'nothing' : describe(row);
  const words = `Slurm no longer knows the job; its accounting says ${rows === undefined ? 'nothing, there is none' : said}`;
  if (evidence.isDeclaredLost) return endOnce(look, { kind: 'gone', words: `${words}; ${DECLARED_LOST}` });
  if (evidence.isStopped && evidence.owner === undefined) return endOnce(look, { kind: 'stopped-before-start', words });
  return waitOut(look, `the queue does not know it, the accounting says ${said}`, { kind: 'gone', words });
};

/** The queue does not say who cancelled a job, which the accounting does, where there is one. */
const afterCancel = async (look: Look, job: SlurmJob): Promise<SlurmStanding> => {
  const rows = await askAccountingOf(look.context.calls, job);
  if (rows === undefined) return afterEnd(look, job);
  const row = rows.at(-1);
  if (row?.state === 'CANCELLED') return afterEnd(look, row);
  const conclusion = { kind: 'slurm', state: job.state, words: describe(job) } as const;
  return waitOut(look, `Slurm says ${describe(job)}, its accounting not yet by whom`, conclusion);
};

const inQueue = async (look: Look, jobs: readonly SlurmJob[]): Promise<SlurmStanding | undefined> => {
  const { owner } = look.evidence;
  const ours = owner === undefined ? jobs : jobs.filter(({ id }) => id === owner.job);
  const active = ours.find(({ state }) => meaningOf(state) === 'active');
  if (active !== undefined) {
    look.context.missing.delete(look.key);
    return active.state === 'RUNNING' ? { state: 'running' } : { state: 'running', waiting: describe(active) };
  }
  const strange = ours.find(({ state }) => meaningOf(state) === undefined);
  if (strange !== undefined) return { state: 'unknown', reason: `Slurm says ${describe(strange)}` };
  const last = ours.at(-1);
  if (last?.state === 'CANCELLED' && !look.evidence.isStopped) return afterCancel(look, last);
  return last === undefined ? undefined : afterEnd(look, last);
};

const askSlurm = async (look: Look): Promise<SlurmStanding> => {
  const { context, files, key } = look;
  const name = slurmName(key, files.folder);
  const queued = await inQueue(look, (await context.queue.look()).named(name));
  if (queued !== undefined) return queued;
  if (isUnsent(look.evidence)) return { state: 'not-submitted' };
  return outsideQueue(look, await askAccounting(context.calls, name));
};

/** Finds out where a job is; what it finds to have ended stays so. @throws StateError when a record is not ours */
export const examineSlurmJob = async (
  context: SlurmContext,
  files: SlurmFiles,
  key: string,
): Promise<SlurmStanding> => {
  const evidence = await readEvidence(files);
  const look: Look = { context, files, key, evidence };
  if (evidence.end !== undefined) return { state: 'ended', end: evidence.end };
  if (evidence.isStopped && isUnsent(evidence)) return endOnce(look, { kind: 'stopped-before-start' });
  if (!evidence.isSpecified) return { state: 'absent' };
  try {
    return await askSlurm(look);
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error;
    context.missing.delete(key); // what does not answer does not count as an answer without the job
    if (hasEndedItself(evidence)) return endOnce(look, { kind: 'exited' });
    // A cluster that was given up never answers: a person's word has to do.
    if (evidence.isDeclaredLost) return endOnce(look, { kind: 'gone', words: `${error.message}; ${DECLARED_LOST}` });
    return { state: 'unknown', reason: error.message };
  }
};
