/**
 * One message to people outside, on one way. It outlives the sweep that sends it, and never holds it up.
 *
 * Invariants
 * 1. It is tried twenty times at most, over an hour while there is a worker, and a sweep neither waits for it nor fails with it.
 * 2. Addresses and keys that are secret are read where it is sent; they are in no history and in no record.
 */
import { ActivityFailure, getExternalWorkflowHandle, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { Notice, NoticeChannel } from '../domain/notices.js';
import { noticeSignal } from './act-messages.js';
import type { NoticeOutcome } from './notices.js';

/** Input of the notice workflow. */
export interface NoticeInput {
  readonly sweepId: string;
  readonly sweepWorkflowId: string;
  readonly notice: Notice;
  readonly channel: NoticeChannel;
  /** Names the way without its address. */
  readonly name: string;
}

/** Tries and not time: a machine that was down, or asleep, for a night has not tried, and people are told in the morning. */
const TRIES = 20; // by the intervals below, over an hour

const { titrateNotify } = proxyActivities<Pick<Activities, 'titrateNotify'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '5 minutes', maximumAttempts: TRIES },
});

const reasonOf = (error: unknown): string => {
  if (!(error instanceof ActivityFailure)) throw error;
  return (error.cause ?? error).message;
};

/** Tells one way, and the sweep what became of it; see the invariants above. */
export async function titrateNotice({ sweepId, sweepWorkflowId, notice, channel, name }: NoticeInput): Promise<void> {
  let detail: string | undefined;
  try {
    await titrateNotify({ sweepId, notice, channel });
  } catch (error) {
    detail = reasonOf(error);
    log.warn('a notice could not be sent', { channel: name, kind: notice.kind, detail });
  }
  const outcome: NoticeOutcome = {
    notice: notice.kind,
    about: notice.about,
    channel: name,
    sent: detail === undefined,
    ...(detail === undefined ? {} : { detail }),
  };
  await getExternalWorkflowHandle(sweepWorkflowId)
    .signal(noticeSignal, outcome)
    .catch(() => log.info('the sweep has ended, and is not told of its notice', { channel: name }));
}
