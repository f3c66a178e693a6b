import type { Act, TrialEnd } from '../domain/messages.js';
import type { Sweep } from '../domain/sweep.js';
import type { TrialLaunched } from './messages.js';
import { actEvent, launchedEvent, observedEvent } from './sweep-events.js';
import type { KeyedEvent } from './sweep-events.js';
import type { RunningTrial, SweepState } from './sweep-state.js';

/** Something that happened outside the sweep's own loop. */
export type News =
  | { readonly kind: 'launched'; readonly message: TrialLaunched }
  | { readonly kind: 'ended'; readonly end: TrialEnd }
  | { readonly kind: 'lost'; readonly trial: string; readonly reason: string }
  /** Somebody saw a trial without its workflow: the server is to be asked. */
  | { readonly kind: 'doubt' }
  | { readonly kind: 'act'; readonly act: 'pause' | 'resume' | 'cancel'; readonly number: number; readonly what: Act };

const findTrial = (state: SweepState, trial: string): RunningTrial | undefined =>
  state.running.find((one) => one.trial === trial);

/** The event of a piece of news, or null when it is about a trial that is not in flight: told twice, or unknown. */
const eventOf = (sweep: Sweep, state: SweepState, news: News): KeyedEvent | null => {
  switch (news.kind) {
    case 'act':
      return actEvent(news.number, news.act, news.what);
    case 'launched':
      return findTrial(state, news.message.trial) === undefined ? null : launchedEvent(news.message);
    case 'ended': {
      const trial = findTrial(state, news.end.trial);
      return trial === undefined ? null : observedEvent(sweep, trial, news.end);
    }
    case 'lost':
    case 'doubt':
      return null;
  }
};

/** The events of a batch of news, each key once. */
export const eventsOfNews = (sweep: Sweep, state: SweepState, news: readonly News[]): KeyedEvent[] => {
  const events = new Map<string, KeyedEvent>();
  for (const item of news) {
    const event = eventOf(sweep, state, item);
    if (event !== null && !events.has(event.key)) events.set(event.key, event);
  }
  return [...events.values()];
};
