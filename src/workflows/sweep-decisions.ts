import { ActivityFailure, ApplicationFailure, patched } from '@temporalio/workflow';
import { costOf } from '../domain/cost.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { ActName, RecordEvent } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { RecommendOutput } from '../activities/decision-activities.js';
import { decisionWork } from './activity-options.js';
import { PATCHES } from './patches.js';
import { approvalRequest, awaiting } from './approval-acts.js';
import type { SweepBook } from './sweep-book.js';
import { confirmationEvent, decidedEvent, pinnedEvent, recommendedEvent } from './sweep-events.js';
import type { KeyedEvent } from './sweep-events.js';
import { eventsOfNews } from './sweep-inbox.js';
import type { News } from './sweep-inbox.js';
import { confirmationsOwed, isAffordable, isClosing, mayStart, pendingOf, withDecision } from './sweep-state.js';
import { awaitingTrial, runningTrial } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';

/** What a sweep does with its decisions once they are in the record. */
export interface DecisionListener {
  /** Starts the trial of a recorded decision that needs no leave. */
  start(trial: RunningTrial): Promise<void>;
  /** Takes an event that was recorded together with a decision. */
  take(event: RecordEvent): void;
}

const UNSETTLING: ReadonlySet<string> = new Set<ActName>([
  'refuse',
  'approve',
  'retract',
  'extend-budget',
  'lower-budget',
  'pin',
  'veto',
  'inject',
]);

/** Does it change what the next decision is made from? */
const isUnsettling = (news: News): boolean => news.kind === 'act' && UNSETTLING.has(news.act);

/** The decisions of a sweep: asks for them, checks them, records them. */
export class SweepDecisions {
  constructor(
    readonly book: SweepBook,
    readonly listener: DecisionListener,
  ) {}

  /** Asks the policy for the next trial; false when there is none to start. */
  async decide(): Promise<boolean> {
    const { book } = this;
    const decision = book.state.decisions + 1;
    const seed = seedOf('decision', book.sweep.seed, decision);
    const { head } = book.state;
    const request = { sweepId: book.input.sweepId, head, pending: pendingOf(book.state), seed };
    const output = await this.#orPause('choose the next trial', () => decisionWork.titratePropose(request));
    if (output === null) return false;
    // A pause or cancel that came in while the policy was thinking forbids the start; a changed sweep is decided anew.
    if (!mayStart(book.sweep, book.state) || book.inbox.some(isUnsettling)) return true;
    const decided = decidedEvent(decision, seed, output);
    if (decided === null) return this.#buyNothing('nothing that is left to run is affordable and worth its cost');
    if (!isAffordable(book.sweep, book.state, output.proposal?.cost ?? 0)) {
      return this.#buyNothing('the next trial would exceed the budget');
    }
    // Of requests that wait for a person there are no more than jobs at once: the policy is asked again when one is answered.
    if (awaiting(book.state) >= book.sweep.parallel && this.#request(decided) !== null) {
      return this.#buyNothing('requests for approval wait');
    }
    return this.#recordAndStart(decided);
  }

  /** Starts what a person pinned; no policy is asked. */
  async pinned(): Promise<boolean> {
    const { book } = this;
    const [next] = book.state.pinned;
    if (next === undefined) return false;
    const seed = seedOf('decision', book.sweep.seed, book.state.decisions + 1);
    return this.#recordAndStart(pinnedEvent(book.sweep, book.state, next, seed));
  }

