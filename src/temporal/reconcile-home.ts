/**
 * Looks at every sweep folder of a home and compares the jobs that its launcher knows with record and workflows. A trial
 * whose workflow is gone is taken up again by its sweep, and one whose end the sweep has not heard of (its workflow was
 * reset, say) is asked for; a job that nobody owns goes into quarantine. Nothing is stopped.
 */
import type { Client } from '@temporalio/client';
import { sweepWorkflowId, SWEEP_SIGNALS, trialWorkflowId } from '../domain/messages.js';
import { errorText } from '../domain/errors.js';
import { bookOf, judgeByRecord, judgeByServer } from '../domain/orphan.js';
import { parseJobKey } from '../domain/job-key.js';
import type { TrialBook, Verdict, WorkflowStanding } from '../domain/orphan.js';
import type { FoundJob, JobRef, Launcher } from '../domain/ports.js';
import type { ReconcileReport } from '../activities/reconcile-activities.js';
import { isThere } from '../host/atomic-files.js';
import { changeQuarantine, type Orphan, type QuarantineAct } from '../ledger/quarantine.js';
import type { RecordFile } from '../ledger/record-file.js';
import { describeWorkflow } from './describe-workflow.js';
import { findTrialBy } from './find-trial.js';
import { sweepFolders, sweepPaths, type Home } from './home.js';
import { isElsewhere } from './sweep-server.js';
import { openSweepFolder, type SweepFolder } from './sweep-folder.js';
import type { createLaunchers } from './launchers.js';

export interface ReconcilerOptions {
  readonly home: Home;
  readonly launcherFor: ReturnType<typeof createLaunchers>;
  readonly recordFor: (sweepId: string) => Pick<RecordFile, 'read'>;
}

interface ReconcileTools extends ReconcilerOptions {
  /** Null when the server cannot be asked: trials in flight are left unjudged then, as are those of a sweep of another server. */
  readonly client: Client | null;
  /** Sweeps that ended and have no job left, with the stamp of their record: looked at once. */
  readonly settled: Map<string, string>;
}

/** Looks for jobs that no trial owns; without a client, trials in flight are left unjudged. */
export type Reconciler = (client: Client | null) => Promise<ReconcileReport>;

/** Creates the look at a home; it remembers which sweeps are settled for good. Safe to use in several processes at once. */
export const createReconciler = (options: ReconcilerOptions): Reconciler => {
  const settled = new Map<string, string>();
  return (client) => reconcileHome({ ...options, client, settled });
};

type Open = Exclude<FoundJob['state'], 'ended'>;
type OpenJob = FoundJob & { readonly state: Open };

/** A job with what was found about it. */
interface Judged {
  readonly job: OpenJob;
  readonly verdict: Verdict;
  readonly launchedAt?: string | undefined;
}

/** What one sweep folder led to. */
interface Looked {
  readonly sweepId: string;
  readonly launcher: Launcher;
  readonly judged: readonly Judged[];
  /** Keys of jobs that have ended, and their trials with them, while the record knows nothing of it. */
  readonly unheard: readonly string[];
}

/** The book of a sweep's record, as it is now; undefined when there is no record. */
const readBook = async ({ home, recordFor }: ReconcileTools, sweepId: string): Promise<TrialBook | undefined> =>
  (await isThere(sweepPaths(home, sweepId).record)) ? bookOf((await recordFor(sweepId).read()).lines) : undefined;

const isOpen = (job: FoundJob): job is OpenJob => job.state !== 'ended';

/** The reference of a job that was listed. */
const refOf = (tools: Pick<ReconcileTools, 'home'>, sweepId: string, launcher: Launcher, job: FoundJob): JobRef => ({
  key: job.key,
  launcher: launcher.kind,
  folder: `${sweepPaths(tools.home, sweepId).jobs}/${job.key}`,
  native: job.native,
});

const sweepStanding = async (client: Client, sweepId: string): Promise<WorkflowStanding['sweep']> => {
  const name = (await describeWorkflow(client, sweepWorkflowId(sweepId)))?.status.name;
  if (name === undefined) return { state: 'none' };
  return name === 'RUNNING' ? { state: 'open' } : { state: 'closed', how: name };
};

