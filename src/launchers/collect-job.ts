import { StateError } from '../domain/errors.js';
import type { CurvePoint, Metrics, ObservationStatus } from '../domain/observation.js';
import type { JobResult } from '../domain/ports.js';
import { isThere, readTail } from '../host/atomic-files.js';
import { examineJob, type JobEnd } from './examine-job.js';
import type { JobFiles } from './job-folder.js';
import { readJobRecord, SpecRecord } from './job-records.js';
import type { ReadLine } from './metrics-line.js';
import { readMetrics, type MetricsReport } from './metrics-file.js';
import { printable } from './printable.js';

const OUTPUT_TAIL_BYTES = 4_096; // read of each output,
const OUTPUT_TAIL_LENGTH = 1_500; // and kept of it: it travels in histories and records

interface Verdict {
  readonly status: ObservationStatus;
  readonly detail?: string;
  readonly warning?: string;
}

const KILLS = new Set(['SIGTERM', 'SIGKILL']);

/** Did titrate's stop end it, or had it ended by itself before the stop came? */
const isEndedByStop = (end: JobEnd): boolean => {
  if (end.kind !== 'exited') return end.kind !== 'not-spawned';
  return end.terminated || (end.signal !== null && KILLS.has(end.signal));
};

/** Words for people: how the job ended. */
const describeEnd = (end: JobEnd): string => {
  switch (end.kind) {
    case 'exited': {
      const how = end.signal === null ? `exit status ${end.code ?? 'unknown'}` : `ended by ${end.signal}`;
      if (end.timedOut) return `timed out (${how})`;
      return end.terminated ? `terminated from outside (${how})` : how;
    }
    case 'not-spawned':
      return `the command could not be started: ${printable(end.message, OUTPUT_TAIL_LENGTH)}`;
    case 'stopped-before-start':
      return 'stopped before its start';
    case 'lost':
      return `host lost or killed: no exit status (${end.why})`;
  }
};

const isCleanExit = (end: JobEnd): boolean => end.kind === 'exited' && end.code === 0 && !end.timedOut;

/** Nobody knows the exit status, or it is ours and not the job's: then the metrics speak for themselves. */
const isSilent = (end: JobEnd): boolean => end.kind === 'lost' || (end.kind === 'exited' && end.timedOut);

const divergedAt = (line: ReadLine | undefined): string | undefined =>
  line === undefined || line.nonFinite.length === 0
    ? undefined
    : `not finite at step ${line.step}: ${printable(line.nonFinite.join(', '), 200)}`;

const unfinished = (end: JobEnd, report: MetricsReport, steps: number): string => {
  const how = describeEnd(end);
  if (end.kind === 'not-spawned') return how;
  if (!report.isThere) return `${how}; it wrote no metrics.jsonl`;
  return report.lines.has(steps) ? how : `${how}; it reached step ${report.stepsReached} of ${steps}`;
};

const judge = (end: JobEnd, isStopped: boolean, report: MetricsReport, steps: number): Verdict => {
  const final = report.lines.get(steps);
  const isComplete = final !== undefined && final.nonFinite.length === 0;
  if (isComplete && isCleanExit(end)) {
    return isStopped
      ? { status: 'completed', warning: 'it finished before the stop reached it' }
      : { status: 'completed' };
  }
  if (isStopped && isEndedByStop(end)) return { status: 'cancelled', detail: describeEnd(end) };
  if (isComplete && isSilent(end)) {
    return { status: 'completed', warning: `all metrics were written, then: ${describeEnd(end)}` };
  }
  const diverged = divergedAt(final ?? report.last);
  if (diverged !== undefined) return { status: 'diverged', detail: `${diverged}; ${describeEnd(end)}` };
  return { status: 'failed', detail: unfinished(end, report, steps) };
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
    const text = printable((await readTail(file, OUTPUT_TAIL_BYTES)) ?? '', OUTPUT_TAIL_LENGTH);
    if (text !== '') return `\n${name}: ${text}`;
  }
  return '';
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

/** Reads what an ended job left. The same files give the same result. @throws StateError when it has not ended */
export const collectJob = async (files: JobFiles): Promise<JobResult> => {
  const end = await endOf(files);
  const spec = await readJobRecord(files.spec, SpecRecord);
  const checkpoints = spec?.checkpoints ?? [];
  const steps = spec?.steps ?? 0;
  const report = await readMetrics(files.metrics, [...checkpoints, steps]);
  const verdict = judge(end, await isThere(files.stopped), report, steps);
  const final: Metrics = (verdict.status === 'completed' ? report.lines.get(steps)?.metrics : undefined) ?? {};
  const detail = verdict.status === 'failed' ? `${verdict.detail}${await outputTail(files)}` : verdict.detail;
  return {
    status: verdict.status,
    metrics: final,
    curve: curveOf(report, checkpoints),
    ...(detail === undefined ? {} : { detail }),
    digest: report.digest,
    folder: files.folder,
    stepsReached: report.stepsReached,
    warnings: [
      ...report.warnings,
      ...holes(
        report,
        checkpoints.filter((step) => step !== steps),
      ),
      ...(verdict.warning === undefined ? [] : [verdict.warning]),
    ],
  };
};
