import { ParentClosePolicy, WorkflowIdReusePolicy, log, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { NOTICE_WORKFLOW, noticeWorkflowId } from '../domain/messages.js';
import type { titrateNotice } from './notice.js';
import type { Posting } from './notices.js';

const start = async (sweepId: string, { notice, channel, name }: Posting): Promise<void> => {
  const at = new Date().toISOString();
  const input = { sweepId, sweepWorkflowId: workflowInfo().workflowId, notice: { ...notice, at }, channel, name };
  try {
    await startChild<typeof titrateNotice>(NOTICE_WORKFLOW, {
      workflowId: noticeWorkflowId(sweepId, notice.kind, notice.about, name),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON, // it outlives the sweep
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE, // nobody is told twice
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    log.info('people were told of this already', { kind: notice.kind, about: notice.about });
  }
};

/** Starts the notices on their way; waits for the server to have them, not for anybody to have read them. */
export const postNotices = async (sweepId: string, postings: readonly Posting[]): Promise<void> => {
  await Promise.all(postings.map((posting) => start(sweepId, posting)));
};
