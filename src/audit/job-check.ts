/** Is what the record says of a job what the job's own files say? */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical-json.js';
import { neededMetrics } from '../domain/objective.js';
import type { CurvePoint } from '../domain/observation.js';
import type { RecordEvent, RecordLine } from '../domain/record-event.js';
import { limitedCurve, limitedMetrics } from '../domain/result-limit.js';
import type { Sweep } from '../domain/sweep.js';
import { isThere, readTail } from '../host/atomic-files.js';
import { checkKey, jobFiles, type JobFiles } from '../launchers/job-folder.js';
import { readMetrics, type MetricsReport } from '../launchers/metrics-file.js';
import { checked, counted, type Check, type Fault } from './check.js';

type Ended = Extract<RecordEvent, { type: 'observed' | 'attempted' }>;
type Decided = Extract<RecordEvent, { type: 'decided' }>;

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
  readonly decided: ReadonlyMap<string, Decided>;
  /** Job key to the folder that the launcher told. */
  readonly launched: ReadonlyMap<string, string>;
  /** Keys of every job that may have been asked for. */
  readonly keys: ReadonlySet<string>;
  /** In the order of the record, with the line. */
  readonly ended: readonly { readonly seq: number; readonly event: Ended }[];
}

const knownOf = (lines: readonly RecordLine[]): Known | undefined => {
  const first = lines[0]?.event;
  if (first?.type !== 'started') return undefined;
  const decided = new Map<string, Decided>();
  const launched = new Map<string, string>();
  const keys = new Set<string>();
  const ended: { seq: number; event: Ended }[] = [];
  for (const { seq, event } of lines) {
    if (event.type === 'decided') {
      decided.set(event.trial, event);
      keys.add(`${first.sweepId}.${event.trial}.g1`);
    }
    if (event.type === 'rerun') keys.add(event.key);
    if (event.type === 'launched') launched.set(event.key, event.folder);
    if (event.type === 'observed' || event.type === 'attempted') ended.push({ seq, event });
  }
  return { sweepId: first.sweepId, sweep: first.sweep, decided, launched, keys, ended };
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
const checkpointsOf = ({ sweep, decided }: Known, { trial, scale }: Ended): number[] => {
  const last = decided.get(trial)?.steps ?? Infinity;
  return (sweep.scales.find(({ name }) => name === scale)?.steps ?? []).filter((steps) => steps <= last);
};

type Verdict = readonly [looksLike: string, says: string];

/** All of it, or what is kept of it where it is too large. */
const isOneOf = (recorded: unknown, ...said: readonly unknown[]): boolean =>
  said.some((one) => canonicalJson(one) === canonicalJson(recorded));

/** What the file says, against what the record says that it said. */
const contentFaults = (known: Known, event: Ended, report: MetricsReport): Verdict[] => {
  if (report.digest !== event.digest) {
    const says = `metrics.jsonl has the digest ${report.digest.slice(0, 12)}...; the record says ${event.digest.slice(0, 12)}...`;
    return [['other content', says]];
  }
  const faults: Verdict[] = [];
  const checkpoints = checkpointsOf(known, event);
  const curve = pointsOf(report, checkpoints);
  const needed = neededMetrics(known.sweep);
  if (!isOneOf(event.curve, curve, limitedCurve(curve, needed)))
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

const specOf = async (files: JobFiles): Promise<Record<string, unknown> | undefined> => {
  try {
    return JSON.parse((await readTail(files.spec, LARGEST_SPEC)) ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

/** Was the job that was launched the one that was decided? */
const specFault = async (known: Known, event: Ended, files: JobFiles): Promise<Verdict[]> => {
  const decided = known.decided.get(event.trial);
  const spec = await specOf(files);
  if (decided === undefined || spec === undefined) return [];
  const { mixture, scale, steps, trial } = decided;
  const expected = { mixture, scale, steps, trial, key: event.key };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, spec[name]]));
  if (canonicalJson(found) === canonicalJson(expected)) return [];
  return [['another job', 'job.json asks for another run than the decision']];
};

/** What one job was found to be. */
interface Seen {
  readonly isMissing: boolean;
  readonly faults: readonly Verdict[];
  readonly note?: string;
}

const look = async (options: JobOptions, known: Known, event: Ended): Promise<Seen> => {
  if (!isPlainKey(event.key)) return { isMissing: false, faults: [['misshapen', 'its key is no file name']] };
  const files = await filesOf(options, known, event.key);
  const report = await readMetrics(files.metrics, [
    ...checkpointsOf(known, event),
    known.decided.get(event.trial)?.steps ?? 0,
  ]);
  if (event.digest === '') {
    const isTold =
      !report.isThere || known.ended.some((other) => other.event.key === event.key && other.event !== event);
    return isTold
      ? { isMissing: false, faults: [] }
      : {
          isMissing: false,
          faults: [],
          note: `${event.key} has a metrics.jsonl that was not there when it was collected`,
        };
  }
  if (!report.isThere) return { isMissing: true, faults: [] };
  return {
    isMissing: false,
    faults: [...contentFaults(known, event, report), ...(await specFault(known, event, files))],
  };
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
  for (const { seq, event } of known.ended) {
    const seen = await look(options, known, event);
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
