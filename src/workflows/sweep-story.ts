import { allHandlersFinished, condition, continueAsNew, log, patched, workflowInfo } from '@temporalio/workflow';
import { LONGEST_WAIT_SECONDS } from '../domain/longest-wait.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { ActInputs, ActResult, SweepInput, SweepProgress, SweepResult } from '../domain/messages.js';
import type { ActName, RecordEvent } from '../domain/record-event.js';
import { isLive } from '../domain/trial-moves.js';
import { approveAct, overdue, refuseAct } from './approval-acts.js';
import { budgetNotice, noticeOf, postingsOf } from './notices.js';
import { PATCHES } from './patches.js';
import { postNotices } from './post-notices.js';
import { isToStop } from './sweep-acts.js';
import { SweepBook } from './sweep-book.js';
import { SweepDecisions } from './sweep-decisions.js';
import { SweepDesk } from './sweep-desk.js';
import { endedEvent } from './sweep-events.js';
import { eventsOfNews } from './sweep-inbox.js';
import type { News } from './sweep-inbox.js';
import { changeTrial, findTrial, isClosing, isFailing, mayStart, wantsNothingYet, withEvent } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { titrateSweep } from './sweep.js';
import { TrialFleet } from './trial-fleet.js';
import { isToSettle, movedTrial } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

const LOSSES_BEFORE_PAUSE = 3; // of one trial's workflow
const FIRST_WAIT_MS = 5_000; // of a trial that was lost so often, doubled each time: a cancelled sweep does not pause
const LONGEST_WAIT_MS = 1_800_000; // as long as a rerun waits at most by default
const UNANSWERED_BEFORE_PAUSE = 5; // requests in a row: there is nobody who answers
const RECONCILE_EVERY_MS = 3_600_000; // only while trials of an earlier run are in flight

/** Why a sweep ends, in words. */
const endReason = ({ cancel, finish, searchOver }: SweepState): string => {
  if (cancel !== null) return `cancelled by ${cancel.by}: ${cancel.reason ?? 'no reason given'}`;
  if (finish !== null) return `finished by ${finish.by}${finish.reason === undefined ? '' : `: ${finish.reason}`}`;
  return searchOver ?? '';
};

/** How long to wait for a moment (ms since the epoch), never too short or too long for a timer; for ever for one that never comes. */
const untilMs = (moment: number): number =>
  moment === Infinity ? Infinity : Math.min(Math.max(1, moment - Date.now()), 1000 * LONGEST_WAIT_SECONDS);

/** One run of a sweep workflow: hears what happens, and makes the moves. */
export class SweepStory {
  readonly #book: SweepBook;
  readonly #fleet: TrialFleet;
  readonly #decisions: SweepDecisions;
  readonly #desk: SweepDesk;
  /** Recorded events that people outside may have to be told of. */
  readonly #toTell: RecordEvent[] = [];

