import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { InputError } from '../domain/errors.js';
import { RECONCILE_WORKFLOW } from '../domain/messages.js';

const EVERY_MS = 15 * 60_000; // a look costs a listing per sweep that has not ended; an orphan costs money by the hour
const CATCH_UP_MS = 60_000; // what was missed while the server was down is made up for by the look at the worker's start

/** Names the schedule of a task queue. */
export const reconcileScheduleId = (taskQueue: string): string => `titrate-reconcile/${taskQueue}`;

const EVERY_VARIABLE = 'TITRATE_RECONCILE_MINUTES';

/** How often to look: TITRATE_RECONCILE_MINUTES, else 15 minutes; null when it is 0. @throws InputError when it is no number of minutes. */
export const reconcileEveryMs = (env: Readonly<Record<string, string | undefined>>): number | null => {
  const text = env[EVERY_VARIABLE];
  if (text === undefined || text === '') return EVERY_MS;
  const minutes = Number(text);
  if (!Number.isFinite(minutes) || minutes < 0) {
    const problem = { path: EVERY_VARIABLE, expected: 'minutes, or 0 for never', found: text };
    throw new InputError('how often to look for jobs without an owner cannot be read', [problem]);
  }
  return minutes === 0 ? null : Math.max(1000, minutes * 60_000); // Temporal schedules count in seconds
};

/** The schedule without its name. */
const scheduleOf = (taskQueue: string, everyMs: number) => ({
  spec: { intervals: [{ every: everyMs }] },
  action: {
    type: 'startWorkflow' as const,
    workflowType: RECONCILE_WORKFLOW,
    workflowId: reconcileScheduleId(taskQueue),
    taskQueue,
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
});

/**
 * Sees to it that the task queue has a schedule that looks for jobs without an owner, at this interval, and looks at once.
 * With null it removes the schedule. A schedule that a person paused stays paused. Safe to repeat and to do twice at once.
 */
export const ensureReconcileSchedule = async (
  client: Client,
  taskQueue: string,
  everyMs: number | null,
): Promise<void> => {
  const scheduleId = reconcileScheduleId(taskQueue);
  const handle = client.schedule.getHandle(scheduleId);
  if (everyMs === null) {
    await handle.delete().catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
    return;
  }
  const schedule = scheduleOf(taskQueue, everyMs);
  try {
    await client.schedule.create({ scheduleId, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => ({ ...schedule, state }));
  }
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
};