const askServer = async (
  { client, home }: Pick<ReconcileTools, 'client' | 'home'>,
  sweepId: string,
  trial: string,
  generation: number,
): Promise<WorkflowStanding | null> => {
  if (client === null) return null;
  const sweep = await sweepStanding(client, sweepId);
  if (sweep.state === 'none' && (await isElsewhere(home, sweepId, client))) return null;
  const { standing } = await findTrialBy(client, trial, trialWorkflowId(sweepId, trial, generation));
  return { sweep, trial: standing };
};

const judge = async (
  tools: ReconcileTools,
  sweepId: string,
  book: TrialBook | undefined,
  job: OpenJob,
): Promise<Judged> => {
  if (book === undefined) {
    return { job, verdict: { kind: 'orphan', cause: 'no-record', why: 'its sweep’s folder has no record' } };
  }
  const byRecord = judgeByRecord(job, book);
  const launchedAt = book.get(parseJobKey(job.key)?.trial ?? '')?.launchedAt[job.key];
  if (byRecord.kind !== 'in-flight') return { job, verdict: byRecord, launchedAt };
  const standing = await askServer(tools, sweepId, byRecord.trial, parseJobKey(job.key)?.generation ?? 1);
  return { job, verdict: judgeByServer(byRecord.trial, standing), launchedAt };
};

/** The ended jobs whose trial is in flight by the record although its workflow has ended. */
const unheardOf = async (
  tools: ReconcileTools,
  sweepId: string,
  book: TrialBook | undefined,
  ended: readonly FoundJob[],
): Promise<string[]> => {
  const unheard: string[] = [];
  if (tools.client === null || book === undefined) return unheard;
  for (const job of ended) {
    const byRecord = judgeByRecord(job, book);
    if (byRecord.kind !== 'in-flight') continue;
    const standing = await askServer(tools, sweepId, byRecord.trial, parseJobKey(job.key)?.generation ?? 1);
    if (standing?.sweep.state === 'open' && standing.trial !== 'running') unheard.push(job.key);
  }
  return unheard;
};

/** A job may have ended between the listing and the reading of the record: an orphan is looked at again. */
const stillThere = async (
  tools: ReconcileTools,
  { sweepId, launcher }: Pick<Looked, 'sweepId' | 'launcher'>,
  { job }: Judged,
): Promise<boolean> => (await launcher.inspect(refOf(tools, sweepId, launcher, job))).state !== 'ended';

/** Jobs of other sweeps that this backend runs: those of this home are judged in their own folders. */
const judgeForeign = (job: OpenJob, known: ReadonlySet<string>): Judged[] => {
  const sweep = parseJobKey(job.key)?.sweep;
  if (sweep === undefined || known.has(sweep)) return [];
  return [{ job, verdict: { kind: 'orphan', cause: 'unknown-sweep', why: `this home has no sweep ${sweep}` } }];
};

const look = async (tools: ReconcileTools, folder: SweepFolder, known: ReadonlySet<string>): Promise<Looked> => {
  const { sweepId } = folder;
  const launcher = await tools.launcherFor(sweepId, folder.launcher);
  const all = await launcher.list();
  const jobs = all.filter(isOpen);
  if (folder.ended && jobs.length === 0) tools.settled.set(sweepId, folder.stamp);
  const isOurs = ({ key }: FoundJob): boolean => (parseJobKey(key)?.sweep ?? sweepId) === sweepId;
  const ours = jobs.filter(isOurs);
  const ended = folder.ended ? [] : all.filter((job) => !isOpen(job) && isOurs(job));
  // After the listing, never before.
  const book = ours.length + ended.length === 0 ? undefined : await readBook(tools, sweepId);
  const judged: Judged[] = jobs.filter((job) => !isOurs(job)).flatMap((job) => judgeForeign(job, known));
  for (const job of ours) judged.push(await judge(tools, sweepId, book, job));
  const looked = { sweepId, launcher, judged, unheard: await unheardOf(tools, sweepId, book, ended) };
  const kept: Judged[] = [];
  for (const one of judged) {
    if (one.verdict.kind !== 'orphan' || (await stillThere(tools, looked, one))) kept.push(one);
  }
  return { ...looked, judged: kept };
};

