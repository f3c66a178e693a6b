import type { WorkflowExecutionDescription } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { JobProgress } from '../domain/ports.js';
import type { TitrateConnection } from './client.js';
import { describeWorkflow } from './describe-workflow.js';

const { TIMEOUT_TYPE_HEARTBEAT } = proto.temporal.api.enums.v1.TimeoutType;
const WORKER_SHUTDOWN = 'WorkerShutdown'; // what the SDK calls the end of an activity whose worker ends

const Progress = z.object({
  steps: z.number(),
  metrics: z.record(z.string(), z.number()).exactOptional(),
  waiting: z.string().exactOptional(),
  unknown: z.string().exactOptional(),
});

/** What a workflow's activities are about at the moment. */
export interface PendingWork {
  /** How far a trial's job is, by its supervisor's last heartbeat. */
  readonly progress?: JobProgress;
  /** What went wrong with an activity that is tried again, such as a full disk, with how often it was tried. */
  readonly trouble?: string;
}

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

const progressOf = async (on: TitrateConnection, { heartbeatDetails }: Pending): Promise<JobProgress | undefined> => {
  const payloads = heartbeatDetails?.payloads;
  if (payloads === null || payloads === undefined || payloads.length === 0) return undefined;
  const [details] = await decodeArrayFromPayloads(on.client.options.loadedDataConverter, payloads);
  return Progress.safeParse(details).data;
};

/** Did only the worker go away, and another one take the activity up and give a sign of life? That is no trouble any more. */
const isTakenOver = ({ lastFailure, lastStartedTime, lastHeartbeatTime }: Pending): boolean => {
  const isWorkersEnd =
    lastFailure?.applicationFailureInfo?.type === WORKER_SHUTDOWN ||
    lastFailure?.timeoutFailureInfo?.timeoutType === TIMEOUT_TYPE_HEARTBEAT;
  return isWorkersEnd && (optionalTsToMs(lastHeartbeatTime) ?? 0) > (optionalTsToMs(lastStartedTime) ?? Infinity);
};

const troubleOf = async (on: TitrateConnection, pending: Pending): Promise<string | undefined> => {
  if (isTakenOver(pending)) return undefined;
  const { attempt, lastFailure } = pending;
  const failure = await decodeOptionalFailureToOptionalError(on.client.options.loadedDataConverter, lastFailure);
  return failure?.message ? `${failure.message} (tried ${attempt ?? 1} times, and goes on trying)` : undefined;
};

/**
 * Looks at what a workflow waits for: progress by heartbeat, trouble by the last failure. Costs one call to the server and
 * none to the worker; a workflow that is gone waits for nothing.
 */
export const pendingWork = async (on: TitrateConnection, workflowId: string): Promise<PendingWork> => {
  const description = await describeWorkflow(on.client, workflowId);
  const activities = description?.raw.pendingActivities ?? [];
  let trouble: string | undefined;
  let progress: JobProgress | undefined;
  for (const activity of activities) {
    trouble ??= await troubleOf(on, activity);
    progress ??= await progressOf(on, activity);
  }
  return { ...(progress === undefined ? {} : { progress }), ...(trouble === undefined ? {} : { trouble }) };
};
