import { allHandlersFinished, condition, continueAsNew, log, workflowInfo } from '@temporalio/workflow';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { Act, ActResult, SweepInput, SweepProgress, SweepResult, TrialAct } from '../domain/messages.js';
import type { RecordEvent } from '../domain/record-event.js';
import { isLive } from '../domain/trial-moves.js';
import { abandonAct, cancelAct, isToStop, resumeAct, retryAct } from './sweep-acts.js';
import { SweepBook } from './sweep-book.js';
import { SweepDecisions } from './sweep-decisions.js';
import { endedEvent } from './sweep-events.js';
import { eventsOfNews } from './sweep-inbox.js';
import type { News } from './sweep-inbox.js';
import { changeTrial, findTrial, isFailing, mayStart, withEvent } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { titrateSweep } from './sweep.js';
import { TrialFleet } from './trial-fleet.js';
import { isToSettle, movedTrial } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

const LOSSES_BEFORE_PAUSE = 3; // of one trial's workflow
const RECONCILE_EVERY_MS = 3_600_000; // only while trials of an earlier run are in flight

/** One run of a sweep workflow: hears what happens, and makes the moves. */
export class SweepStory {
  readonly #book: SweepBook;
  readonly #fleet: TrialFleet;
  readonly #decisions: SweepDecisions;