const orphanOf = (tools: ReconcileTools, { sweepId, launcher }: Looked, one: Judged, at: string): Orphan[] => {
  const { job, verdict, launchedAt } = one;
  if (verdict.kind !== 'orphan') return [];
  const { key, native, state } = job;
  const { cause, why } = verdict;
  const { folder } = refOf(tools, sweepId, launcher, job);
  return [{ key, sweep: sweepId, launcher: launcher.kind, native, folder, state, cause, why, since: launchedAt ?? at }];
};

/** What is to be written: new orphans, changed ones, and those that are gone from sweeps that could be looked at. */
const quarantineActs = (
  held: ReadonlyMap<string, Orphan>,
  found: readonly Orphan[],
  unjudged: ReadonlySet<string>,
  unseen: ReadonlySet<string>,
): QuarantineAct[] => {
  const now = new Set(found.map(({ key }) => key));
  const fresh = found
    .filter(({ key, cause, state }) => held.get(key)?.cause !== cause || held.get(key)?.state !== state)
    .map((orphan) => ({
      act: 'quarantined' as const,
      orphan: { ...orphan, since: held.get(orphan.key)?.since ?? orphan.since },
    }));
  const gone = [...held.values()]
    .filter(({ key, sweep }) => !now.has(key) && !unjudged.has(key) && !unseen.has(sweep))
    .map(({ key }) => ({ act: 'released' as const, key, why: 'it has ended, or a trial owns it again' }));
  return [...fresh, ...gone];
};

type Trouble = ReconcileReport['troubles'][number];

/** Tells sweeps to ask for their trials; returns the keys of the jobs that this is about, and why a sweep could not be told. */
const adopt = async (
  tools: ReconcileTools,
  looked: readonly Looked[],
): Promise<{ adopted: string[]; untold: Trouble[] }> => {
  const adopted: string[] = [];
  const untold: Trouble[] = [];
  for (const { sweepId, judged, unheard } of looked) {
    const gone = judged.filter(({ verdict }) => verdict.kind === 'adopt').map(({ job }) => job.key);
    const keys = [...gone, ...unheard];
    if (keys.length === 0 || tools.client === null) continue;
    try {
      await tools.client.workflow.getHandle(sweepWorkflowId(sweepId)).signal(SWEEP_SIGNALS.reconcile);
      adopted.push(...keys);
    } catch (error) {
      untold.push({ sweep: sweepId, trouble: errorText(error) }); // a role that may only read, say
    }
  }
  return { adopted, untold };
};

/** Looks at all sweeps of a home; see the head of this file. */
const reconcileHome = async (tools: ReconcileTools): Promise<ReconcileReport> => {
  const sweepIds = await sweepFolders(tools.home); // one that cannot be looked into tells of no job that it is gone
  const known = new Set(sweepIds);
  const looked: Looked[] = [];
  const troubles: Trouble[] = [];
  for (const sweepId of sweepIds) {
    try {
      const folder = await openSweepFolder(tools.home, sweepId);
      if (folder === undefined || (folder.ended && tools.settled.get(sweepId) === folder.stamp)) continue;
      looked.push(await look(tools, folder, known));
    } catch (error) {
      troubles.push({ sweep: sweepId, trouble: errorText(error) });
    }
  }
  const { adopted, untold } = await adopt(tools, looked);
  const at = new Date().toISOString();
  const all = looked.flatMap(({ judged }) => judged);
  const unjudged = new Set(all.filter(({ verdict }) => verdict.kind === 'unjudged').map(({ job }) => job.key));
  const orphans = looked.flatMap((one) => one.judged.flatMap((judged) => orphanOf(tools, one, judged, at)));
  const found = [...new Map(orphans.map((orphan) => [orphan.key, orphan])).values()]; // backends may be shared by sweeps
  const unseen = new Set(troubles.map(({ sweep }) => sweep));
  const held = await changeQuarantine(tools.home.quarantine, at, (before) =>
    quarantineActs(before, found, unjudged, unseen),
  );
  return {
    at,
    sweeps: sweepIds.length,
    open: all.length,
    unjudged: unjudged.size,
    adopted,
    orphans: [...held.values()],
    troubles: [...troubles, ...untold],
  };
};
