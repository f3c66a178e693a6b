/** A worker without the keys of what is open would fail at every task of it: that is told before it takes any. */
import type { Client } from '@temporalio/client';
import type proto from '@temporalio/proto';
import { SWEEP_WORKFLOW } from '../domain/messages.js';
import { isTitrateError, type AnyTitrateError } from '../domain/errors.js';

type Page = proto.temporal.api.workflowservice.v1.ListWorkflowExecutionsResponse;

export interface KeyCheck {
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** The memos of the sweeps that are open on a task queue, as the server keeps them. */
async function* openMemos({ client, namespace, taskQueue }: KeyCheck) {
  const queue = taskQueue.replaceAll("'", "\\'");
  const query = `TaskQueue = '${queue}' AND ExecutionStatus = 'Running' AND WorkflowType = '${SWEEP_WORKFLOW}'`;
  let nextPageToken: Uint8Array | null = null;
  do {
    const page: Page = await client.workflowService.listWorkflowExecutions({ namespace, query, nextPageToken });
    for (const { execution, memo } of page.executions) {
      yield { workflowId: execution?.workflowId ?? '', payloads: Object.values(memo?.fields ?? {}) };
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
}

/**
 * Names a sweep that is open on a task queue and that the client's codecs cannot open, with what its key's absence says;
 * undefined when there is none.
 */
export const sweepWithoutKey = async (
  check: KeyCheck,
): Promise<{ readonly workflowId: string; readonly why: AnyTitrateError } | undefined> => {
  const codecs = check.client.options.loadedDataConverter.payloadCodecs.toReversed();
  for await (const { workflowId, payloads } of openMemos(check)) {
    let decoded = payloads;
    try {
      for (const codec of codecs) decoded = await codec.decode(decoded);
    } catch (why) {
      if (isTitrateError(why)) return { workflowId, why };
      throw why;
    }
  }
  return undefined;
};
