/** Is what the record says of a job what the job's own files say? */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import type { CurvePoint } from '../domain/observation.js';
import type { RecordEvent, RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { isThere, readTail } from '../host/atomic-files.js';
import { checkKey, jobFiles, type JobFiles } from '../launchers/job-folder.js';
import { readMetrics, type MetricsReport } from '../launchers/metrics-file.js';
import { checked, counted, type Check, type Fault } from './check.js';
import { hidesCompletion, statusOf } from './ending-check.js';
import { ProgressLog, type OpenTrial } from './progress-log.js';

/** The end of a generation, with what was in force of its trial then. */
interface Ended {
  readonly seq: number;
  readonly event: Extract<RecordEvent, { type: 'observed' | 'attempted' }>;
  readonly trial: OpenTrial | undefined;
}

export interface JobOptions {
  /** The sweep's folder, with `jobs` in it. */
  readonly folder: string;
  /** Job folders that are missing are noted, and are no fault. */
  readonly withoutJobs: boolean;
}

const LARGEST_SPEC = 1 << 20; // bytes; our own are under 10 KB, but a job can write to its folder

/** What the record knows of jobs. */
interface Known {
  readonly sweepId: string;
  readonly sweep: Sweep;
  /** Job key to the folder that the launcher told. */
  readonly launched: ReadonlyMap<string, string>;
  /** Keys of every job that may have been asked for. */
  readonly keys: ReadonlySet<string>;
  /** In the order of the record. */
  readonly ended: readonly Ended[];
}

const knownOf = (lines: readonly RecordLine[]): Known | undefined => {
  const first = lines[0]?.event;
  if (first?.type !== 'started') return undefined;
  const launched = new Map<string, string>();
  const keys = new Set<string>();
  const ended: Ended[] = [];
  const log = new ProgressLog();
  for (const { seq, event } of lines) {
    if (event.type === 'decided') keys.add(`${first.sweepId}.${event.trial}.g1`);
    if (event.type === 'rerun') keys.add(event.key);
    if (event.type === 'launched') launched.set(event.key, event.folder);
    if (event.type === 'observed' || event.type === 'attempted')
      ended.push({ seq, event, trial: log.open.get(event.trial) });
    log.take(event);
  }
  return { sweepId: first.sweepId, sweep: first.sweep, launched, keys, ended };
};

const isPlainKey = (key: string): boolean => {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
};

/** The job's files: beside the record, else, for launchers with a folder of their own, where the launcher had them. */
const filesOf = async ({ folder }: JobOptions, { sweep, launched }: Known, key: string): Promise<JobFiles> => {
  const beside = jobFiles(join(folder, 'jobs', key));
  const elsewhere = launched.get(key);
  const isElsewhere = 'folder' in sweep.launcher && sweep.launcher.folder !== undefined && elsewhere !== undefined;
  return isElsewhere && !(await isThere(beside.folder)) ? jobFiles(elsewhere) : beside;
};

const pointsOf = (report: MetricsReport, steps: readonly number[]): CurvePoint[] =>
  steps.flatMap((step) => {
    const line = report.lines.get(step);
    return line === undefined || line.nonFinite.length > 0 ? [] : [{ steps: step, metrics: line.metrics }];
  });

/** The checkpoints that a run to this step passes. */
const checkpointsOf = ({ sweep }: Known, { event, trial }: Ended): number[] => {
  const last = trial?.decided.steps ?? Infinity;
  return (sweep.scales.find(({ name }) => name === event.scale)?.steps ?? []).filter((steps) => steps <= last);
};

type Verdict = readonly [looksLike: string, says: string];

/** What one job was found to be. */
interface Seen {
  readonly isMissing: boolean;
  readonly faults: readonly Verdict[];
  readonly note?: string;
}

/** What the file says, against what the record says that it said. */
const contentFaults = (known: Known, ended: Ended, report: MetricsReport): Verdict[] => {
  const { event } = ended;
  if (report.digest !== event.digest) {
    const says = `metrics.jsonl has the digest ${report.digest.slice(0, 12)}...; the record says ${event.digest.slice(0, 12)}...`;
    return [['other content', says]];
  }
  const faults: Verdict[] = [];
  const checkpoints = checkpointsOf(known, ended);
  const curve = pointsOf(report, checkpoints);
  if (canonicalJson(curve) !== canonicalJson(event.curve))
    faults.push([
      'other curve',
      'metrics.jsonl is the file that the record names, but does not say the recorded curve',
    ]);
  const final = event.type === 'observed' && event.status === 'completed' ? event : undefined;
  const said = final === undefined ? undefined : report.lines.get(final.steps)?.metrics;
  if (final !== undefined && canonicalJson(said) !== canonicalJson(final.metrics))
    faults.push(['other metrics', 'metrics.jsonl does not say the recorded final metrics']);
  return faults;
};

/** Its files say that it completed, and the record that it did not. */
const endingFaults = async (known: Known, ended: Ended, files: JobFiles, report: MetricsReport): Promise<Verdict[]> => {
  const { event, trial } = ended;
  const isHidden =
    trial !== undefined && (await hidesCompletion(known.sweep, event, trial.decided.steps, files, report));
  return isHidden ? [['another ending', `its files say that it completed; the record says ${statusOf(event)}`]] : [];
};

/** An end without a digest: the job wrote no metrics, so that there is nothing to tell of it. */
const withoutDigest = async (known: Known, ended: Ended, files: JobFiles, report: MetricsReport): Promise<Seen> => {
  const { event } = ended;
  const tells = statusOf(event) === 'completed' || event.curve.length > 0;
  const without: Verdict = ['no digest', 'it tells what a job reported, and no digest of the file that says so'];
  // What an earlier line tells of the same job need not be told again.
  const isTold = known.ended.some((other) => other.event.key === event.key && other.event !== event);
  if (!report.isThere || isTold) return { isMissing: false, faults: tells ? [without] : [] };
  const faults = [...(tells ? [without] : []), ...(await endingFaults(known, ended, files, report))];
  const note = `${event.key} has a metrics.jsonl that was not there when it was collected`;
  return { isMissing: false, faults, ...(faults.length === 0 ? { note } : {}) };
};

const specOf = async (files: JobFiles): Promise<Record<string, unknown> | undefined> => {
  try {
    return JSON.parse((await readTail(files.spec, LARGEST_SPEC)) ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

/** Was the job that was launched the one that was decided? */
const specFault = async ({ event, trial: open }: Ended, files: JobFiles): Promise<Verdict[]> => {
  const spec = await specOf(files);
  if (open === undefined || spec === undefined) return [];
  const { mixture, scale, steps, trial } = open.decided;
  const expected = { mixture, scale, steps, trial, key: event.key };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, spec[name]]));
  if (canonicalJson(found) === canonicalJson(expected)) return [];
  return [['another job', 'job.json asks for another run than the decision']];
};

const look = async (options: JobOptions, known: Known, ended: Ended): Promise<Seen> => {
  const { event, trial } = ended;
  if (!isPlainKey(event.key)) return { isMissing: false, faults: [['misshapen', 'its key is no file name']] };
  const files = await filesOf(options, known, event.key);
  const report = await readMetrics(files.metrics, [...checkpointsOf(known, ended), trial?.decided.steps ?? 0]);
  if (event.digest === '') return withoutDigest(known, ended, files, report);
  if (!report.isThere) return { isMissing: true, faults: [] };
  const content = contentFaults(known, ended, report);
  const ending = content.length > 0 ? [] : await endingFaults(known, ended, files, report);
  return { isMissing: false, faults: [...content, ...ending, ...(await specFault(ended, files))] };
};

/** Folders of jobs of this sweep that no line of the record asked for. */
const unknownJobs = async ({ folder }: JobOptions, { sweepId, keys }: Known): Promise<string[]> => {
  const names = await readdir(join(folder, 'jobs')).catch(() => [] as string[]);
  return names.filter((name) => name.startsWith(`${sweepId}.`) && !keys.has(name)).sort();
};

/** Checks each observation and attempt against the files of its job. */
export const checkJobs = async (lines: readonly RecordLine[], options: JobOptions): Promise<Check> => {
  const known = knownOf(lines);
  if (known === undefined) return checked('jobs', 'no job is known', []);
  const faults: Fault[] = [];
  const notes: string[] = [];
  const missing: string[] = [];
  let same = 0;
  for (const ended of known.ended) {
    const { seq, event } = ended;
    const seen = await look(options, known, ended);
    const where = `line ${seq}, job ${event.key}`;
    for (const [looksLike, says] of seen.faults) faults.push({ looksLike, where, says });
    if (seen.note !== undefined) notes.push(seen.note);
    if (seen.isMissing) missing.push(where);
    else if (seen.faults.length === 0 && event.digest !== '') same += 1;
  }
  for (const key of await unknownJobs(options, known)) {
    const says = 'the record knows of no such job: lines were cut off, or the folder is not of this record';
    faults.push({ looksLike: 'unknown job', where: `job ${key}`, says });
  }
  if (options.withoutJobs && missing.length > 0)
    notes.push(`${counted(missing.length, 'job')} without files: not checked`);
  else for (const where of missing) faults.push({ looksLike: 'missing', where, says: 'its metrics.jsonl is not here' });
  const summary = `${counted(known.ended.length, 'ended job')}: ${same} with the very file and curve that the record tells, ${missing.length} without files`;
  return checked('jobs', summary, faults, notes);
};
