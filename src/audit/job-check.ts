/** Is what the record says of a job what the job's own files say? */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import { jobKey } from '../domain/job-key.js';
import { neededMetrics } from '../domain/objective.js';
import type { RecordEvent, RecordLine } from '../domain/record-event.js';
import { limitedCurve, limitedMetrics } from '../domain/result-limit.js';
import type { Sweep } from '../domain/sweep.js';
import { isThere } from '../host/atomic-files.js';
import { errnoOf } from '../host/disk-errors.js';
import { checkKey, jobFiles, type JobFiles } from '../launchers/job-folder.js';
import { readMetrics, reportedCurve, type MetricsReport } from '../launchers/metrics-file.js';
import { checked, counted, type Check, type Fault } from './check.js';
import { hidesCompletion, statusOf } from './ending-check.js';
import { ProgressLog, type OpenTrial } from './progress-log.js';
import { keyOf, readSpec, specDifferences } from './spec-check.js';

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
  /** Names of what lay in `jobs` before the record was read: what a sweep that goes on launched since is not in the lines. */
  readonly found: readonly string[];
}

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
    if (event.type === 'decided') keys.add(jobKey(first.sweepId, event.trial, 1));
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

/** The checkpoints that a run to this step passes. */
const checkpointsOf = ({ sweep }: Known, { event, trial }: Ended): number[] => {
  const last = trial?.decided.steps ?? Infinity;
  return (sweep.scales.find(({ name }) => name === event.scale)?.steps ?? []).filter((steps) => steps <= last);
};

type Verdict = readonly [looksLike: string, says: string];

/** What one job was found to be. */
interface Seen {
  /** The file that should be there and is not. */
  readonly missing?: string;
  readonly faults: readonly Verdict[];
  readonly note?: string;
}

/** All of it, or what is kept of it where it is too large. */
const isOneOf = (recorded: unknown, ...said: readonly unknown[]): boolean =>
  said.some((one) => canonicalJson(one) === canonicalJson(recorded));

