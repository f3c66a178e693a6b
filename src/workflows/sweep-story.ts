import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import { costOf } from '../domain/cost.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { Act, ActResult, SweepInput, SweepProgress, SweepResult } from '../domain/messages.js';
import type { RecordEvent } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import type { RecommendOutput } from '../activities/decision-activities.js';
import { decisionWork, recordWork } from './activity-options.js';
import { confirmationEvent, decidedEvent, endedEvent, recommendedEvent } from './sweep-events.js';
import type { KeyedEvent } from './sweep-events.js';
import { eventsOfNews } from './sweep-inbox.js';
import type { News } from './sweep-inbox.js';
import {
  confirmationsOwed,
  initialState,
  isAffordable,
  mayStart,
  pendingOf,
  progressOf,
  runningTrial,
  withDecision,
  withObservation,
  withTrial,
} from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { titrateSweep } from './sweep.js';
import { TrialFleet } from './trial-fleet.js';
import { showProgress } from './visibility.js';

const FAILURES_BEFORE_PAUSE = 5; // in a row: something is wrong with the jobs, not with the mixtures
const LOSSES_BEFORE_PAUSE = 3; // of one trial's workflow
const RECONCILE_EVERY = '1 hour'; // only while trials of an earlier run are in flight

/** One run of a sweep workflow: the state, what arrived and was not looked at yet, and the moves. */
export class SweepStory {
  #state: SweepState;
  #result: SweepResult | null = null;
  #inbox: News[] = [];
  /** Has this run brought the sweep forward? Only then may it continue as new. */
  #moved = false;
  readonly #sweep: Sweep;
  readonly #fleet: TrialFleet;

