/** What an ended job left, judged the same way for every backend that keeps its files. The table: docs/failures.md. */
import type { Ending } from '../domain/ending.js';
import type { Metrics } from '../domain/observation.js';
import type { JobResult } from '../domain/ports.js';
import { readTail } from '../host/atomic-files.js';
import { staysInside } from '../host/confined-files.js';
import type { JobFiles } from './job-folder.js';
import { readJobRecord, SpecRecord } from './job-records.js';
import { brokenIn, type ReadLine } from './metrics-line.js';
import { readMetrics, reportedCurve, type MetricsReport } from './metrics-file.js';
import { printable } from './printable.js';

/** "Try again later" of sysexits.h: a job that saw its end coming and wants to go on from its last checkpoint. */
export const EX_TEMPFAIL = 75;

const OUTPUT_TAIL_BYTES = 4_096; // read of each output,
const OUTPUT_TAIL_LENGTH = 1_500; // and kept of it: it travels in histories and records

/**
 * How a job's process came to its end, as its backend tells it. `clean`: exit status 0. `failed`: by its own doing.
 * `cancelled`: titrate's stop ended it, or kept it from starting. The others: nobody knows its exit status, or it is not
 * the job's own.
 */
export interface ProcessEnd {
  readonly how: 'clean' | 'failed' | 'preempted' | 'host-lost' | 'timed-out' | 'cancelled';
  /** For people: exit status, signal, the backend's own state and reason. */
  readonly words: string;
  /** Was the command never started? Then nothing is missed of its metrics. */
  readonly notStarted?: boolean;
  /** Is it certain that nothing was used up, though titrate did not stop it? Then it is not charged. */
  readonly isFree?: boolean;
}

/** Of the end of a job that nothing but a person's word tells. */
export const DECLARED_LOST = 'declared lost by a person';

/** The end of a job that was stopped before there was anything to stop. */
export const STOPPED_BEFORE_START = {
  how: 'cancelled',
  words: 'stopped before its start',
  notStarted: true,
} as const satisfies ProcessEnd;

interface Verdict {
  readonly status: Ending;
  readonly detail?: string;
  readonly warning?: string;
}

/** Metrics that the sweep learns from; none where that is not known: then every metric counts. */
type Needed = readonly string[];

const divergedAt = (line: ReadLine | undefined, needed: Needed): string | undefined => {
  const broken = line === undefined ? [] : brokenIn(line, needed);
  return line === undefined || broken.length === 0
    ? undefined
    : `not finite at step ${line.step}: ${printable(broken.join(', '), 200)}`;
};

/** Says why a run is not whole, with the first thing that was odd about its metrics: mostly the cause. */
const unfinished = ({ words, notStarted }: ProcessEnd, report: MetricsReport, steps: number): string => {
  if (notStarted === true) return words;
  const [odd] = report.warnings;
  if (!report.isThere) return `${words}; ${odd ?? 'it wrote no metrics.jsonl'}`;
  if (report.lines.has(steps)) return words;
  const reached = `${words}; it reached step ${report.stepsReached} of ${steps}`;
  return odd === undefined ? reached : `${reached}; metrics.jsonl: ${odd}`;
};

const judge = (end: ProcessEnd, isStopped: boolean, report: MetricsReport, steps: number, needed: Needed): Verdict => {
  const { how, words } = end;
  const final = report.lines.get(steps);
  const isComplete = final !== undefined && brokenIn(final, needed).length === 0;
  // Only the sweep's own stop counts for more than a run that was whole by then.
  if (how === 'cancelled' && (isStopped || !isComplete)) return { status: 'cancelled', detail: words };
  if (isComplete && how === 'clean') {
    return isStopped
      ? { status: 'completed', warning: 'it finished before the stop reached it' }
      : { status: 'completed' };
  }
  // Whatever took its place away took nothing from a run that was whole.
  if (isComplete && how !== 'failed') {
    return { status: 'completed', warning: `all metrics were written, then: ${words}` };
  }
  const diverged = divergedAt(final ?? report.last, needed);
  if (diverged !== undefined) return { status: 'diverged', detail: `${diverged}; ${words}` };
  return { status: how === 'clean' ? 'failed' : how, detail: unfinished(end, report, steps) };
};

const holes = (report: MetricsReport, checkpoints: readonly number[], needed: Needed): string[] =>
  checkpoints.flatMap((steps) => {
    const diverged = divergedAt(report.lines.get(steps), needed);
    return diverged === undefined ? [] : [`checkpoint left out of the curve, ${diverged}`];
  });

/** Names metrics that nothing depends on and that were not always finite. */
const strayWarnings = (report: MetricsReport, checkpoints: readonly number[], needed: Needed): string[] => {
  const lines = checkpoints.flatMap((steps) => report.lines.get(steps) ?? []);
  const stray = new Set(lines.flatMap(({ nonFinite }) => nonFinite));
  for (const name of lines.flatMap((line) => brokenIn(line, needed))) stray.delete(name);
  if (stray.size === 0) return [];
  return [`metrics that nothing depends on, left out where not finite: ${printable([...stray].join(', '), 200)}`];
};

const outputTail = async (files: JobFiles): Promise<string> => {
  for (const [name, file] of [
    ['stderr', files.stderr],
    ['stdout', files.stdout],
  ] as const) {
    if (!(await staysInside(file))) continue; // what lies elsewhere is not the job's to show
    const text = printable((await readTail(file, OUTPUT_TAIL_BYTES)) ?? '', OUTPUT_TAIL_LENGTH);
    if (text !== '') return `\n${name}: ${text}`;
  }
  return '';
};

/** Cuts and cleans words that come from outside, for a detail. */
export const wordsOf = (text: string): string => printable(text, OUTPUT_TAIL_LENGTH);

/**
 * Reads what an ended job left in its folder (`job.json`, `metrics.jsonl`, outputs) and judges it. The same files and the
 * same end give the same result. `isStopped`: titrate had asked for a stop. `needed`: as `Launcher.collect` has it.
 */
export const readResult = async (
  files: JobFiles,
  end: ProcessEnd,
  isStopped: boolean,
  needed: Needed = [],
): Promise<JobResult> => {
  const spec = await readJobRecord(files.spec, SpecRecord);
  const checkpoints = spec?.checkpoints ?? [];
  const steps = spec?.steps ?? 0;
  const report = await readMetrics(files.metrics, [...checkpoints, steps]);
  const verdict = judge(end, isStopped, report, steps, needed);
  const final: Metrics = (verdict.status === 'completed' ? report.lines.get(steps)?.metrics : undefined) ?? {};
  const isFree = verdict.status === 'cancelled' || end.isFree === true;
  const detail = verdict.status === 'failed' ? `${verdict.detail}${await outputTail(files)}` : verdict.detail;
  const onTheWay = checkpoints.filter((step) => step !== steps);
  return {
    status: verdict.status,
    metrics: final,
    curve: reportedCurve(report, checkpoints, needed),
    ...(detail === undefined ? {} : { detail }),
    digest: report.digest,
    folder: files.folder,
    stepsReached: report.stepsReached,
    ...(isFree && end.notStarted === true && !report.isThere ? { notStarted: true } : {}),
    warnings: [
      ...report.warnings,
      ...holes(report, onTheWay, needed),
      ...strayWarnings(report, checkpoints, needed),
      ...(verdict.warning === undefined ? [] : [verdict.warning]),
    ],
  };
};