  constructor(
    readonly input: SweepInput,
    readonly carried: SweepState | undefined,
  ) {
    this.#book = new SweepBook(input, carried);
    this.#desk = new SweepDesk(this.#book);
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

  /** Takes an act at once. */
  act<N extends ActName>(name: N, what: ActInputs[N]): ActResult {
    return this.#desk.take(name, what);
  }

  /** Takes an act when all that is committed is known. */
  steer<N extends ActName>(name: N, what: ActInputs[N]): Promise<ActResult> {
    return this.#desk.takeSettled(name, what);
  }

  /** Takes a result back, when the record has been asked about its run. */
  retract(what: ActInputs['retract']): Promise<ActResult> {
    return this.#desk.retract(what);
  }

  /** Tells the story to its end, or to where the next run of the workflow takes over. */
  async tell(): Promise<SweepResult> {
    if (this.carried === undefined) await this.#book.open();
    else await this.#reconcile();
    for (;;) {
      await this.#readInbox();
      if (this.#book.sweep.notify !== undefined) await this.#tellPeople();
      const isOver = this.#isOver();
      if (isOver && this.#hasNews() && patched(PATCHES.hearBeforeEnd)) continue;
      if (isOver && (await this.#end())) return this.#result();
      if (isOver ? this.#isToHandOver() : this.#mayContinueAsNew()) {
        await continueAsNew<typeof titrateSweep>(this.input, this.#book.state);
      }
      if (!isOver && (await this.#move())) continue;
      await this.#waitForNews();
    }
  }

  async #result(): Promise<SweepResult> {
    await condition(allHandlersFinished); // an act that came too late is told so
    return this.#book.result as unknown as SweepResult;
  }

  /** Records all that arrived, in one append, and then acts upon it. */
  async #readInbox(): Promise<void> {
    const book = this.#book;
    while (book.inbox.length > 0) {
      const news = book.inbox;
      book.inbox = [];
      const events = eventsOfNews(book.sweep, book.state, news);
      if (events.length > 0) {
        await book.whileWriting(async () => {
          for (const event of await book.record(...events)) this.#take(event);
        });
      }
      for (const item of news) if (item.kind === 'lost') this.#markLost(item);
      if (news.some(({ kind }) => kind === 'doubt')) await this.#reconcile();
      book.show();
      await this.#stopWhatMustStop();
    }
  }

  /** Takes an event as it stands in the record. */
  #take(event: RecordEvent): void {
    const book = this.#book;
    book.state = withEvent(book.sweep, book.state, event, Date.now());
    this.#toTell.push(event);
    if (event.type !== 'observed' && event.type !== 'attempted') return;
    book.moved = true;
    if (!isFailing(book.sweep, book.state)) return;
    const detail = event.detail === undefined ? '' : `; the last one said: ${event.detail}`;
    const reason = `${book.state.failuresInARow} jobs failed in a row${detail}`;
    book.pause({ by: SWEEP_ITSELF, reason });
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
    const again = this.#againAfter(losses);
    book.state = changeTrial(book.state, trial, (one) => ({
      ...(isNew ? movedTrial(one, 'lost') : one),
      losses,
      ...again,
    }));
    if (losses % LOSSES_BEFORE_PAUSE > 0) return;
    book.pause({ by: SWEEP_ITSELF, reason: `the workflow of trial ${trial} was lost ${losses} times: ${reason}` });
  }

  /** When a trial that was lost so often is started again. */
  #againAfter(losses: number): Pick<RunningTrial, 'notBefore'> {
    if (losses < LOSSES_BEFORE_PAUSE || !patched(PATCHES.backOffLost)) return {};
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (losses - LOSSES_BEFORE_PAUSE));
    return { notBefore: Date.now() + wait };
  }

  /** May a trial whose workflow is lost be started again now? A pause holds it, unless it is only to be stopped. */
  #mayRestart({ state, abandoned }: RunningTrial): boolean {
    const { pause } = this.#book.state;
    return state === 'lost' && (pause === null || isClosing(this.#book.state) || abandoned !== undefined);
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
    const { phase, running, searchOver } = state;
    if (this.#answerOverdue()) return true;
    const settled = running.filter((trial) => isToSettle(trial, isClosing(state)));
    for (const { trial } of settled) this.hear({ kind: 'given-up', trial });
    if (settled.length > 0 || (await this.#startAgain())) return true;
    if (!mayStart(sweep, this.#book.state)) return false;
    const queued = running.find((trial) => trial.state === 'queued');
    if (queued !== undefined) return this.#start(queued).then(() => true);
    if (this.#book.state.pinned.length > 0) return this.#decisions.pinned();
    if (phase === 'confirming') return this.#decisions.confirm();
    if (searchOver === null) return wantsNothingYet(state) ? false : this.#decisions.decide();
    return running.length === 0 ? this.#decisions.beginConfirming() : false;
  }

  /** Answers requests for approval that nobody answered in time, as the sweep file says. */
  #answerOverdue(): boolean {
    const book = this.#book;
    if (isClosing(book.state)) return false;
    const late = overdue(book.state, Date.now());
    const { timeoutSeconds = 0, onTimeout = 'refuse' } = book.sweep.approval ?? {};
    const reason = `nobody answered within ${timeoutSeconds} s`;
    for (const { trial } of late) {
      const what = { by: SWEEP_ITSELF, authenticated: 'titrate', reason, trial } as const;
      const leave = onTimeout === 'approve' ? approveAct(book.sweep, book.state, what) : null;
      if (leave?.accepted === true) book.act('approve', what, leave);
      else book.act('refuse', what, refuseAct(book.state, what));
    }
    const { unanswered } = book.state;
    if (late.length > 0 && unanswered >= UNANSWERED_BEFORE_PAUSE) {
      book.pause({ by: SWEEP_ITSELF, reason: `nobody answered ${unanswered} requests for approval in a row` });
    }
    return late.length > 0;
  }

  /** Tells people outside what was recorded since, and that most of the budget is spent. */
  async #tellPeople(): Promise<void> {
    const book = this.#book;
    const events = this.#toTell.splice(0);
    if (book.sweep.notify === undefined) return;
    const { sweepId } = this.input;
    const budget = budgetNotice(sweepId, book.sweep, book.state);
    if (budget !== null) book.change({ toldOfBudget: book.sweep.budget });
    const notices = [...events.map((event) => noticeOf(sweepId, book.sweep, event, book.state.acts)), budget];
    const postings = notices.flatMap((notice) => {
      if (notice === null || (notice.kind === 'sweep-paused' && !patched(PATCHES.tellOfPauses))) return [];
      return postingsOf(book.sweep, notice);
    });
    if (postings.length > 0) await postNotices(sweepId, postings);
  }

  /** Starts a trial again that has its place already: its workflow is lost, or its back-off is over. */
  async #startAgain(): Promise<boolean> {
    const { running, pause } = this.#book.state;
    const isOver = isClosing(this.#book.state);
    const lost =
      running.find((trial) => this.#mayRestart(trial) && (trial.notBefore ?? Infinity) <= Date.now()) ??
      running.find(({ state, notBefore }) => state === 'lost' && notBefore === undefined);
    if (lost !== undefined && this.#mayRestart(lost)) {
      await this.#start(lost);
      await this.#stopWhatMustStop();
      return true;
    }
    if (pause !== null || isOver) return false;
    const due = running.find(({ state, notBefore = 0 }) => state === 'backing-off' && notBefore <= Date.now());
    if (due === undefined) return false;
    this.#book.moveTrial(due.trial, 'queued');
    await this.#start(due);
    return true;
  }

  #isOver(): boolean {
    const { running, phase } = this.#book.state;
    return running.length === 0 && (phase === 'ended' || isClosing(this.#book.state));
  }

  /** Writes the last lines of the record; false when that must wait for something to be mended. */
  async #end(): Promise<boolean> {
    const book = this.#book;
    const { cancel, pause } = book.state;
    if (pause !== null && cancel === null) return false;
    const status = cancel === null ? 'completed' : 'cancelled';
    const reason = endReason(book.state);
    book.isEnding = true; // what is asked for from here on could not be recorded
    if (!(await this.#decisions.recommendFinally()) && cancel === null) {
      book.isEnding = false;
      return false;
    }
    const { spent, spentByScale, decisions, recommendation } = book.state;
    this.#toTell.push(...(await book.record(endedEvent(status, spent, reason))));
    await this.#tellPeople();
    const sweep = this.input.sweepId;
    book.result = { sweep, status, recommendation, spent, spentByScale, trials: decisions, reason };
    book.change({ phase: 'ended' });
    book.show();
    return true;
  }

  #hasNews(): boolean {
    return this.#book.inbox.length > 0;
  }

  /** Would nothing be lost if the next run of the workflow took over now? */
  #isAtRest(): boolean {
    return !this.#hasNews() && this.#fleet.isSettled && allHandlersFinished();
  }

  #mayContinueAsNew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isLong = continueAsNewSuggested || historyLength >= (this.input.continueAfterEvents ?? Infinity);
    return (isLong && this.#book.moved && this.#isAtRest()) || this.#isToHandOver();
  }

  /** The server ends a run that grows on, be it by acts and imports alone, and takes no more updates of it. */
  #isToHandOver(): boolean {
    return workflowInfo().continueAsNewSuggested && this.#isAtRest() && patched(PATCHES.continueAtRest);
  }

  async #waitForNews(): Promise<void> {
    const hasNews = (): boolean => this.#hasNews() || this.#isToHandOver();
    const reconcileIn = this.#fleet.followsAll(this.#live()) ? Infinity : RECONCILE_EVERY_MS;
    const dueIn = this.#dueInMs();
    const wait = Math.min(reconcileIn, dueIn);
    if (wait === Infinity) return condition(hasNews);
    if (!(await condition(hasNews, wait)) && dueIn > wait) await this.#reconcile();
  }

  /** Until the next back-off is over, unless the sweep is paused, or a request is overdue; of lost trials alone when it is closing. */
  #dueInMs(): number {
    const { running, pause } = this.#book.state;
    const lost = running.flatMap((trial) => (this.#mayRestart(trial) ? (trial.notBefore ?? []) : []));
    if (isClosing(this.#book.state)) return untilMs(Math.min(...lost));
    const late = running.flatMap(({ state, until, answered }) =>
      state === 'awaiting-approval' && until !== undefined && answered === undefined ? [until] : [],
    );
    const due =
      pause === null
        ? running.filter(({ state }) => state === 'backing-off').map(({ notBefore = 0 }) => notBefore)
        : [];
    return untilMs(Math.min(...due, ...late, ...lost));
  }
}