  /** The request for a person's leave that a decision needs; null when it needs none. */
  #request({ event }: KeyedEvent): KeyedEvent | null {
    if (event.type !== 'decided' || this.book.sweep.approval === undefined) return null;
    const request = approvalRequest(this.book.sweep, event, Date.now());
    return request !== null && patched(PATCHES.askForApproval) ? request : null;
  }

  /** Ends the search, or, while trials are in flight, waits for what they teach. */
  #buyNothing(reason: string): boolean {
    const { running, observations } = this.book.state;
    this.book.change(running.length > 0 ? { nothingToBuyAt: observations } : { searchOver: reason });
    return running.length === 0;
  }

  /** Records a decision, and with it what jobs reported while it was made. */
  async #recordAndStart(decided: KeyedEvent): Promise<boolean> {
    const { book } = this;
    const request = this.#request(decided);
    const { trial, reported } = await book.whileWriting(async () => {
      const asked = request === null ? [] : [request];
      const [event, ...others] = await book.record(decided, ...asked, ...this.#joinable());
      if (event?.type !== 'decided') throw ApplicationFailure.nonRetryable('the record lost a decision', 'StateError');
      const decidedTrial = runningTrial(book.input.sweepId, book.sweep, event, Date.now());
      const waits = others[0]?.type === 'approval-requested' ? others[0] : undefined;
      const started = waits === undefined ? decidedTrial : awaitingTrial(decidedTrial, waits);
      book.state = withDecision(book.state, event, started);
      book.moved = true;
      return { trial: started, reported: others };
    });
    if (trial.state === 'queued' && !this.#isHeld()) await this.listener.start(trial);
    for (const other of reported) this.listener.take(other);
    return true;
  }

  /** Did a pause or an end come in while the decision was being written? Its trial stays in the queue then. */
  #isHeld(): boolean {
    const { state } = this.book;
    return (state.pause !== null || isClosing(state)) && patched(PATCHES.holdDecided);
  }

  /**
   * The events of what arrived, if all of it can be written behind a decision that was made without it: launches and ends
   * that lead to no further decision. The rest waits for the inbox to be read.
   */
  #joinable(): readonly KeyedEvent[] {
    const { book } = this;
    if (!patched(PATCHES.recordTogether)) return [];
    const events = eventsOfNews(book.sweep, book.state, book.inbox);
    const isPlain = book.inbox.every(({ kind }) => kind === 'launched' || kind === 'ended');
    if (!isPlain || events.some(({ event }) => event.type !== 'launched' && event.type !== 'observed')) return [];
    book.inbox = [];
    return events;
  }

  /** Recommends a mixture from what is there, and records it, at the end; false when that must wait for something to be mended. */
  async recommendFinally(): Promise<boolean> {
    const output = await this.#recommendation();
    if (output === null) return false;
    await this.#recordRecommendation('final', output);
    return true;
  }

  /** Asks for a recommendation; null when that must wait for something to be mended. */
  #recommendation(): Promise<RecommendOutput | null> {
    const { book } = this;
    const { head, recommendation, confirmed } = book.state;
    const prefer = recommendation?.mixture ?? confirmed;
    const request = { sweepId: book.input.sweepId, head, seed: book.sweep.seed };
    return this.#orPause('recommend a mixture', () =>
      decisionWork.titrateRecommend(prefer === null ? request : { ...request, prefer }),
    );
  }

  async #recordRecommendation(when: 'search' | 'final', output: RecommendOutput): Promise<void> {
    const { book } = this;
    const [event] = await book.record(recommendedEvent(when, output, book.state.searches));
    if (event?.type === 'recommended') book.change({ recommendation: event.recommendation });
  }

  /** Says what is to be confirmed; false when that must wait for something to be mended. */
  async beginConfirming(): Promise<boolean> {
    const { book } = this;
    if (book.sweep.confirm === 0) {
      book.change({ phase: 'confirming' });
      return true;
    }
    const isAwaitedByActs = patched(PATCHES.recommendAnew);
    const output = await this.#recommendation();
    if (output === null) return false;
    if (!isAwaitedByActs) return this.#confirmFrom(output);
    if (book.inbox.some(isUnsettling)) return true; // a changed sweep, or one that goes on, is asked about anew
    return book.whileWriting(() => this.#confirmFrom(output));
  }

  async #confirmFrom(output: RecommendOutput): Promise<boolean> {
    const { book } = this;
    await this.#recordRecommendation('search', output);
    const mixture = book.state.recommendation?.mixture;
    if (mixture === undefined) return false;
    const { atTarget, sawDigest, sawObservations } = output;
    const left = confirmationsOwed(book.sweep, mixture, atTarget);
    book.change({ confirming: { mixture, left, sawDigest, sawObservations }, phase: 'confirming' });
    return true;
  }

  async confirm(): Promise<boolean> {
    const { book } = this;
    const { confirming, running } = book.state;
    const cost = costOf(book.sweep, book.sweep.target);
    if (confirming === null || confirming.left === 0 || !isAffordable(book.sweep, book.state, cost)) {
      if (running.length === 0) book.change({ phase: 'ended' });
      return running.length === 0;
    }
    const seed = seedOf('decision', book.sweep.seed, book.state.decisions + 1);
    return this.#recordAndStart(confirmationEvent(book.sweep, book.state, confirming, seed));
  }

  /** Does some deciding; what cannot be mended by trying again pauses the sweep and loses nothing. */
  async #orPause<T>(doing: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
      this.book.pause({ by: SWEEP_ITSELF, reason: `could not ${doing}: ${error.cause.message}` });
      return null;
    }
  }
}