  constructor(
    readonly input: SweepInput,
    readonly carried: SweepState | undefined,
  ) {
    this.#sweep = input.sweep;
    this.#state = carried ?? initialState;
    this.#fleet = new TrialFleet(input, {
      ended: (end) => this.hear({ kind: 'ended', end }),
      lost: (trial, reason) => this.hear({ kind: 'lost', trial, reason }),
    });
  }

  progress(): SweepProgress {
    return progressOf(this.input.sweepId, this.#sweep, this.#state, this.#result);
  }

  hear(news: News): void {
    this.#inbox.push(news);
  }

  pause(what: Act): ActResult {
    const { pause, cancel } = this.#state;
    if (cancel !== null) return { accepted: false, reason: `the sweep is being cancelled by ${cancel.by}` };
    if (pause !== null) return { accepted: false, reason: `the sweep is paused already, by ${pause.by}` };
    this.#act('pause', what, { pause: what });
    return { accepted: true, reason: 'no new trial starts; trials in flight go on' };
  }

  resume(what: Act): ActResult {
    if (this.#state.pause === null) return { accepted: false, reason: 'the sweep is not paused' };
    this.#act('resume', what, { pause: null, failuresInARow: 0, nothingToBuyAt: null });
    return { accepted: true, reason: 'the sweep goes on' };
  }

  cancel(what: Act): ActResult {
    const { cancel, running } = this.#state;
    if (cancel !== null) return { accepted: false, reason: `the sweep is being cancelled already, by ${cancel.by}` };
    this.#act('cancel', what, { cancel: what });
    return { accepted: true, reason: `${running.length} trials in flight are being stopped` };
  }

  /** Tells the story to its end, or to where the next run of the workflow takes over. */
  async tell(): Promise<SweepResult> {
    if (this.carried === undefined) await this.#open();
    else await this.#fleet.reconcile(this.#state.running);
    for (;;) {
      await this.#readInbox();
      if (this.#isOver()) {
        if (await this.#end()) return this.#result as unknown as SweepResult;
      } else if (this.#mayContinueAsNew()) {
        await continueAsNew<typeof titrateSweep>(this.input, this.#state);
      } else if (await this.#move()) continue;
      await this.#waitForNews();
    }
  }

  #act(act: 'pause' | 'resume' | 'cancel', what: Act, change: Partial<SweepState>): void {
    const number = this.#state.acts + 1;
    this.#state = { ...this.#state, ...change, acts: number };
    this.hear({ kind: 'act', act, number, what });
  }

  async #open(): Promise<void> {
    const { sweepId, sweep } = this.input;
    const { head } = await recordWork.titrateOpenRecord({ sweepId, sweep, at: now() });
    this.#state = { ...this.#state, head };
    this.#show();
  }

  #show(): void {
    if (this.input.visibility === true) showProgress(this.progress());
  }

  /** Writes events and returns them as they stand in the record, which wins over what was asked for. */
  async #record(...events: readonly KeyedEvent[]): Promise<readonly RecordEvent[]> {
    const at = now();
    const { sweepId } = this.input;
    const written = await recordWork.titrateAppend({ sweepId, events: events.map((event) => ({ ...event, at })) });
    this.#state = { ...this.#state, head: written.head };
    return written.events;
  }

  /** Records all that arrived, in one append, and then acts upon it. */
  async #readInbox(): Promise<void> {
    while (this.#inbox.length > 0) {
      const news = this.#inbox;
      this.#inbox = [];
      const events = eventsOfNews(this.#sweep, this.#state, news);
      if (events.length > 0) for (const event of await this.#record(...events)) this.#take(event);
      for (const item of news) if (item.kind === 'lost') this.#markLost(item.trial, item.reason);
      if (news.some(({ kind }) => kind === 'doubt')) await this.#fleet.reconcile(this.#state.running);
      this.#show();
      if (this.#state.cancel !== null) await this.#fleet.stop(this.#state.running);
    }
  }

  #take(event: RecordEvent): void {
    if (event.type !== 'observed') return;
    this.#state = withObservation(this.#state, event);
    this.#moved = true;
    const { failuresInARow } = this.#state;
    if (failuresInARow < FAILURES_BEFORE_PAUSE) return;
    const detail = event.detail === undefined ? '' : `; the last one said: ${event.detail}`;
    this.pause({ by: SWEEP_ITSELF, reason: `${failuresInARow} jobs failed in a row${detail}` });
  }

  #markLost(trial: string, reason: string): void {
    const running = this.#state.running.find((one) => one.trial === trial);
    if (running === undefined) return;
    const losses = running.losses + 1;
    log.warn('a trial workflow was lost; it is started again on the same job', { trial, reason, losses });
    this.#state = withTrial(this.#state, trial, { lost: true, losses });
    if (losses % LOSSES_BEFORE_PAUSE > 0) return;
    this.pause({ by: SWEEP_ITSELF, reason: `the workflow of trial ${trial} was lost ${losses} times: ${reason}` });
  }

  /** Makes one move if there is one to make. */
  async #move(): Promise<boolean> {
    const { phase, pause, cancel, running, searchOver, observations, nothingToBuyAt } = this.#state;
    const lost = running.find((trial) => trial.lost);
    if (lost !== undefined && (pause === null || cancel !== null)) {
      this.#state = withTrial(this.#state, lost.trial, { lost: false });
      await this.#fleet.start(lost);
      if (cancel !== null) await this.#fleet.stop([lost]);
      return true;
    }
    if (!mayStart(this.#sweep, this.#state)) return false;
    if (phase === 'confirming') return this.#confirm();
    if (searchOver === null) return nothingToBuyAt === observations ? false : this.#decide();
    return running.length === 0 ? this.#beginConfirming() : false;
  }

  async #decide(): Promise<boolean> {
    const decision = this.#state.decisions + 1;
    const seed = seedOf('decision', this.#sweep.seed, decision);
    const { head } = this.#state;
    const request = { sweepId: this.input.sweepId, head, pending: pendingOf(this.#state), seed };
    const output = await this.#orPause('choose the next trial', () => decisionWork.titratePropose(request));
    if (output === null) return false;
    // A pause or cancel that came in while the policy was thinking forbids the start.
    if (!mayStart(this.#sweep, this.#state)) return true;
    const decided = decidedEvent(decision, seed, output);
    if (decided === null) return this.#buyNothing('nothing that is left to run is affordable and worth its cost');
    if (!isAffordable(this.#sweep, this.#state, output.proposal?.cost ?? 0)) {
      return this.#buyNothing('the next trial would exceed the budget');
    }
    return this.#recordAndStart(decided);
  }

  /** Ends the search, or, while trials are in flight, waits for what they teach. */
  #buyNothing(reason: string): boolean {
    const { running, observations } = this.#state;
    const change = running.length > 0 ? { nothingToBuyAt: observations } : { searchOver: reason };
    this.#state = { ...this.#state, ...change };
    return running.length === 0;
  }

  async #recordAndStart(decided: KeyedEvent): Promise<boolean> {
    const [event] = await this.#record(decided);
    if (event?.type !== 'decided') throw ApplicationFailure.nonRetryable('the record lost a decision', 'StateError');
    const trial = runningTrial(this.input.sweepId, this.#sweep, event, Date.now());
    this.#state = withDecision(this.#state, event, trial);
    this.#moved = true;
    await this.#fleet.start(trial);
    return true;
  }

  async #recommend(when: 'search' | 'final'): Promise<RecommendOutput | null> {
    const { head, recommendation: before } = this.#state;
    const request = { sweepId: this.input.sweepId, head, seed: this.#sweep.seed };
    const output = await this.#orPause('recommend a mixture', () =>
      decisionWork.titrateRecommend(before === null ? request : { ...request, prefer: before.mixture }),
    );
    if (output === null) return null;
    const [event] = await this.#record(recommendedEvent(when, output.sawObservations, output.recommendation));
    if (event?.type === 'recommended') this.#state = { ...this.#state, recommendation: event.recommendation };
    return output;
  }

  async #beginConfirming(): Promise<boolean> {
    if (this.#sweep.confirm > 0) {
      const output = await this.#recommend('search');
      const mixture = this.#state.recommendation?.mixture;
      if (output === null || mixture === undefined) return false;
      const { atTarget, sawDigest, sawObservations } = output;
      const left = confirmationsOwed(this.#sweep, mixture, atTarget);
      this.#state = { ...this.#state, confirming: { mixture, left, sawDigest, sawObservations } };
    }
    this.#state = { ...this.#state, phase: 'confirming' };
    return true;
  }

  async #confirm(): Promise<boolean> {
    const { confirming, running } = this.#state;
    const cost = costOf(this.#sweep, this.#sweep.target);
    if (confirming === null || confirming.left === 0 || !isAffordable(this.#sweep, this.#state, cost)) {
      if (running.length === 0) this.#state = { ...this.#state, phase: 'ended' };
      return running.length === 0;
    }
    const seed = seedOf('decision', this.#sweep.seed, this.#state.decisions + 1);
    return this.#recordAndStart(confirmationEvent(this.#sweep, this.#state, confirming, seed));
  }

  #isOver(): boolean {
    const { running, phase, cancel } = this.#state;
    return running.length === 0 && (phase === 'ended' || cancel !== null);
  }

  /** Writes the last lines of the record; false when that must wait for something to be mended. */
  async #end(): Promise<boolean> {
    const { cancel, searchOver, pause } = this.#state;
    if (pause !== null && cancel === null) return false;
    const status = cancel === null ? 'completed' : 'cancelled';
    const reason =
      cancel === null ? (searchOver ?? '') : `cancelled by ${cancel.by}: ${cancel.reason ?? 'no reason given'}`;
    if ((await this.#recommend('final')) === null && cancel === null) return false;
    const { spent, spentByScale, decisions, recommendation } = this.#state;
    await this.#record(endedEvent(status, spent, reason));
    const sweep = this.input.sweepId;
    this.#result = { sweep, status, recommendation, spent, spentByScale, trials: decisions, reason };
    this.#state = { ...this.#state, phase: 'ended' };
    this.#show();
    return true;
  }

  /** Does some deciding; what cannot be mended by trying again pauses the sweep and loses nothing. */
  async #orPause<T>(doing: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
      this.pause({ by: SWEEP_ITSELF, reason: `could not ${doing}: ${error.cause.message}` });
      return null;
    }
  }

  #mayContinueAsNew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const isLong = continueAsNewSuggested || historyLength >= (this.input.continueAfterEvents ?? Infinity);
    return isLong && this.#moved && this.#inbox.length === 0 && allHandlersFinished();
  }

  async #waitForNews(): Promise<void> {
    const { running } = this.#state;
    const hasNews = (): boolean => this.#inbox.length > 0;
    if (this.#fleet.followsAll(running)) return condition(hasNews);
    if (!(await condition(hasNews, RECONCILE_EVERY))) await this.#fleet.reconcile(running);
  }
}

/** The workflow's own clock: the same on replay. */
const now = (): string => new Date().toISOString();
