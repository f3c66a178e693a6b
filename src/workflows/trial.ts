/**
 * One training job, from launch to what it left.
 *
 * Invariants
 * 1. A trial has one job key for its whole life. Launching is asked for by that key only, so a retry, a replay or a new
 *    run of this workflow finds the job that is there and never starts a second one.
 * 2. A trial ends with what the job left behind (`collect`), never because it was silent: supervision that dies is
 *    resumed, and asks the launcher again.
 * 3. The end is this workflow's result. A sweep that does not follow this workflow (it has continued as new, say) asks to
 *    be told, and is told the same end by signal before this workflow closes.
 * 4. The sweep is told of a launch while the job runs, or, when it ends at once, together with its end.
 * 5. A trial that is told to stop stops its job first and reports what the job had reached by then. A launch that is not
 *    through by then is given up: the launcher is asked, by the key, to stop what there is and to start nothing any more.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { SignalDefinition } from '@temporalio/workflow';
import type { TrialEnd, TrialInput } from '../domain/messages.js';
import type { RefInput, Supervised } from '../activities/job-activities.js';
import type { JobRef, JobResult } from '../domain/ports.js';
import { jobWork, supervision } from './activity-options.js';
import { PATCHES } from './patches.js';
import { endedSignal, launchedSignal, stopSignal, tellSignal } from './messages.js';

const PATIENCE_MS = 200; // a job that ends sooner costs one message to its sweep instead of two

const UNTOLD = 'not told: its launch was given up';

/** The job that was never launched: its spec was refused. */
const refusedResult = (reason: string): JobResult => ({
  status: 'refused',
  metrics: {},
  curve: [],
  detail: reason,
  digest: '',
  folder: '',
  stepsReached: 0,
  warnings: [],
});

/** Tells the sweep; a sweep that is gone is no reason to lose the job's result. */
const tell = async <T>(workflowId: string, signal: SignalDefinition<[T]>, message: T): Promise<void> => {
  try {
    await getExternalWorkflowHandle(workflowId).signal(signal, message);
  } catch (error) {
    log.warn('the sweep could not be told', { workflowId, signal: signal.name, error: String(error) });
  }
};

const refusalOf = (error: unknown): string => {
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) return error.cause.message;
  throw error;
};

/** Does something until the job is to be stopped; null when that came first. */
const untilStopped = async <T>(scope: CancellationScope, work: () => Promise<T>): Promise<T | null> => {
  try {
    return await scope.run(work);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return null;
  }
};

const collect = (about: RefInput, { needed }: TrialInput): Promise<JobResult> =>
  jobWork.titrateCollect({ ...about, ...(needed === undefined ? {} : { needed }) });

/** Stops a job whose launch was given up, which may have gone through all the same. */
const stopUnlaunched = async (input: TrialInput): Promise<Omit<TrialEnd, 'trial' | 'key'>> => {
  const { sweepId, launcher, job } = input;
  const ref: JobRef = { key: job.key, launcher: launcher.kind, folder: '', native: '' };
  await jobWork.titrateStop({ sweepId, launcher, ref });
  const result = await collect({ sweepId, launcher, ref }, input);
  const hasRun = result.status !== 'cancelled' || result.digest !== '';
  return hasRun ? { result, ref: { ...ref, folder: result.folder, native: UNTOLD } } : { result };
};

/** What is given up when the job is to be stopped. */
interface Doing {
  readonly launching: CancellationScope;
  readonly following: CancellationScope;
}

/** Launches the job, or finds it, and follows it to its end. */
const runJob = async (input: TrialInput, { launching, following }: Doing): Promise<Omit<TrialEnd, 'trial' | 'key'>> => {
  const { sweepId, launcher, job, parentWorkflowId, brief } = input;
  let ref: JobRef | null;
  try {
    ref = await untilStopped(launching, () => jobWork.titrateLaunch({ sweepId, launcher, job }));
  } catch (error) {
    return { result: refusedResult(refusalOf(error)) };
  }
  if (ref === null) return stopUnlaunched(input);
  const about = { sweepId, launcher, ref };
  let followed: Supervised | null = { ended: false };
  if (brief)
    followed = await untilStopped(following, () => supervision.titrateSupervise({ ...about, patienceMs: PATIENCE_MS }));
  const isTold = followed !== null && !followed.ended;
  if (isTold) {
    await tell(parentWorkflowId, launchedSignal, { trial: job.trial, ref });
    followed = await untilStopped(following, () => supervision.titrateSupervise(about));
  }
  if (followed === null) await jobWork.titrateStop(about);
  const result = await collect(about, input);
  return isTold ? { result } : { result, ref };
};

/** Follows one job; see the invariants above. */
export async function titrateTrial(input: TrialInput): Promise<TrialEnd> {
  const doing: Doing = { launching: new CancellationScope(), following: new CancellationScope() };
  const stop = (): void => {
    if (patched(PATCHES.stopLaunches)) doing.launching.cancel();
    doing.following.cancel();
  };
  let isToTell = input.followed !== true;
  setHandler(stopSignal, stop);
  setHandler(tellSignal, () => {
    isToTell = true;
  });
  // A trial workflow that is cancelled from outside stops its job like one that was told to.
  CancellationScope.current().cancelRequested.catch(stop);
  return CancellationScope.nonCancellable(async () => {
    const { trial, key } = input.job;
    const end: TrialEnd = { trial, key, ...(await runJob(input, doing)) };
    if (isToTell) await tell(input.parentWorkflowId, endedSignal, end);
    return end;
  });
}
