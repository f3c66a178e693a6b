import { HEAD_MEMO, sweepWorkflowId } from '../domain/messages.js';
import { StateError } from '../domain/errors.js';
import type { RecordHead } from '../domain/record-event.js';
import type { TitrateConnection } from './client.js';
import { describeWorkflow } from './describe-workflow.js';
import { noSweep } from './sweep-errors.js';

const isHead = (value: unknown): value is RecordHead => {
  const { seq, hash } = (value ?? {}) as Partial<RecordHead>;
  return typeof seq === 'number' && typeof hash === 'string';
};

/**
 * Reads the head of a sweep's record that its workflow left in its memo, where the folder's owner cannot rewrite it.
 * @throws StateError when the server has no such sweep, or the sweep left none.
 */
export const anchoredHead = async (on: TitrateConnection, sweepId: string): Promise<RecordHead> => {
  const description = await describeWorkflow(on.client, sweepWorkflowId(sweepId));
  if (description === undefined) throw noSweep(on, sweepId);
  const head = description.memo?.[HEAD_MEMO];
  if (isHead(head)) return head;
  throw new StateError(`sweep ${sweepId} left no head of its record in its memo`, {
    hint: 'sweeps that were started by an earlier version, or had nothing recorded since, have none',
  });
};
