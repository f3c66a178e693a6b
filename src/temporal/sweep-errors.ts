import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import proto from '@temporalio/proto';
import { isTitrateError, StateError } from '../domain/errors.js';
import { EARLY_NEWS } from '../domain/early-news.js';
import { sweepWorkflowId } from '../domain/messages.js';
import type { TitrateConnection } from './client.js';
import { describeWorkflow } from './describe-workflow.js';
import { isWorkerPolling } from './task-queue.js';

const { WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;

const GRPC_CANCELLED = 1; // a deadline, when it strikes while an answer is on its way (8 % of queries that nobody answers)
const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_FAILED_PRECONDITION = 9; // queries: no poller has been seen of late
const GRPC_UNAVAILABLE = 14;

const FAILS_FROM = 2; // once may be a worker that was killed

const UNANSWERED: ReadonlySet<number | undefined> = new Set([
  GRPC_CANCELLED,
  GRPC_DEADLINE_EXCEEDED,
  GRPC_FAILED_PRECONDITION,
]);

/** What a server or the client answered a call with; undefined of what is no such answer. */
export const grpcCode = (error: unknown): number | undefined => {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof Error && isGrpcServiceError(error.cause)) return error.cause.code;
  return undefined;
};

const isNotFound = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

/** Did a call end because nobody answered it in time? */
export const isTimeout = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || UNANSWERED.has(grpcCode(error));

/** Is the server itself away for the moment? */
const isUnavailable = (error: unknown): boolean => grpcCode(error) === GRPC_UNAVAILABLE;

const place = (on: TitrateConnection): string => `${on.address}, namespace ${on.namespace}`;

/**
 * Is a query to be asked again? The sweep had to be rebuilt for it, and had news (workflows/task-guard.ts), or continued as new
 * in that moment.
 */
export const isToAskAgain = (error: unknown): boolean =>
  error instanceof QueryRejectedError
    ? error.status === WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW
    : error instanceof QueryNotRegisteredError && error.message.includes(EARLY_NEWS);

/** The sweep's workflow was closed from outside before the sweep had ended. Asking again is of no use. */
export class ClosedSweepError extends StateError {}

/** The sweep has come to its end: nothing can be asked of it any more. */
export class EndedSweepError extends StateError {}

/** Somebody terminated the sweep's workflow, say; `how` is the server's word for it. */
export const closedSweep = (sweepId: string, how: string): ClosedSweepError =>
  new ClosedSweepError(`sweep ${sweepId} stands still: its workflow was closed before the sweep had ended (${how})`, {
    hint: 'docs/operations.md says how it is taken up again; titrate doctor --orphans lists its jobs, which run on',
    values: { sweepId, how },
  });

/** A sweep of this id was started from another home, or under another TITRATE_TASK_QUEUE: nobody here works for it. */
export const sweepElsewhere = (on: TitrateConnection, sweepId: string, taskQueue: string): StateError =>
  new StateError(
    `sweep ${sweepId} on ${place(on)} belongs to task queue ${taskQueue}; here sweeps go to ${on.taskQueue}`,
    {
      hint: 'choose another id (titrate run FILE --id NAME); or, if that sweep is meant, its home (--home, TITRATE_HOME) and TITRATE_TASK_QUEUE',
      values: { sweepId, taskQueue },
    },
  );

/** The server has no sweep of this id. */
export const noSweep = (on: TitrateConnection, sweepId: string): StateError =>
  new StateError(`found no sweep ${JSON.stringify(sweepId)} on ${place(on)}`, {
    hint: 'titrate run FILE starts one that titrate status calls not begun; --home and TEMPORAL_ADDRESS decide where it looks',
    values: { sweepId },
  });

/**
 * A sweep with a record is not this server's: two workflows that write one record would take no act of each other, and go on
 * when one is cancelled.
 */
export const begunElsewhere = (on: TitrateConnection, sweepId: string): StateError =>
  new StateError(`sweep ${sweepId} has a record and has not ended, but there is no such sweep on ${place(on)}`, {
    hint: 'set TEMPORAL_ADDRESS and the like as they were when it was started; if that server has lost it, --fresh starts another (docs/operations.md)',
    values: { sweepId },
  });

/** How often in a row the sweep's workflow has failed at what it has to do next, as far as the server knows. */
const failuresInARow = async (on: TitrateConnection, sweepId: string): Promise<number> => {
  const { raw } = await on.client.workflow.getHandle(sweepWorkflowId(sweepId)).describe();
  return Math.max(0, (raw.pendingWorkflowTask?.attempt ?? 1) - 1);
};

/** Says why a call to a sweep was not answered: no worker, one whose workflow code fails, or a busy one. */
export const unanswered = async (on: TitrateConnection, sweepId: string, timeoutMs: number): Promise<StateError> => {
  const polling = await isWorkerPolling(on).catch(() => false);
  if (!polling) {
    return new StateError(`no worker is polling task queue ${on.taskQueue}, so sweep ${sweepId} cannot answer`, {
      hint: 'titrate worker starts one',
      values: { sweepId, taskQueue: on.taskQueue },
    });
  }
  const failures = await failuresInARow(on, sweepId).catch(() => 0);
  if (failures >= FAILS_FROM) {
    return new StateError(`sweep ${sweepId} stands still: its workflow failed ${failures} times in a row`, {
      hint: 'the worker’s log says why, and docs/operations.md how a workflow is taken back; nothing is lost, and jobs run on',
      values: { sweepId, failures },
    });
  }
  return new StateError(`sweep ${sweepId} did not answer within ${timeoutMs / 1000} s`, {
    hint: 'its worker may be busy or just gone: titrate doctor tells',
    values: { sweepId, taskQueue: on.taskQueue },
  });
};

/** Why the server lets nobody ask a sweep for anything. */
const whyGone = async (on: TitrateConnection, sweepId: string): Promise<StateError> => {
  const found = await describeWorkflow(on.client, sweepWorkflowId(sweepId));
  if (found === undefined) return noSweep(on, sweepId);
  const { name } = found.status;
  if (name !== 'COMPLETED') return closedSweep(sweepId, name);
  return new EndedSweepError(`sweep ${sweepId} has ended`, { hint: `titrate status ${sweepId}`, values: { sweepId } });
};

/** Turns a failed call about a sweep into a StateError that says what to do; leaves what it does not know. */
export const sweepFailure = async (error: unknown, on: TitrateConnection, sweepId: string): Promise<unknown> => {
  if (isTitrateError(error)) return error;
  if (isNotFound(error) || error instanceof QueryRejectedError) return whyGone(on, sweepId);
  if (error instanceof WorkflowFailedError) {
    const found = error.cause?.message ?? error.message;
    return new StateError(`sweep ${sweepId} ended without a result: ${found}`, {
      hint: `titrate explain ${sweepId} 1`,
      cause: error,
    });
  }
  if (error instanceof QueryNotRegisteredError) {
    return new StateError(`sweep ${sweepId} is another workflow’s id: it knows no ${error.message}`, { cause: error });
  }
  if (isUnavailable(error)) {
    return new StateError(`the Temporal server at ${place(on)} is away`, {
      hint: 'titrate server status',
      cause: error,
    });
  }
  return error;
};
