/** What people outside are told, and when. No Temporal in here. */
import { costUnit } from '../domain/cost.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import { channelName, takes } from '../domain/notices.js';
import type { Notice, NoticeChannel, NoticeKind } from '../domain/notices.js';
import type { RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { short as figure } from './cost-text.js';
import type { KeyedEvent } from './sweep-events.js';
import type { SweepState } from './sweep-state.js';

/** What became of a notice on one of the ways. */
export interface NoticeOutcome {
  readonly notice: NoticeKind;
  readonly about: string;
  readonly channel: string;
  readonly sent: boolean;
  readonly detail?: string;
}

/** A notice on its way to one channel. */
export interface Posting {
  readonly notice: Omit<Notice, 'at'>;
  readonly channel: NoticeChannel;
  readonly name: string;
}

export const notifiedEvent = (outcome: NoticeOutcome): KeyedEvent => ({
  key: `notified:${outcome.notice}:${outcome.about}:${outcome.channel}`,
  event: { type: 'notified', ...outcome },
});

const BUDGET_SHARE = 0.8; // as the notice's name says

const DIGITS = 4; // a notice is read in passing

const short = (value: number): string => figure(value, DIGITS);

/** The notice that a recorded event asks for; null for most. `acts` counts those that were taken so far: a sweep may pause itself again. */
export const noticeOf = (
  sweepId: string,
  sweep: Sweep,
  event: RecordEvent,
  acts: number,
): Omit<Notice, 'at'> | null => {
  const unit = costUnit(sweep.cost);
  switch (event.type) {
    case 'approval-requested': {
      const { trial, scale, steps, cost, reasons } = event;
      const text = `Trial ${trial} (${scale}, ${steps} steps, up to ${short(cost)} ${unit}) waits for approval: ${reasons.join('; ')}.`;
      const command = `titrate approve ${sweepId} ${trial}`;
      return { kind: 'approval-needed', sweep: sweepId, about: trial, text, command };
    }
    case 'parked': {
      const text = `Trial ${event.trial} is parked: ${event.reason}. Retry it or abandon it.`;
      const about = `${event.trial}.g${event.generation}`;
      return { kind: 'trial-parked', sweep: sweepId, about, text, command: `titrate retry ${sweepId} ${event.trial}` };
    }
    case 'act': {
      if (event.act !== 'pause' || event.by !== SWEEP_ITSELF) return null;
      const [said = ''] = (event.reason ?? 'no reason recorded').split('\n'); // what follows is a job's own output: it stays here
      const text = `The sweep has paused itself: ${said}.`;
      const command = `titrate resume ${sweepId}`;
      return { kind: 'sweep-paused', sweep: sweepId, about: String(acts), text, command };
    }
    case 'ended': {
      const { status, spent, reason } = event;
      const text = `The sweep is ${status}; ${short(spent)} of ${short(sweep.budget)} ${unit} were spent. ${reason}`;
      return { kind: 'sweep-finished', sweep: sweepId, about: status, text, command: `titrate status ${sweepId}` };
    }
    default:
      return null;
  }
};

/** The notice that most of the budget is spent; null while it is not, or when people know. */
export const budgetNotice = (sweepId: string, sweep: Sweep, state: SweepState): Omit<Notice, 'at'> | null => {
  const { budget } = sweep;
  if (state.toldOfBudget === budget || state.spent < BUDGET_SHARE * budget) return null;
  const text = `${short(state.spent)} of ${short(budget)} ${costUnit(sweep.cost)} are spent, 80 % or more.`;
  return {
    kind: 'budget-80',
    sweep: sweepId,
    about: short(budget),
    text,
    command: `titrate extend-budget ${sweepId} --to AMOUNT`,
  };
};

/** The ways that a notice takes. */
export const postingsOf = ({ notify = [] }: Sweep, notice: Omit<Notice, 'at'>): Posting[] =>
  notify.flatMap((channel, index) =>
    takes(channel, notice.kind) ? [{ notice, channel, name: channelName(channel, index) }] : [],
  );
