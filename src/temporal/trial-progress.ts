import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { z } from 'zod';
import type { JobProgress } from '../domain/ports.js';
import type { TitrateConnection } from './client.js';
import { isNotFound } from './sweep-errors.js';

const Progress = z.object({ steps: z.number(), metrics: z.record(z.string(), z.number()).optional() });

/**
 * Reads how far a trial's job is from the last heartbeat of its supervisor; undefined when it has not said, or the trial
 * has ended. Costs one call to the server and none to the worker.
 */
export const trialProgress = async (on: TitrateConnection, workflowId: string): Promise<JobProgress | undefined> => {
  const description = await on.client.workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  for (const activity of description?.raw.pendingActivities ?? []) {
    const payloads = activity.heartbeatDetails?.payloads;
    if (payloads === null || payloads === undefined || payloads.length === 0) continue;
    const [details] = await decodeArrayFromPayloads(on.client.options.loadedDataConverter, payloads);
    const parsed = Progress.safeParse(details);
    if (!parsed.success) continue;
    const { steps, metrics } = parsed.data;
    return metrics === undefined ? { steps } : { steps, metrics };
  }
  return undefined;
};
