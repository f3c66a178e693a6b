import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';

/** What the server says of a workflow; undefined when it knows none of this id. */
export const describeWorkflow = (
  { workflow }: Pick<Client, 'workflow'>,
  workflowId: string,
): Promise<WorkflowExecutionDescription | undefined> =>
  workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    });
