import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { TrialEnd } from '../domain/messages.js';
import type { TrialStanding } from '../activities/trial-activities.js';

/** Asks the server, by the client of the worker that runs the activity, what became of a trial workflow. */
export const findTrial = (trial: string, workflowId: string): Promise<TrialStanding> =>
  findTrialBy(Context.current().client, trial, workflowId);

/** Asks the server what became of a trial workflow. */
export const findTrialBy = async (client: Client, trial: string, workflowId: string): Promise<TrialStanding> => {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW') return { trial, standing: 'running' };
    if (status.name !== 'COMPLETED') return { trial, standing: 'lost', reason: `its workflow ended as ${status.name}` };
    return { trial, standing: 'ended', end: (await handle.result()) as TrialEnd };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      return { trial, standing: 'lost', reason: 'the server knows no such workflow' };
    throw error;
  }
};
