import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { RECONCILE_WORKFLOW } from '../domain/messages.js';
import type { TitrateConnection } from './client.js';

const { TaskQueueType } = proto.temporal.api.enums.v1;
type QueueType = proto.temporal.api.enums.v1.TaskQueueType;
type Poller = proto.temporal.api.taskqueue.v1.IPollerInfo;

const RECENT_MS = 75_000; // a poll lasts up to 60 s, and a living worker polls again at once
/** Nobody puts a task there. One name for all: a server keeps what it knows of a queue for ever. */
const CLOCK_QUEUE = 'titrate-clock';
const CLOCK_WAIT_MS = 2000; // some 30 ms on a server at hand
const CLOCK_POLL_MS = 20;
const MS_PER_NANO = 1e-6;

const polledAt = ({ lastAccessTime }: Poller): number =>
  Number(lastAccessTime?.seconds ?? 0) * 1000 + (lastAccessTime?.nanos ?? 0) * MS_PER_NANO;

const pollersOf = async (
  { connection, namespace }: TitrateConnection,
  queue: string,
  taskQueueType: QueueType,
): Promise<readonly Poller[]> => {
  const request = { namespace, taskQueue: { name: queue }, taskQueueType };
  return (await connection.workflowService.describeTaskQueue(request)).pollers ?? [];
};

/** Waits until the server tells when it saw a caller of this name poll; undefined when it does not in time. */
const seenPolling = async (on: TitrateConnection, identity: string): Promise<number | undefined> => {
  const end = performance.now() + CLOCK_WAIT_MS;
  while (performance.now() < end) {
    const pollers = await pollersOf(on, CLOCK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY);
    const self = pollers.find((poller) => poller.identity === identity);
    if (self !== undefined) return polledAt(self);
    await sleep(CLOCK_POLL_MS);
  }
  return undefined;
};

/**
 * How far the server's clock is ahead of this machine's (ms; negative: behind; to some 0.1 s), undefined when the server does not
 * let us find out. No call tells its time; it does tell when it saw a poll, so one is made of a queue that never has a task.
 */
export const clockAhead = async (on: TitrateConnection): Promise<number | undefined> => {
  const identity = `clock-${randomUUID()}`;
  const over = new AbortController();
  const askedAt = Date.now();
  const poll = on.connection.withAbortSignal(over.signal, () =>
    on.connection.withDeadline(askedAt + 2 * CLOCK_WAIT_MS, () =>
      on.connection.workflowService.pollActivityTaskQueue({
        namespace: on.namespace,
        taskQueue: { name: CLOCK_QUEUE },
        identity,
      }),
    ),
  );
  const polled = poll.catch(() => undefined); // it ends by being cancelled, or is not allowed: then it is never seen
  const seen = on.connection
    .withDeadline(askedAt + CLOCK_WAIT_MS, () => seenPolling(on, identity))
    .catch(() => undefined);
  const seenAt = await Promise.race([seen, polled.then(() => undefined)]);
  over.abort();
  await polled;
  return seenAt === undefined ? undefined : seenAt - askedAt;
};

/** An embedded server runs on this machine. */
const serverTime = async (on: TitrateConnection): Promise<number> =>
  Date.now() + (on.kind === 'embedded' ? 0 : ((await clockAhead(on)) ?? 0));

/**
 * Has a worker polled the home's task queue for workflows and for activities of late? (A killed one counts for 75 s, unless `ended`
 * names it, as the SDK does: `pid@host`.) Goes by the server's clock, where that can be found out.
 */
export const isWorkerPolling = async (on: TitrateConnection, ended?: string): Promise<boolean> => {
  const types = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];
  const all = await Promise.all(types.map((type) => pollersOf(on, on.taskQueue, type)));
  const pollers = all.map((each) => each.filter(({ identity }) => ended === undefined || identity !== ended));
  if (pollers.some((each) => each.length === 0)) return false;
  const now = await serverTime(on);
  return pollers.every((each) => each.some((poller) => polledAt(poller) > now - RECENT_MS));
};

/** Counts the workflows that are open on the home's task queue; a scheduled look for orphans is no work of its own. */
export const countOpenWorkflows = async (on: TitrateConnection): Promise<number> => {
  const query = `TaskQueue = '${on.taskQueue.replaceAll("'", "\\'")}' AND ExecutionStatus = 'Running' AND WorkflowType != '${RECONCILE_WORKFLOW}'`;
  const { count } = await on.connection.workflowService.countWorkflowExecutions({ namespace: on.namespace, query });
  return Number(count);
};
