import proto from '@temporalio/proto';
import { RECONCILE_WORKFLOW } from '../domain/messages.js';
import type { TitrateConnection } from './client.js';

const { TaskQueueType } = proto.temporal.api.enums.v1;
const RECENT_MS = 75_000; // a poll lasts up to 60 s, and a living worker polls again at once

const hasPoller = async (
  on: TitrateConnection,
  taskQueueType: proto.temporal.api.enums.v1.TaskQueueType,
): Promise<boolean> => {
  const { pollers } = await on.connection.workflowService.describeTaskQueue({
    namespace: on.namespace,
    taskQueue: { name: on.taskQueue },
    taskQueueType,
  });
  return (pollers ?? []).some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - RECENT_MS,
  );
};

/** Has a worker polled the home's task queue for workflows and for activities of late? (A killed one counts for 75 s.) */
export const isWorkerPolling = async (on: TitrateConnection): Promise<boolean> =>
  (await hasPoller(on, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)) &&
  (await hasPoller(on, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY));

/** Counts the workflows that are open on the home's task queue; a scheduled look for orphans is no work of its own. */
export const countOpenWorkflows = async (on: TitrateConnection): Promise<number> => {
  const query = `TaskQueue = '${on.taskQueue.replaceAll("'", "\\'")}' AND ExecutionStatus = 'Running' AND WorkflowType != '${RECONCILE_WORKFLOW}'`;
  const { count } = await on.connection.workflowService.countWorkflowExecutions({ namespace: on.namespace, query });
  return Number(count);
};