/** What the file says, against what the record says that it said. */
const contentFaults = (known: Known, ended: Ended, report: MetricsReport): Verdict[] => {
  const { event } = ended;
  if (report.digest !== event.digest) {
    const says = `metrics.jsonl has the digest ${report.digest.slice(0, 12)}...; the record says ${event.digest.slice(0, 12)}...`;
    return [['other content', says]];
  }
  const faults: Verdict[] = [];
  const checkpoints = checkpointsOf(known, ended);
  const needed = neededMetrics(known.sweep);
  // Earlier versions left a checkpoint out for any metric that was not finite.
  const curves = [needed, []].map((counting) => reportedCurve(report, checkpoints, counting));
  if (!isOneOf(event.curve, ...curves, ...curves.map((curve) => limitedCurve(curve, needed))))
    faults.push([
      'other curve',
      'metrics.jsonl is the file that the record names, but does not say the recorded curve',
    ]);
  const final = event.type === 'observed' && event.status === 'completed' ? event : undefined;
  const said = final === undefined ? undefined : report.lines.get(final.steps)?.metrics;
  if (final !== undefined && !isOneOf(final.metrics, said, said && limitedMetrics(said, needed)))
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

/** The job that would be next never ran, where its trial was given up before: what its files say then belies that. */
const unendedFaults = async (known: Known, ended: Ended, next: JobFiles): Promise<Verdict[]> =>
  endingFaults(known, ended, next, await readMetrics(next.metrics, [ended.trial?.decided.steps ?? 0]));

/** An end without a digest: the job wrote no metrics, so that there is nothing to tell of it. */
const withoutDigest = async (known: Known, ended: Ended, files: JobFiles, report: MetricsReport): Promise<Seen> => {
  const { event } = ended;
  const tells = statusOf(event) === 'completed' || event.curve.length > 0;
  const without: Verdict[] = tells
    ? [['no digest', 'it tells what a job reported, and no digest of the file that says so']]
    : [];
  // What an earlier line tells of the same job need not be told again.
  const isTold = known.ended.some((other) => other.event.key === event.key && other.event !== event);
  if (!report.isThere || isTold) return { faults: without };
  const faults = [...without, ...(await endingFaults(known, ended, files, report))];
  const note = `${event.key} has a metrics.jsonl that was not there when it was collected`;
  return { faults, ...(faults.length === 0 ? { note } : {}) };
};

const lookAtMetrics = async (known: Known, ended: Ended, files: JobFiles, report: MetricsReport): Promise<Seen> => {
  if (ended.event.digest === '') return withoutDigest(known, ended, files, report);
  if (!report.isThere) return { faults: [], missing: 'metrics.jsonl' };
  const content = contentFaults(known, ended, report);
  return { faults: content.length > 0 ? content : await endingFaults(known, ended, files, report) };
};

/** Was the job that was launched the one that was decided? `hasRun`: its folder must be there. */
const lookAtSpec = async (
  options: JobOptions,
  known: Known,
  ended: Ended,
  files: JobFiles,
  hasRun: boolean,
): Promise<Seen> => {
  const { event, trial } = ended;
  if (trial === undefined) return { faults: [] }; // the story tells that nobody decided it
  const { sweepId, sweep } = known;
  const decided = keyOf(sweepId, trial);
  // A trial that was given up while it waited ends by its last job's name, of which its own line tells.
  if (event.key !== decided)
    return {
      faults:
        event.digest === ''
          ? await unendedFaults(known, ended, await filesOf(options, known, decided))
          : [['another job', `${decided} runs; ${event.key} ended`]],
    };
  const spec = await readSpec(files);
  if (spec === undefined) return { faults: [], ...(hasRun ? { missing: 'job.json' } : {}) };
  if (spec === null) return { faults: [['misshapen', 'its job.json is no JSON object']] };
  const fields = specDifferences(sweepId, sweep, trial, spec);
  if (fields.length === 0) return { faults: [] };
  return { faults: [['another job', `job.json asks for another run than the decision: ${fields.join(', ')}`]] };
};

const lookAtFiles = async (options: JobOptions, known: Known, ended: Ended): Promise<Seen> => {
  const { event, trial } = ended;
  const files = await filesOf(options, known, event.key);
  const report = await readMetrics(files.metrics, [...checkpointsOf(known, ended), trial?.decided.steps ?? 0]);
  const metrics = await lookAtMetrics(known, ended, files, report);
  const spec = await lookAtSpec(options, known, ended, files, report.isThere || known.launched.has(event.key));
  return { ...spec, ...metrics, faults: [...metrics.faults, ...spec.faults] };
};

/** Why files cannot be checked, where it is they that are to blame. */
const unreadable = (error: unknown): string | undefined => {
  const code = errnoOf(error);
  if (code !== undefined) return `its files cannot be read (${code})`;
  return error instanceof RangeError ? 'what its files say is nested too deeply' : undefined;
};

const look = async (options: JobOptions, known: Known, ended: Ended): Promise<Seen> => {
  if (!isPlainKey(ended.event.key)) return { faults: [['misshapen', 'its key is no file name']] };
  try {
    return await lookAtFiles(options, known, ended);
  } catch (error) {
    const says = unreadable(error);
    if (says === undefined) throw error;
    return { faults: [['unreadable', says]] };
  }
};

const JOB_KEY = /\.t\d{4,}\.g\d+$/; // of any sweep

/** Names of what lies in a sweep's folder of jobs. */
export const findJobs = (folder: string): Promise<readonly string[]> =>
  readdir(join(folder, 'jobs')).catch((): string[] => []);

/** Folders of jobs, of this sweep or another, that no line of the record asked for. */
const unknownJobs = ({ found }: JobOptions, { sweepId, keys }: Known): string[] =>
  found.filter((name) => (name.startsWith(`${sweepId}.`) || JOB_KEY.test(name)) && !keys.has(name)).sort();

/** Checks each observation and attempt against the files of its job. */
export const checkJobs = async (lines: readonly RecordLine[], options: JobOptions): Promise<Check> => {
  const known = knownOf(lines);
  if (known === undefined) return checked('jobs', 'no job is known', []);
  const faults: Fault[] = [];
  const notes: string[] = [];
  const missing: Fault[] = [];
  let same = 0;
  for (const ended of known.ended) {
    const { seq, event } = ended;
    const seen = await look(options, known, ended);
    const where = `line ${seq}, job ${event.key}`;
    for (const [looksLike, says] of seen.faults) faults.push({ looksLike, where, says });
    if (seen.note !== undefined) notes.push(seen.note);
    if (seen.missing !== undefined)
      missing.push({ looksLike: 'missing', where, says: `its ${seen.missing} is not here` });
    else if (seen.faults.length === 0 && event.digest !== '') same += 1;
  }
  for (const key of unknownJobs(options, known)) {
    const says = 'the record knows of no such job: lines were cut off, or the folder is not of this record';
    faults.push({ looksLike: 'unknown job', where: `job ${key}`, says });
  }
  if (options.withoutJobs && missing.length > 0)
    notes.push(`${counted(missing.length, 'job')} without files: not checked`);
  else faults.push(...missing);
  const summary = `${counted(known.ended.length, 'ended job')}: ${same} with the very file and curve that the record tells, ${missing.length} without files`;
  return checked('jobs', summary, faults, notes);
};
