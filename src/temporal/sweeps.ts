/** What can be asked of sweeps from outside: start, look, act, wait. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateFailedError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ActInputs, ActResult, InjectAct, SweepInput, SweepProgress, SweepResult } from '../domain/messages.js';
import { PROGRESS_QUERY, SWEEP_UPDATES, SWEEP_WORKFLOW, sweepWorkflowId } from '../domain/messages.js';
import { InputError, StateError } from '../domain/errors.js';
import type { ActName } from '../domain/record-event.js';
import type { TitrateConnection } from './client.js';
import { describeWorkflow } from './describe-workflow.js';
import {
  closedSweep,
  EndedSweepError,
  isTimeout,
  isToAskAgain,
  sweepElsewhere,
  sweepFailure,
  unanswered,
} from './sweep-errors.js';
import { visibilityReady } from './namespace.js';
import { listingClient } from './payload-converter.js';

export interface StartSweep extends Omit<SweepInput, 'visibility'> {
  /** Set search attributes; asked of the server when absent. */
  readonly visibility?: boolean;
  /** How long to wait for a worker to take the sweep up (ms). */
  readonly timeoutMs?: number;
}

/** What a start led to. */
export interface StartedSweep {
  /** `created` now; `attached` to one that runs; `already-ended`: this id has run, and never runs again. */
  readonly outcome: 'created' | 'attached' | 'already-ended';
  readonly workflowId: string;
  /** Has a worker taken it up? When not, it waits on the server for one. */
  readonly taken: boolean;
}

export interface AskOptions {
  readonly timeoutMs?: number;
  /** Names an act, so that sending it again does nothing. */
  readonly updateId?: string;
}

/** A sweep as the server lists it. */
export interface ListedSweep {
  readonly sweepId: string;
  readonly workflowId: string;
  /** The server's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly status: string;
  readonly taskQueue: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

const START_TIMEOUT_MS = 30_000;
const ACT_TIMEOUT_MS = 15_000;
const QUERY_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 200;
const WORKFLOW_PREFIX = sweepWorkflowId('');

const handleOf = (on: TitrateConnection, sweepId: string): WorkflowHandle =>
  on.client.workflow.getHandle(sweepWorkflowId(sweepId));

const describe = (on: TitrateConnection, sweepId: string): Promise<WorkflowExecutionDescription | undefined> =>
  describeWorkflow(on.client, sweepWorkflowId(sweepId));

/** @throws ClosedSweepError for a sweep that was terminated, say, StateError for one of another task queue. */
const outcomeOf = (
  on: TitrateConnection,
  sweepId: string,
  { memo, status, taskQueue }: WorkflowExecutionDescription,
  starter: string,
): StartedSweep['outcome'] => {
  if (memo?.['starter'] === starter) return 'created';
  if (taskQueue !== on.taskQueue) throw sweepElsewhere(on, sweepId, taskQueue);
  if (status.name === 'RUNNING') return 'attached';
  if (status.name !== 'COMPLETED') throw closedSweep(sweepId, status.name);
  return 'already-ended';
};

const checkId = (sweepId: string): void => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(sweepId)) return;
  const expected = 'letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit';
  throw new InputError('the sweep’s id cannot be used', [
    { path: 'sweepId', expected, found: JSON.stringify(sweepId) },
  ]);
};

/**
 * Starts a sweep, or attaches to the one of this id; safe to repeat and to do twice at once. An id that has ended is
 * never run again. Waits until a worker has taken it up, or `timeoutMs`.
 * @throws ClosedSweepError when its workflow was closed before the sweep had ended, StateError when it is not this home's.
 */
export const start = async (on: TitrateConnection, request: StartSweep): Promise<StartedSweep> => {
  const { timeoutMs = START_TIMEOUT_MS, ...input } = request;
  checkId(input.sweepId);
  const workflowId = sweepWorkflowId(input.sweepId);
  const starter = randomUUID(); // tells afterwards whether it was this call that created the sweep
  const visibility = input.visibility ?? (await visibilityReady(on.connection, on.namespace));
  const startWorkflowOperation = new WithStartWorkflowOperation(SWEEP_WORKFLOW, {
    workflowId,
    taskQueue: on.taskQueue,
    args: [{ ...input, visibility, ...(visibility ? { showsHead: true } : {}) } satisfies SweepInput],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { starter },
  });
  startWorkflowOperation.workflowHandle().catch(() => undefined); // the same error is thrown below
  let taken = true;
  try {
    await on.client.withDeadline(Date.now() + timeoutMs, () =>
      on.client.workflow.executeUpdateWithStart(SWEEP_UPDATES.attach, { startWorkflowOperation }),
    );
  } catch (error) {
    const hasEnded = error instanceof WorkflowExecutionAlreadyStartedError;
    if (!hasEnded && !isTimeout(error)) throw await sweepFailure(error, on, input.sweepId);
    taken = hasEnded;
  }
  const found = await describe(on, input.sweepId);
  if (found === undefined) throw await unanswered(on, input.sweepId, timeoutMs);
  return { outcome: outcomeOf(on, input.sweepId, found, starter), workflowId, taken };
};

