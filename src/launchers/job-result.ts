/** What an ended job left, judged the same way for every backend that keeps its files. The table: docs/failures.md. */
import type { Ending } from '../domain/ending.js';
import type { CurvePoint, Metrics } from '../domain/observation.js';
import type { JobResult } from '../domain/ports.js';
import { readTail } from '../host/atomic-files.js';
import { staysInside } from '../host/confined-files.js';
import type { JobFiles } from './job-folder.js';
import { readJobRecord, SpecRecord } from './job-records.js';
import type { ReadLine } from './metrics-line.js';
import { readMetrics, type MetricsReport } from './metrics-file.js';
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

const divergedAt = (line: ReadLine | undefined): string | undefined =>
  line === undefined || line.nonFinite.length === 0
    ? undefined
    : `not finite at step ${line.step}: ${printable(line.nonFinite.join(', '), 200)}`;

/** Says why a run is not whole, with the first thing that was odd about its metrics: mostly the cause. */
const unfinished = ({ words, notStarted }: ProcessEnd, report: MetricsReport, steps: number): string => {
  if (notStarted === true) return words;
  const [odd] = report.warnings;
  if (!report.isThere) return `${words}; ${odd ?? 'it wrote no metrics.jsonl'}`;
  if (report.lines.has(steps)) return words;
  const reached = `${words}; it reached step ${report.stepsReached} of ${steps}`;
  return odd === undefined ? reached : `${reached}; metrics.jsonl: ${odd}`;
};

const judge = (end: ProcessEnd, isStopped: boolean, report: MetricsReport, steps: number): Verdict => {
  const { how, words } = end;
  const final = report.lines.get(steps);
  const isComplete = final !== undefined && final.nonFinite.length === 0;
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
  const diverged = divergedAt(final ?? report.last);
  if (diverged !== undefined) return { status: 'diverged', detail: `${diverged}; ${words}` };
  return { status: how === 'clean' ? 'failed' : how, detail: unfinished(end, report, steps) };
};

const curveOf = (report: MetricsReport, checkpoints: readonly number[]): CurvePoint[] =>
  checkpoints.flatMap((steps) => {
    const line = report.lines.get(steps);
    return line === undefined || line.nonFinite.length > 0 ? [] : [{ steps, metrics: line.metrics }];
  });

const holes = (report: MetricsReport, checkpoints: readonly number[]): string[] =>
  checkpoints.flatMap((steps) => {
    const diverged = divergedAt(report.lines.get(steps));
    return diverged === undefined ? [] : [`checkpoint left out of the curve, ${diverged}`];
  });

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
 * same end give the same result. `isStopped`: titrate had asked for a stop.
 */
export const readResult = async (files: JobFiles, end: ProcessEnd, isStopped: boolean): Promise<JobResult> => {
  const spec = await readJobRecord(files.spec, SpecRecord);
  const checkpoints = spec?.checkpoints ?? [];
  const steps = spec?.steps ?? 0;
  const report = await readMetrics(files.metrics, [...checkpoints, steps]);
  const verdict = judge(end, isStopped, report, steps);
  const final: Metrics = (verdict.status === 'completed' ? report.lines.get(steps)?.metrics : undefined) ?? {};
  const isFree = verdict.status === 'cancelled' || end.isFree === true;
  const detail = verdict.status === 'failed' ? `${verdict.detail}${await outputTail(files)}` : verdict.detail;
  const onTheWay = checkpoints.filter((step) => step !== steps);
  return {
    status: verdict.status,
    metrics: final,
    curve: curveOf(report, checkpoints),
    ...(detail === undefined ? {} : { detail }),
    digest: report.digest,
    folder: files.folder,
    stepsReached: report.stepsReached,
    ...(isFree && end.notStarted === true && !report.isThere ? { notStarted: true } : {}),
    warnings: [
      ...report.warnings,
      ...holes(report, onTheWay),
      ...(verdict.warning === undefined ? [] : [verdict.warning]),
    ],
  };
};
