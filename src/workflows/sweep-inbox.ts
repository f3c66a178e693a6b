import type { InjectAct, TrialEnd } from '../domain/messages.js';
import type { ActName } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import type { TrialLaunched } from './messages.js';
import { actEvent, refusalEvent } from './sweep-acts.js';
import type { ActDetails, ActInput } from './sweep-acts.js';
import { notifiedEvent } from './notices.js';
import type { NoticeOutcome } from './notices.js';
import type { KeyedEvent } from './sweep-events.js';
import { findTrial, isClosing, withEvent } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import { endedEvents, givenUpEvent, launchedEvent, notApprovedEvent, retryEvent } from './trial-events.js';
import { isToSettle } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

/** Something that happened outside the sweep's own loop. */
export type News =
  | { readonly kind: 'launched'; readonly message: TrialLaunched }
  | { readonly kind: 'ended'; readonly end: TrialEnd }
  | { readonly kind: 'lost'; readonly trial: string; readonly workflowId: string; readonly reason: string }
  /** Somebody saw a trial without its workflow: the server is to be asked. */
  | { readonly kind: 'doubt' }
  /** A trial without a job is to end: it was abandoned, or its sweep cancelled. */
  | { readonly kind: 'given-up'; readonly trial: string }
  | {
      readonly kind: 'act';
      readonly act: ActName;
      readonly number: number;
      readonly what: ActInput;
      readonly details?: ActDetails;
    }
  /** An act that was not taken. */
  | {
      readonly kind: 'act-refused';
      readonly act: ActName;
      readonly number: number;
      readonly what: ActInput;
      readonly because: string;
      readonly id?: string;
    }
  /** What became of a message to people outside. */
  | { readonly kind: 'notified'; readonly outcome: NoticeOutcome };

type ActNews = Extract<News, { kind: 'act' }>;

const importedEvents = ({ observations, by, reason }: InjectAct): KeyedEvent[] =>
  observations.map((one) => ({
    key: `imported:${one.trial}`,
    event: { type: 'imported', ...one, by, ...(reason === undefined ? {} : { reason }) },
  }));

/** What an act leads to beside its own line. */
const consequences = (state: SweepState, { act, what }: ActNews): KeyedEvent[] => {
  if (act === 'inject' && 'observations' in what) return importedEvents(what);
  const trial = 'trial' in what ? findTrial(state, what.trial) : undefined;
  if (trial === undefined) return [];
  if (act === 'refuse' && trial.state === 'awaiting-approval') return [notApprovedEvent(trial, what)];
  const isRetried = act === 'retry' && trial.state === 'parked' && trial.abandoned === undefined;
  return isRetried ? [retryEvent(trial, what)] : [];
};

const eventsOfAct = (state: SweepState, news: ActNews): KeyedEvent[] => [
  actEvent(news.number, news.act, news.what, news.details),
  ...consequences(state, news),
];

/** A trial's end, with its launch when that was not told before. */
const toldEnd = (sweep: Sweep, state: SweepState, trial: RunningTrial, end: TrialEnd): KeyedEvent[] => {
  const launched = end.ref === undefined ? [] : [launchedEvent({ trial: end.trial, ref: end.ref })];
  return [...launched, ...endedEvents(sweep, state, trial, end)];
};

/** The events of a piece of news; none when it is about a generation that is not in flight: told twice, or unknown. */
const eventsOf = (sweep: Sweep, state: SweepState, news: News): KeyedEvent[] => {
  switch (news.kind) {
    case 'act':
      return eventsOfAct(state, news);
    case 'launched': {
      const trial = findTrial(state, news.message.trial);
      return trial?.job.key === news.message.ref.key ? [launchedEvent(news.message)] : [];
    }
    case 'ended': {
      const trial = findTrial(state, news.end.trial);
      return trial?.job.key === news.end.key ? toldEnd(sweep, state, trial, news.end) : [];
    }
    case 'given-up': {
      const trial = findTrial(state, news.trial);
      return trial !== undefined && isToSettle(trial, isClosing(state)) ? [givenUpEvent(state, trial)] : [];
    }
    case 'act-refused':
      return [refusalEvent(news.number, news.act, news.what, news.because, news.id)];
    case 'notified':
      return [notifiedEvent(news.outcome)];
    case 'lost':
    case 'doubt':
      return [];
  }
};

/** The events of a batch of news, each key once; every piece of news is judged by what those before it lead to. */
export const eventsOfNews = (sweep: Sweep, state: SweepState, news: readonly News[]): KeyedEvent[] => {
  const events = new Map<string, KeyedEvent>();
  let expected = state;
  for (const item of news) {
    for (const event of eventsOf(sweep, expected, item)) {
      if (events.has(event.key)) continue;
      events.set(event.key, event);
      expected = withEvent(sweep, expected, event.event, 0); // when a rerun is due changes no event of this batch
    }
  }
  return [...events.values()];
};