/** Asks until the answer is another one than to ask again, or the deadline (ms since the epoch) is near. */
const askAgain = async <T>(ask: () => Promise<T>, deadline: number): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isToAskAgain(error) || Date.now() + ASK_AGAIN_MS > deadline) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
};

/** Asks a sweep where it stands. @throws StateError when it is not there or no worker answers. */
export const progress = async (
  on: TitrateConnection,
  sweepId: string,
  options: AskOptions = {},
): Promise<SweepProgress> => {
  const { timeoutMs = QUERY_TIMEOUT_MS } = options;
  const deadline = Date.now() + timeoutMs;
  try {
    const ask = (): Promise<SweepProgress> => handleOf(on, sweepId).query<SweepProgress>(PROGRESS_QUERY);
    return await askAgain(() => on.client.withDeadline(deadline, ask), deadline);
  } catch (error) {
    const isUnanswered = isTimeout(error) || isToAskAgain(error);
    throw isUnanswered ? await unanswered(on, sweepId, timeoutMs) : await sweepFailure(error, on, sweepId);
  }
};

/** What a validator says of an act that it cannot understand. */
const misunderstood = (error: unknown): InputError | undefined => {
  if (!(error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)) return undefined;
  const { message, type } = error.cause;
  return type === 'InputError'
    ? new InputError(message, [], { hint: 'docs/acts.md says what each act takes' })
    : undefined;
};

/** A sweep that has ended before an act came to it did not take it. @throws every other failure */
const notTaken = (failure: unknown): ActResult => {
  if (failure instanceof EndedSweepError) return { accepted: false, reason: 'the sweep has ended' };
  throw failure;
};

/**
 * Asks a sweep for something, and tells whether it was taken. The same `updateId` again gets the first answer and changes nothing.
 * @throws InputError when the act cannot be understood, StateError when no worker answers in time.
 */
export const act = async <N extends ActName>(
  on: TitrateConnection,
  sweepId: string,
  name: N,
  what: ActInputs[N],
  options: AskOptions = {},
): Promise<ActResult> => {
  const { timeoutMs = ACT_TIMEOUT_MS, updateId = randomUUID() } = options;
  await describe(on, sweepId); // a process that lacks the sweep's key could not read the answer: it asks for nothing
  const update = (): Promise<ActResult> =>
    handleOf(on, sweepId).executeUpdate<ActResult, [ActInputs[N]]>(SWEEP_UPDATES[name], { args: [what], updateId });
  try {
    return await on.client.withDeadline(Date.now() + timeoutMs, update);
  } catch (error) {
    const refusal = misunderstood(error);
    if (refusal !== undefined) throw refusal;
    if (!isTimeout(error)) return notTaken(await sweepFailure(error, on, sweepId));
    const { message, hint, values } = await unanswered(on, sweepId, timeoutMs);
    const how =
      name === 'inject'
        ? 'importing again takes no run twice'
        : `ask again with --idempotency-key ${updateId}, and it is done once`;
    throw new StateError(message, {
      hint: `${hint}; it may still be done as it was asked: ${how}`,
      values: { ...values, updateId },
    });
  }
};

/** Asks a running sweep to take observations as evidence. */
export const inject = (
  on: TitrateConnection,
  sweepId: string,
  what: InjectAct,
  options: AskOptions = {},
): Promise<ActResult> => act(on, sweepId, 'inject', what, options);

/** Waits for a sweep's result, however long; it survives restarts of the embedded server. */
export const result = async (on: TitrateConnection, sweepId: string): Promise<SweepResult> => {
  try {
    return (await handleOf(on, sweepId).result()) as SweepResult;
  } catch (error) {
    throw await sweepFailure(error, on, sweepId);
  }
};

/** Lists the sweeps of the namespace, the newest first, those of other homes included. */
export const list = async (on: TitrateConnection): Promise<ListedSweep[]> => {
  const query = `WorkflowType = '${SWEEP_WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'`;
  const sweeps: ListedSweep[] = [];
  const listing = listingClient(on.client, on.namespace);
  for await (const { workflowId, status, taskQueue, startTime, closeTime } of listing.list({ query })) {
    const sweepId = workflowId.startsWith(WORKFLOW_PREFIX) ? workflowId.slice(WORKFLOW_PREFIX.length) : workflowId;
    const ended = closeTime === undefined ? {} : { endedAt: closeTime.toISOString() };
    sweeps.push({ sweepId, workflowId, status: status.name, taskQueue, startedAt: startTime.toISOString(), ...ended });
  }
  return sweeps.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
};

/** Does the server know a sweep of this id, and is it still open? */
export const standing = async (on: TitrateConnection, sweepId: string): Promise<'none' | 'open' | 'closed'> => {
  const description = await describe(on, sweepId);
  if (description === undefined) return 'none';
  return description.status.name === 'RUNNING' ? 'open' : 'closed';
};