  constructor(
    readonly input: SweepInput,
    readonly carried: SweepState | undefined,
  ) {
    this.#book = new SweepBook(input, carried);
    this.#fleet = new TrialFleet(input, {
      ended: (end) => this.hear({ kind: 'ended', end }),
      lost: ({ trial, workflowId }, reason) => this.hear({ kind: 'lost', trial, workflowId, reason }),
      found: () => this.hear({ kind: 'doubt' }),
    });
    this.#decisions = new SweepDecisions(this.#book, {
      start: (trial) => this.#start(trial),
      take: (event) => this.#take(event),
    });
  }

  progress(): SweepProgress {
    return this.#book.progress();
  }

  hear(news: News): void {
    this.#book.hear(news);
  }

  pause(what: Act): ActResult {
    return this.#book.pause(what);
  }

  resume(what: Act): ActResult {
    return this.#book.act('resume', what, resumeAct(this.#book.state));
  }

  cancel(what: Act): ActResult {
    return this.#book.act('cancel', what, cancelAct(this.#book.state, what));
  }

  retry(what: TrialAct): ActResult {
    return this.#book.act('retry', what, retryAct(this.#book.state, what));
  }

  abandon(what: TrialAct): ActResult {
    return this.#book.act('abandon', what, abandonAct(this.#book.state, what));
  }

  /** Tells the story to its end, or to where the next run of the workflow takes over. */
  async tell(): Promise<SweepResult> {
    if (this.carried === undefined) await this.#book.open();
    else await this.#reconcile();
    for (;;) {
      await this.#readInbox();
      if (this.#isOver()) {
        if (await this.#end()) return this.#book.result as unknown as SweepResult;
      } else if (this.#mayContinueAsNew()) {
        await continueAsNew<typeof titrateSweep>(this.input, this.#book.state);
      } else if (await this.#move()) continue;
      await this.#waitForNews();
    }
  }

  /** Records all that arrived, in one append, and then acts upon it. */
  async #readInbox(): Promise<void> {
    const book = this.#book;
    while (book.inbox.length > 0) {
      const news = book.inbox;
      book.inbox = [];
      const events = eventsOfNews(book.sweep, book.state, news);
      if (events.length > 0) for (const event of await book.record(...events)) this.#take(event);
      for (const item of news) if (item.kind === 'lost') this.#markLost(item);
      if (news.some(({ kind }) => kind === 'doubt')) await this.#reconcile();
      book.show();
      await this.#stopWhatMustStop();
    }
  }

  /** Takes an event as it stands in the record. */
  #take(event: RecordEvent): void {
    const book = this.#book;
    book.state = withEvent(book.state, event, Date.now());
    if (event.type !== 'observed' && event.type !== 'attempted') return;
    book.moved = true;
    if (!isFailing(book.sweep, book.state)) return;
    const detail = event.detail === undefined ? '' : `; the last one said: ${event.detail}`;
    const reason = `${book.state.failuresInARow} jobs failed in a row${detail}`;
    this.pause({ by: SWEEP_ITSELF, reason });
  }

  /** Asks the server about the trials that have a workflow. */
  async #reconcile(): Promise<void> {
    await this.#fleet.reconcile(this.#live());
  }

  #live(): readonly RunningTrial[] {
    return this.#book.state.running.filter(({ state }) => isLive(state));
  }

  #markLost({ trial, workflowId, reason }: Extract<News, { kind: 'lost' }>): void {
    const book = this.#book;
    const found = findTrial(book.state, trial);
    if (found === undefined || found.workflowId !== workflowId) return;
    const losses = found.losses + 1;
    log.warn('a trial workflow was lost; it is started again on the same job', { trial, reason, losses });
    const isNew = isLive(found.state);
    book.state = changeTrial(book.state, trial, (one) => ({ ...(isNew ? movedTrial(one, 'lost') : one), losses }));
    if (losses % LOSSES_BEFORE_PAUSE > 0) return;
    this.pause({ by: SWEEP_ITSELF, reason: `the workflow of trial ${trial} was lost ${losses} times: ${reason}` });
  }

  async #stopWhatMustStop(): Promise<void> {
    const doomed = this.#book.state.running.filter((trial) => isToStop(this.#book.state, trial));
    for (const { trial, state } of doomed) if (state !== 'stopping') this.#book.moveTrial(trial, 'stopping');
    await this.#fleet.stop(doomed);
  }

  async #start(trial: RunningTrial): Promise<void> {
    this.#book.moveTrial(trial.trial, 'launching');
    await this.#fleet.start(trial);
  }

  /** Makes one move if there is one to make. */
  async #move(): Promise<boolean> {
    const { sweep, state } = this.#book;
    const { phase, running, searchOver, observations, nothingToBuyAt, cancel } = state;
    const settled = running.filter((trial) => isToSettle(trial, cancel !== null));
    for (const { trial } of settled) this.hear({ kind: 'given-up', trial });
    if (settled.length > 0 || (await this.#startAgain())) return true;
    if (!mayStart(sweep, this.#book.state)) return false;
    const queued = running.find((trial) => trial.state === 'queued');
    if (queued !== undefined) return this.#start(queued).then(() => true);
    if (phase === 'confirming') return this.#decisions.confirm();
    if (searchOver === null) return nothingToBuyAt === observations ? false : this.#decisions.decide();
    return running.length === 0 ? this.#decisions.beginConfirming() : false;
  }

  /** Starts a trial again that has its place already: its workflow is lost, or its back-off is over. */
  async #startAgain(): Promise<boolean> {
    const { running, pause, cancel } = this.#book.state;
    const lost = running.find(({ state }) => state === 'lost');
    if (lost !== undefined && (pause === null || cancel !== null || lost.abandoned !== undefined)) {
      await this.#start(lost);
      await this.#stopWhatMustStop();
      return true;
    }
    if (pause !== null || cancel !== null) return false;
    const due = running.find(({ state, notBefore = 0 }) => state === 'backing-off' && notBefore <= Date.now());
    if (due === undefined) return false;
    this.#book.moveTrial(due.trial, 'queued');
    await this.#start(due);
    return true;
  }

  #isOver(): boolean {
    const { running, phase, cancel } = this.#book.state;
    return running.length === 0 && (phase === 'ended' || cancel !== null);
  }

  /** Writes the last lines of the record; false when that must wait for something to be mended. */
  async #end(): Promise<boolean> {
    const book = this.#book;
    const { cancel, searchOver, pause } = book.state;
    if (pause !== null && cancel === null) return false;
    const status = cancel === null ? 'completed' : 'cancelled';
    const reason =
      cancel === null ? (searchOver ?? '') : `cancelled by ${cancel.by}: ${cancel.reason ?? 'no reason given'}`;
    if ((await this.#decisions.recommend('final')) === null && cancel === null) return false;
    const { spent, spentByScale, decisions, recommendation } = book.state;
    await book.record(endedEvent(status, spent, reason));
    const sweep = this.input.sweepId;
    book.result = { sweep, status, recommendation, spent, spentByScale, trials: decisions, reason };
    book.change({ phase: 'ended' });
    book.show();
    return true;
  }

  #mayContinueAsNew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isLong = continueAsNewSuggested || historyLength >= (this.input.continueAfterEvents ?? Infinity);
    const isQuiet = this.#book.inbox.length === 0 && this.#fleet.isSettled;
    return isLong && this.#book.moved && isQuiet && allHandlersFinished();
  }

  async #waitForNews(): Promise<void> {
    const hasNews = (): boolean => this.#book.inbox.length > 0;
    const reconcileIn = this.#fleet.followsAll(this.#live()) ? Infinity : RECONCILE_EVERY_MS;
    const dueIn = this.#dueInMs();
    const wait = Math.min(reconcileIn, dueIn);
    if (wait === Infinity) return condition(hasNews);
    if (!(await condition(hasNews, wait)) && dueIn > wait) await this.#reconcile();
  }

  /** Until the next back-off is over; never while the sweep is paused or cancelled. */
  #dueInMs(): number {
    const { running, pause, cancel } = this.#book.state;
    if (pause !== null || cancel !== null) return Infinity;
    const times = running.filter(({ state }) => state === 'backing-off').map(({ notBefore = 0 }) => notBefore);
    return Math.max(1, Math.min(...times) - Date.now());
  }
}
