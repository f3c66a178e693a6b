/** The events of a trial's life, and what follows when a generation of it ends. Pure. */
import { TEACHES } from '../domain/ending.js';
import { jobKey } from '../domain/job-key.js';
import type { Act, TrialEnd } from '../domain/messages.js';
import type { JobRef, JobResult, JobSpec } from '../domain/ports.js';
import type { Rerun } from '../domain/record-event.js';
import { backoffSeconds, isRetried, limitOf, WHEN_USED_UP } from '../domain/retries.js';
import type { Retries } from '../domain/retries.js';
import type { Sweep } from '../domain/sweep.js';
import { costText } from './cost-text.js';
import { chargeFor, checkedResult, nextGeneration } from './job-spec.js';
import type { KeyedEvent } from './sweep-events.js';
import { isAffordable, isClosing } from './sweep-state.js';
import type { SweepState } from './sweep-state.js';
import type { RunningTrial } from './trial-state.js';

const LONGEST_REASON = 300; // characters of a job's own words: reasons travel in the workflow's state

export const launchedEvent = ({ trial, ref }: { trial: string; ref: JobRef }): KeyedEvent => {
  const { key, native, folder } = ref;
  return { key: `launched:${key}`, event: { type: 'launched', trial, key, native, folder } };
};

const observedEvent = (trial: RunningTrial, key: string, result: JobResult, cost: number): KeyedEvent => ({
  key: `observed:${trial.trial}`,
  event: {
    type: 'observed',
    trial: trial.trial,
    key,
    mixture: trial.mixture,
    scale: trial.scale,
    steps: trial.steps,
    ...(trial.continues === undefined ? {} : { continues: trial.continues }),
    status: result.status,
    metrics: result.status === 'completed' ? result.metrics : {},
    curve: result.curve,
    cost,
    digest: result.digest,
    ...(result.detail === undefined ? {} : { detail: result.detail }),
    warnings: result.warnings,
  },
});

const attemptedEvent = ({ trial, scale, job }: RunningTrial, result: JobResult, cost: number): KeyedEvent => ({
  key: `attempted:${job.key}`,
  event: {
    type: 'attempted',
    trial,
    key: job.key,
    generation: job.generation,
    ending: result.status,
    stepsReached: result.stepsReached,
    curve: result.curve,
    scale,
    cost,
    digest: result.digest,
    ...(result.detail === undefined ? {} : { detail: result.detail }),
    warnings: result.warnings,
  },
});

const parkedEvent = (next: JobSpec, reason: string): KeyedEvent => ({
  key: `parked:${next.key}`,
  event: { type: 'parked', ...decisionOf(next), reason },
});

const decisionOf = ({
  trial,
  key,
  generation,
  resume,
  cost,
}: JobSpec): Omit<Rerun, 'type' | 'reason' | 'waitSeconds'> => ({
  trial,
  key,
  generation,
  ...(resume === undefined ? {} : { resume }),
  cost,
});

const startText = ({ resume }: JobSpec): string =>
  resume === undefined ? 'it starts anew' : `it goes on from step ${resume.steps} of ${resume.key}`;

const rerunEvent = (next: JobSpec, reason: string, waitSeconds: number): KeyedEvent => ({
  key: `rerun:${next.key}`,
  event: { type: 'rerun', ...decisionOf(next), reason: `${reason}; ${startText(next)}`, waitSeconds },
});

/** The generation that a parked trial would have next is run after all. */
export const retryEvent = (trial: RunningTrial, act: Act): KeyedEvent =>
  rerunEvent(trial.job, `asked for by ${wordsOf(act)}`, 0);

const wordsOf = ({ by, reason }: Act): string => (reason === undefined ? by : `${by} (${brief(reason)})`);

const DIGITS = 4; // of a cost

