import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  getExternalWorkflowHandle,
  log,
  patched,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { TRIAL_WORKFLOW } from '../domain/messages.js';
import type { SweepInput, TrialEnd, TrialInput } from '../domain/messages.js';
import { neededMetrics } from '../domain/objective.js';
import { lookups } from './activity-options.js';
import { stopSignal, tellSignal } from './messages.js';
import { PATCHES } from './patches.js';
import type { RunningTrial } from './trial-state.js';
import type { titrateTrial } from './trial.js';

/** A generation of a trial, by the workflow that runs it. */
type Named = Pick<RunningTrial, 'trial' | 'workflowId'>;

/** What the fleet reports to the sweep; the same end may be reported more than once. */
export interface FleetListener {
  ended(end: TrialEnd): void;
  /** The trial's workflow is gone without a result (terminated, failed). Its job may well be running. */
  lost(trial: Named, reason: string): void;
  /** A workflow was there already, which this run does not follow: the server is to be asked about it. */
  found(): void;
}

/** What is at the bottom of a failure: those above it say only that something below them failed. */
const causeOf = (error: unknown): string => {
  if (error instanceof ApplicationFailure) return error.message;
  return error instanceof Error && error.cause instanceof Error ? causeOf(error.cause) : String(error);
};

/** The trial workflows of a sweep: starts them, tells them to stop, and finds out what became of them. */
export class TrialFleet {
  /** Workflows that were started by this very run, which therefore hears of their close. */
  readonly #followed = new Set<string>();
  readonly #toldToStop = new Set<string>();
  /** Workflows that this run does not follow, and that were asked to tell their end. */
  readonly #toTell = new Set<string>();
  /** Starts that the server has not answered to. */
  readonly #starting = new Map<string, Promise<void>>();

  constructor(
    readonly input: SweepInput,
    readonly listener: FleetListener,
  ) {}

  /** Has the server answered to every start? */
  get isSettled(): boolean {
    return this.#starting.size === 0;
  }

  /** Starts a trial's workflow, or finds the one that was started before; does not wait for the server's answer. */
  async start(trial: RunningTrial): Promise<void> {
    this.#toldToStop.delete(trial.workflowId);
    this.#toTell.delete(trial.workflowId);
    if (!patched(PATCHES.startWithoutWaiting)) return this.#startAndWait(trial);
    const starting = this.#startAndWait(trial).finally(() => this.#starting.delete(trial.workflowId));
    this.#starting.set(trial.workflowId, starting);
  }

  async #startAndWait({ trial, workflowId, job }: RunningTrial): Promise<void> {
    const { sweepId, sweep } = this.input;
    const parentWorkflowId = workflowInfo().workflowId;
    const about = { sweepId, parentWorkflowId, job, launcher: sweep.launcher, needed: neededMetrics(sweep) };
    const args: [TrialInput] = [{ ...about, brief: true, followed: true }];
    try {
      const child = await startChild<typeof titrateTrial>(TRIAL_WORKFLOW, {
        workflowId,
        args,
        parentClosePolicy: ParentClosePolicy.ABANDON, // it outlives this run; the next one reconciles
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY, // never again after it completed
      });
      this.#followed.add(workflowId);
      child.result().then(
        (end) => this.listener.ended(end),
        (error: unknown) => this.listener.lost({ trial, workflowId }, causeOf(error)),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (patched(PATCHES.startWithoutWaiting)) this.listener.found();
      else await this.reconcile([{ trial, workflowId }]);
    }
  }

  /** Nothing is known of a workflow before the server has answered to its start. */
  async #settle(): Promise<void> {
    await Promise.all(this.#starting.values());
  }

  /** Tells trials to stop, each once. */
  async stop(trials: readonly Named[]): Promise<void> {
    if (!this.isSettled && trials.length > 0) await this.#settle();
    for (const { trial, workflowId } of trials) {
      if (this.#toldToStop.has(workflowId)) continue;
      this.#toldToStop.add(workflowId);
      try {
        await getExternalWorkflowHandle(workflowId).signal(stopSignal);
      } catch (error) {
        log.warn('a trial could not be told to stop', { trial, error: String(error) });
        await this.reconcile([{ trial, workflowId }]);
      }
    }
  }

  /** Asks trials that an earlier run started to tell their end; one that has closed meanwhile is found by its result. */
  async #askToTell(trials: readonly Named[]): Promise<void> {
    const silent = trials.filter(({ workflowId }) => !this.#followed.has(workflowId) && !this.#toTell.has(workflowId));
    if (silent.length === 0 || !patched(PATCHES.askToTell)) return;
    for (const { workflowId } of silent) this.#toTell.add(workflowId);
    await Promise.allSettled(silent.map(({ workflowId }) => getExternalWorkflowHandle(workflowId).signal(tellSignal)));
  }

  /** Asks the server what became of trials, and reports those that ended or were lost. */
  async reconcile(trials: readonly Named[]): Promise<void> {
    if (trials.length === 0) return;
    if (!this.isSettled) await this.#settle();
    await this.#askToTell(trials);
    let asked = trials.map(({ trial, workflowId }) => ({ trial, workflowId }));
    while (asked.length > 0) {
      const answers = await lookups.titrateFindTrials({ trials: asked });
      for (const [i, found] of answers.entries()) {
        if (found.standing === 'ended') this.listener.ended(found.end);
        else if (found.standing === 'lost' && asked[i] !== undefined) this.listener.lost(asked[i], found.reason);
      }
      asked = asked.slice(answers.length);
    }
  }

  /** Does this run hear of every one of these trials' ends even if the trial cannot tell? */
  followsAll(trials: readonly Named[]): boolean {
    return trials.every(({ workflowId }) => this.#followed.has(workflowId) || this.#starting.has(workflowId));
  }
}
