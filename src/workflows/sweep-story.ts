import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { costOf } from '../domain/cost.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { Act, ActResult, SweepInput, SweepProgress, SweepResult, TrialAct } from '../domain/messages.js';
import type { ActName, RecordEvent } from '../domain/record-event.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { isLive } from '../domain/trial-moves.js';
import type { TrialState } from '../domain/trial-moves.js';
import type { RecommendOutput } from '../activities/decision-activities.js';
import { decisionWork, recordWork } from './activity-options.js';
import { PATCHES } from './patches.js';
import { abandonAct, cancelAct, isToStop, pauseAct, resumeAct, retryAct } from './sweep-acts.js';
import type { Taken } from './sweep-acts.js';
import { confirmationEvent, decidedEvent, endedEvent, recommendedEvent } from './sweep-events.js';
import type { KeyedEvent } from './sweep-events.js';
import { eventsOfNews } from './sweep-inbox.js';
import type { News } from './sweep-inbox.js';
import { progressOf } from './sweep-progress.js';
import {
  carriedState,
  changeTrial,
  confirmationsOwed,
  findTrial,
  initialState,
  isAffordable,
  isFailing,
  mayStart,
  pendingOf,
  withDecision,
  withEvent,
} from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { titrateSweep } from './sweep.js';
import { TrialFleet } from './trial-fleet.js';
import { isToSettle, movedTrial, runningTrial } from './trial-state.js';
import type { RunningTrial } from './trial-state.js';
import { showProgress } from './visibility.js';

const LOSSES_BEFORE_PAUSE = 3; // of one trial's workflow
const SHOW_EVERY_MS = 10_000; // a person looks at a list no more often
const RECONCILE_EVERY_MS = 3_600_000; // only while trials of an earlier run are in flight

/** One run of a sweep workflow: the state, what arrived and was not looked at yet, and the moves. */
export class SweepStory {
  #state: SweepState;
  #result: SweepResult | null = null;
  #inbox: News[] = [];
  /** What the search attributes said last (ms since the epoch). */
  #shown: { readonly status: SweepProgress['status'] | null; readonly at: number } = { status: null, at: 0 };
  /** Has this run brought the sweep forward? Only then may it continue as new. */
  #moved = false;
  readonly #sweep: Sweep;
  readonly #fleet: TrialFleet;