const brief = (text: string): string => (text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON)}...`);

/** How often the trial has ended like this, this time included. */
const timesOf = (trial: RunningTrial, { status }: JobResult): number => (trial.endings[status] ?? 0) + 1;

const rerunReason = (trial: RunningTrial, result: JobResult, limit: number): string => {
  const which = limit === Infinity ? timesOf(trial, result) : `${timesOf(trial, result)} of ${limit}`;
  return `rerun ${which} after ${result.status} (${brief(result.detail ?? 'no word of it')})`;
};

const usedUp = ({ status }: JobResult, limit: number): string =>
  limit === 0 ? `${status} is not retried` : `all ${limit} retries after ${status} are used up`;

/** Says of an ending that might have been followed by another run why it was not. */
const lastWord = (result: JobResult, why: string): JobResult => ({
  ...result,
  detail: `${result.detail ?? result.status}; not run again: ${why}`,
});

/** The end of a trial that a person gave up says so, unless its run tells something of the mixture. */
const settledResult = ({ abandoned }: RunningTrial, result: JobResult): JobResult => {
  const tells = TEACHES[result.status] === 'value' || TEACHES[result.status] === 'harm';
  if (abandoned === undefined || tells) return result;
  const detail = `abandoned by ${wordsOf(abandoned)}; its job: ${result.detail ?? result.status}`;
  return { ...result, status: 'abandoned', metrics: {}, detail };
};

const withoutTrial = (state: SweepState, { trial }: RunningTrial, charge: number): SweepState => ({
  ...state,
  spent: state.spent + charge,
  running: state.running.filter((one) => one.trial !== trial),
});

/** What follows an ending that may be retried: another generation, parking, or the trial's end. */
const aftermath = (sweep: Sweep, retries: Retries, state: SweepState, trial: RunningTrial, result: JobResult) => {
  const charge = chargeFor(sweep, trial.job, result);
  const limit = limitOf(retries, result.status);
  const mayRerun = timesOf(trial, result) <= limit;
  const mayPark = WHEN_USED_UP[result.status] === 'parks' && trial.decidedCost >= retries.parkAbove;
  const end = (why: string): KeyedEvent[] => [observedEvent(trial, trial.job.key, lastWord(result, why), charge)];
  if (!mayRerun && !mayPark) return end(usedUp(result, limit));
  const next = nextGeneration(sweep, trial.job, result);
  if (!isAffordable(sweep, withoutTrial(state, trial, charge), next.cost, trial.purpose)) {
    return end(`the budget does not allow another run, which may cost ${costText(sweep, next.cost, DIGITS)}`);
  }
  const attempted = attemptedEvent(trial, result, charge);
  if (!mayRerun) return [attempted, parkedEvent(next, `${usedUp(result, limit)} (${brief(result.detail ?? '')})`)];
  const isFurther = (next.resume?.steps ?? 0) > (trial.job.resume?.steps ?? 0);
  const wait = backoffSeconds(retries, isFurther ? 0 : trial.stalled);
  return [attempted, rerunEvent(next, rerunReason(trial, result, limit), wait)];
};

/** What the end of a generation leads to: its observation, or its attempt with the decision that follows. */
export const endedEvents = (sweep: Sweep, state: SweepState, trial: RunningTrial, end: TrialEnd): KeyedEvent[] => {
  const result = checkedResult(sweep, end.result);
  const { retries } = sweep;
  const isOver = isClosing(state) || trial.abandoned !== undefined;
  const isOurs = result !== end.result; // it lacks a metric, and would lack it again
  if (retries !== undefined && !isOver && !isOurs && isRetried(result.status)) {
    return aftermath(sweep, retries, state, trial, result);
  }
  const charge = chargeFor(sweep, trial.job, result);
  return [observedEvent(trial, trial.job.key, settledResult(trial, result), charge)];
};

const withoutJob = (status: JobResult['status'], detail: string): JobResult => ({
  status,
  metrics: {},
  curve: [], // its generations' attempts have it
  detail,
  digest: '',
  folder: '',
  stepsReached: 0,
  warnings: [],
});

/** The end of a trial that was not allowed to run. */
export const notApprovedEvent = (trial: RunningTrial, act: Act): KeyedEvent =>
  observedEvent(trial, trial.job.key, withoutJob('refused-by-person', `refused by ${wordsOf(act)}`), 0);

/** The end of a trial that has no job at the moment and gets none any more: abandoned, or of a cancelled sweep. */
export const givenUpEvent = (state: SweepState, trial: RunningTrial): KeyedEvent => {
  const { abandoned, job, why } = trial;
  const over = state.cancel === null && state.finish !== null ? 'finished' : 'cancelled';
  const who = abandoned === undefined ? `the sweep was ${over}` : `abandoned by ${wordsOf(abandoned)}`;
  const status = abandoned === undefined ? 'cancelled' : 'abandoned';
  const result = withoutJob(status, why === undefined ? who : `${who}; it waited: ${why}`);
  return observedEvent(trial, jobKey(job.sweep, job.trial, Math.max(1, job.generation - 1)), result, 0);
};
