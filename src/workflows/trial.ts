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
 * 5. A trial that is told to stop stops its job first and reports what the job had reached by then.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setHandler,
} from '@temporalio/workflow';
import type { SignalDefinition } from '@temporalio/workflow';
import type { TrialEnd, TrialInput } from '../domain/messages.js';
import type { Supervised } from '../activities/job-activities.js';
import type { JobRef, JobResult } from '../domain/ports.js';
import { jobWork, supervision } from './activity-options.js';
import { endedSignal, launchedSignal, stopSignal, tellSignal } from './messages.js';

const PATIENCE_MS = 200; // a job that ends sooner costs one message to its sweep instead of two

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

/** Follows a job to its end or to the end of patience; null when it is to be stopped. */
const follow = async (following: CancellationScope, work: () => Promise<Supervised>): Promise<Supervised | null> => {
  try {
    return await following.run(work);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return null;
  }
};

/** Launches the job, or finds it, and follows it to its end; `following` is cancelled to stop the job. */
const runJob = async (input: TrialInput, following: CancellationScope): Promise<Omit<TrialEnd, 'trial' | 'key'>> => {
  const { sweepId, launcher, job, parentWorkflowId, brief, needed } = input;
  let ref: JobRef;
  try {
    ref = await jobWork.titrateLaunch({ sweepId, launcher, job });
  } catch (error) {
    return { result: refusedResult(refusalOf(error)) };
  }
  const about = { sweepId, launcher, ref };
  let followed: Supervised | null = { ended: false };
  if (brief)
    followed = await follow(following, () => supervision.titrateSupervise({ ...about, patienceMs: PATIENCE_MS }));
  const isTold = followed !== null && !followed.ended;
  if (isTold) {
    await tell(parentWorkflowId, launchedSignal, { trial: job.trial, ref });
    followed = await follow(following, () => supervision.titrateSupervise(about));
  }
  if (followed === null) await jobWork.titrateStop(about);
  const result = await jobWork.titrateCollect({ ...about, ...(needed === undefined ? {} : { needed }) });
  return isTold ? { result } : { result, ref };
};

/** Follows one job; see the invariants above. */
export async function titrateTrial(input: TrialInput): Promise<TrialEnd> {
  const following = new CancellationScope();
  let isToTell = input.followed !== true;
  setHandler(stopSignal, () => following.cancel());
  setHandler(tellSignal, () => {
    isToTell = true;
  });
  // A trial workflow that is cancelled from outside stops its job like one that was told to.
  CancellationScope.current().cancelRequested.catch(() => following.cancel());
  return CancellationScope.nonCancellable(async () => {
    const { trial, key } = input.job;
    const end: TrialEnd = { trial, key, ...(await runJob(input, following)) };
    if (isToTell) await tell(input.parentWorkflowId, endedSignal, end);
    return end;
  });
}