  constructor(
    readonly input: SweepInput,
    readonly carried: SweepState | undefined,
  ) {
    this.#sweep = input.sweep;
    this.#state = carried === undefined ? initialState : carriedState(carried);
    this.#fleet = new TrialFleet(input, {
      ended: (end) => this.hear({ kind: 'ended', end }),
      lost: ({ trial, workflowId }, reason) => this.hear({ kind: 'lost', trial, workflowId, reason }),
      found: () => this.hear({ kind: 'doubt' }),
    });
  }

  progress(): SweepProgress {
    return progressOf(this.input.sweepId, this.#sweep, this.#state, this.#result);
  }

  hear(news: News): void {
    this.#inbox.push(news);
  }

  pause(what: Act): ActResult {
    return this.#act('pause', what, pauseAct(this.#state, what));
  }

  resume(what: Act): ActResult {
    return this.#act('resume', what, resumeAct(this.#state));
  }

  cancel(what: Act): ActResult {
    return this.#act('cancel', what, cancelAct(this.#state, what));
  }

  retry(what: TrialAct): ActResult {
    return this.#act('retry', what, retryAct(this.#state, what));
  }

  abandon(what: TrialAct): ActResult {
    return this.#act('abandon', what, abandonAct(this.#state, what));
  }

  /** Tells the story to its end, or to where the next run of the workflow takes over. */
  async tell(): Promise<SweepResult> {
    if (this.carried === undefined) await this.#open();
    else await this.#reconcile();
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

  #act(act: ActName, what: Act | TrialAct, { accepted, reason, state }: Taken): ActResult {
    this.#state = state;
    if (accepted) this.hear({ kind: 'act', act, number: state.acts, what });
    return { accepted, reason };
  }

  async #open(): Promise<void> {
    const { sweepId, sweep } = this.input;
    const { head } = await recordWork.titrateOpenRecord({ sweepId, sweep, at: now() });
    this.#state = { ...this.#state, head };
    this.#show();
  }

  /** Search attributes are for people: what they cost is not paid for every trial. */
  #show(): void {
    if (this.input.visibility !== true) return;
    const progress = this.progress();
    const { status, at } = this.#shown;
    if (patched(PATCHES.showLess) && status === progress.status && Date.now() - at < SHOW_EVERY_MS) return;
    this.#shown = { status: progress.status, at: Date.now() };
    showProgress(progress);
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
      for (const item of news) if (item.kind === 'lost') this.#markLost(item);
      if (news.some(({ kind }) => kind === 'doubt')) await this.#reconcile();
      this.#show();
      await this.#stopWhatMustStop();
    }
  }

  /** Takes an event as it stands in the record. */
  #take(event: RecordEvent): void {
    this.#state = withEvent(this.#state, event, Date.now());
    if (event.type !== 'observed' && event.type !== 'attempted') return;
    this.#moved = true;
    if (!isFailing(this.#sweep, this.#state)) return;
    const detail = event.detail === undefined ? '' : `; the last one said: ${event.detail}`;
    const reason = `${this.#state.failuresInARow} jobs failed in a row${detail}`;
    this.pause({ by: SWEEP_ITSELF, reason });
  }

  /** Asks the server about the trials that have a workflow. */
  async #reconcile(): Promise<void> {
    await this.#fleet.reconcile(this.#live());
  }

  #live(): readonly RunningTrial[] {
    return this.#state.running.filter(({ state }) => isLive(state));
  }

  #markLost({ trial, workflowId, reason }: Extract<News, { kind: 'lost' }>): void {
    const found = findTrial(this.#state, trial);
    if (found === undefined || found.workflowId !== workflowId) return;
    const losses = found.losses + 1;
    log.warn('a trial workflow was lost; it is started again on the same job', { trial, reason, losses });
    const isNew = isLive(found.state);
    this.#state = changeTrial(this.#state, trial, (one) => ({ ...(isNew ? movedTrial(one, 'lost') : one), losses }));
    if (losses % LOSSES_BEFORE_PAUSE > 0) return;
    this.pause({ by: SWEEP_ITSELF, reason: `the workflow of trial ${trial} was lost ${losses} times: ${reason}` });
  }

  async #stopWhatMustStop(): Promise<void> {
    const doomed = this.#state.running.filter((trial) => isToStop(this.#state, trial));
    for (const { trial, state } of doomed) if (state !== 'stopping') this.#moveTrial(trial, 'stopping');
    await this.#fleet.stop(doomed);
  }

  #moveTrial(trial: string, to: TrialState): void {
    this.#state = changeTrial(this.#state, trial, (one) => movedTrial(one, to));
  }

  async #start(trial: RunningTrial): Promise<void> {
    this.#moveTrial(trial.trial, 'launching');
    await this.#fleet.start(trial);
  }

  /** Makes one move if there is one to make. */
  async #move(): Promise<boolean> {
    const { phase, running, searchOver, observations, nothingToBuyAt, cancel } = this.#state;
    const settled = running.filter((trial) => isToSettle(trial, cancel !== null));
    for (const { trial } of settled) this.hear({ kind: 'given-up', trial });
    if (settled.length > 0 || (await this.#startAgain())) return true;
    if (!mayStart(this.#sweep, this.#state)) return false;
    const queued = running.find(({ state }) => state === 'queued');
    if (queued !== undefined) return this.#start(queued).then(() => true);
    if (phase === 'confirming') return this.#confirm();
    if (searchOver === null) return nothingToBuyAt === observations ? false : this.#decide();
    return running.length === 0 ? this.#beginConfirming() : false;
  }

  /** Starts a trial again that has its place already: its workflow is lost, or its back-off is over. */
  async #startAgain(): Promise<boolean> {
    const { running, pause, cancel } = this.#state;
    const lost = running.find(({ state }) => state === 'lost');
    if (lost !== undefined && (pause === null || cancel !== null || lost.abandoned !== undefined)) {
      await this.#start(lost);
      await this.#stopWhatMustStop();
      return true;
    }
    if (pause !== null || cancel !== null) return false;
    const due = running.find(({ state, notBefore = 0 }) => state === 'backing-off' && notBefore <= Date.now());
    if (due === undefined) return false;
    this.#moveTrial(due.trial, 'queued');
    await this.#start(due);
    return true;
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

  /** Records a decision, and with it what jobs reported while it was made. */
  async #recordAndStart(decided: KeyedEvent): Promise<boolean> {
    const [event, ...reported] = await this.#record(decided, ...this.#joinable());
    if (event?.type !== 'decided') throw ApplicationFailure.nonRetryable('the record lost a decision', 'StateError');
    const trial = runningTrial(this.input.sweepId, this.#sweep, event, Date.now());
    this.#state = withDecision(this.#state, event, trial);
    this.#moved = true;
    await this.#start(trial);
    for (const other of reported) this.#take(other);
    return true;
  }

  /**
   * The events of what arrived, if all of it can be written behind a decision that was made without it: launches and ends
   * that lead to no further decision. The rest waits for the inbox to be read.
   */
  #joinable(): readonly KeyedEvent[] {
    if (!patched(PATCHES.recordTogether)) return [];
    const events = eventsOfNews(this.#sweep, this.#state, this.#inbox);
    const isPlain = this.#inbox.every(({ kind }) => kind === 'launched' || kind === 'ended');
    if (!isPlain || events.some(({ event }) => event.type !== 'launched' && event.type !== 'observed')) return [];
    this.#inbox = [];
    return events;
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
    const isQuiet = this.#inbox.length === 0 && this.#fleet.isSettled;
    return isLong && this.#moved && isQuiet && allHandlersFinished();
  }

  async #waitForNews(): Promise<void> {
    const hasNews = (): boolean => this.#inbox.length > 0;
    const reconcileIn = this.#fleet.followsAll(this.#live()) ? Infinity : RECONCILE_EVERY_MS;
    const dueIn = this.#dueInMs();
    const wait = Math.min(reconcileIn, dueIn);
    if (wait === Infinity) return condition(hasNews);
    if (!(await condition(hasNews, wait)) && dueIn > wait) await this.#reconcile();
  }

  /** Until the next back-off is over; never while the sweep is paused or cancelled. */
  #dueInMs(): number {
    const { running, pause, cancel } = this.#state;
    if (pause !== null || cancel !== null) return Infinity;
    const times = running.filter(({ state }) => state === 'backing-off').map(({ notBefore = 0 }) => notBefore);
    return Math.max(1, Math.min(...times) - Date.now());
  }
}

/** The workflow's own clock: the same on replay. */
const now = (): string => new Date().toISOString();
