/** Did a job end as the record says? Told from its own files, where they can tell. */
import { neededMetrics } from '../domain/objective.js';
import type { Ending } from '../domain/ending.js';
import type { RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { isThere } from '../host/atomic-files.js';
import type { JobFiles } from '../launchers/job-folder.js';
import { ExitRecord, readJobRecord } from '../launchers/job-records.js';
import type { MetricsReport } from '../launchers/metrics-file.js';

type Ended = Extract<RecordEvent, { type: 'observed' | 'attempted' }>;

export const statusOf = (event: Ended): Ending => (event.type === 'observed' ? event.status : event.ending);

/** A run that was whole before any of these has completed, whatever the launcher: docs/failures.md. */
const LOST_TO_WHOLE: ReadonlySet<Ending> = new Set<Ending>(['diverged', 'preempted', 'host-lost', 'timed-out']);

/** Does the file have every metric that is needed at the run's last step, and none that is not finite? Earlier versions took any such for a divergence. */
const isWhole = (sweep: Sweep, report: MetricsReport, steps: number): boolean => {
  const final = report.lines.get(steps);
  if (final === undefined || final.nonFinite.length > 0) return false;
  return neededMetrics(sweep).every((metric) => final.metrics[metric] !== undefined);
};

/**
 * Is it certain that the job came to its end by itself and in order? Of simulated jobs, where nothing else ends them at
 * their last step, and of local processes with exit status 0. One that a person had declared lost may have been stopped
 * before its exit was seen.
 */
const hasExitedInOrder = async ({ launcher }: Sweep, files: JobFiles): Promise<boolean> => {
  if (launcher.kind === 'simulator') return true;
  if (launcher.kind !== 'local' || (await isThere(files.lost))) return false;
  const exit = await readJobRecord(files.exit, ExitRecord).catch(() => undefined); // one that is not ours says nothing
  return exit?.kind === 'exited' && exit.code === 0 && exit.signal === null && !exit.timedOut && !exit.terminated;
};

/** Do the job's files say that it completed, where the record says that it did not? `steps`: its last one. */
export const hidesCompletion = async (
  sweep: Sweep,
  event: Ended,
  steps: number,
  files: JobFiles,
  report: MetricsReport,
): Promise<boolean> => {
  const status = statusOf(event);
  if (status === 'completed' || !isWhole(sweep, report, steps)) return false;
  const isVeryFile = report.digest === event.digest;
  return (isVeryFile && LOST_TO_WHOLE.has(status)) || hasExitedInOrder(sweep, files);
};
