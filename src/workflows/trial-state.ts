/** What a sweep knows of one trial that is not observed yet, and how that changes. No Temporal in here. */
import type { PricedRun } from '../domain/approval.js';
import { stepsKept } from '../domain/approved-run.js';
import type { Ending } from '../domain/ending.js';
import { trialWorkflowId } from '../domain/messages.js';
import type { Act, InFlightTrial } from '../domain/messages.js';
import type { JobSpec } from '../domain/ports.js';
import type { ActEvent, ApprovalRequested, Attempted, Parked, RecordEvent, Rerun } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { isWithoutJob, moved } from '../domain/trial-moves.js';
import type { TrialState } from '../domain/trial-moves.js';
import { jobOf, scaleOf } from './job-spec.js';

/** A trial in flight with the job of its generation, so that a lost trial workflow can be started again on the same job. */
export interface RunningTrial extends InFlightTrial {
  /** Of the generation in force; of one that is parked, of the generation that would be next. */
  readonly job: JobSpec;
  /** How often its workflow was lost (terminated, failed). */
  readonly losses: number;
  /** Worst case of the decision itself, whatever was charged since. */
  readonly decidedCost: number;
  /** Charged for the generations that ended. */
  readonly paid: number;
  /** How often a generation ended in each way. */
  readonly endings: Readonly<Partial<Record<Ending, number>>>;
  /** Generations in a row that ended without a checkpoint further on. */
  readonly stalled: number;
  /** A person asked for its retry, which is not recorded yet. */
  readonly retrying?: boolean;
  /** A person gave it up. */
  readonly abandoned?: Act;
  /** The answer to the request for its approval. */
  readonly answered?: Act & { readonly answer: 'approved' | 'refused' };
}

type Decided = Extract<RecordEvent, { type: 'decided' }>;

/** A trial as runs of version 0.1.0 hand it over. */
interface EarlierTrial extends Omit<
  RunningTrial,
  'state' | 'generation' | 'decidedCost' | 'paid' | 'endings' | 'stalled'
> {
  readonly lost?: boolean;
}

/** It waits for a person's leave. */
export const awaitingTrial = (trial: RunningTrial, { reasons, until }: ApprovalRequested): RunningTrial => ({
  ...trial,
  state: 'awaiting-approval',
  why: `needs approval: ${reasons.join('; ')}`,
  ...(until === undefined ? {} : { until: Date.parse(until) }),
});

/** The step that a changed run of a trial still goes on from; 0 when it must start anew. */
export const keptOf = ({ mixture, scale, job }: RunningTrial, run: PricedRun): number =>
  stepsKept({ mixture, scale, resume: job.resume }, run);

/** The run that a person made of a decision. */
const changedTrial = (sweep: Sweep, trial: RunningTrial, run: PricedRun): RunningTrial => {
  const { continues, ...rest } = trial;
  const { resume, ...job } = trial.job;
  const goesOn = keptOf(trial, run) > 0;
  return {
    ...rest,
    ...run,
    ...(goesOn && continues !== undefined ? { continues } : {}),
    decidedCost: run.cost,
    job: { ...job, ...run, ...scaleOf(sweep, run), ...(goesOn && resume !== undefined ? { resume } : {}) },
  };
};

/** It may run: as it was decided, or as the recorded act says. */
export const approvedTrial = (sweep: Sweep, trial: RunningTrial, { run }: ActEvent): RunningTrial => {
  if (trial.state !== 'awaiting-approval') return trial;
  const { until: _until, why: _why, ...rest } = run === undefined ? trial : changedTrial(sweep, trial, run);
  return movedTrial(rest, 'queued');
};

/** The trial that a recorded decision starts. */
export const runningTrial = (sweepId: string, sweep: Sweep, event: Decided, since: number): RunningTrial => {
  const { trial, mixture, scale, steps, cost, purpose, continues } = event;
  return {
    trial,
    workflowId: trialWorkflowId(sweepId, trial),
    mixture,
    scale,
    steps,
    cost,
    purpose,
    ...(continues === undefined ? {} : { continues }),
    since,
    state: 'queued',
    generation: 1,
    job: jobOf(sweepId, sweep, event),
    losses: 0,
    decidedCost: cost,
    paid: 0,
    endings: {},
    stalled: 0,
  };
};

/** Reads a trial that an earlier run hands over; one of version 0.1.0 lacks what came later. */
export const carriedTrial = (carried: RunningTrial | EarlierTrial): RunningTrial => {
  if ('state' in carried) return carried;
  const { lost, ...trial } = carried;
  const state = lost === true ? 'lost' : 'running';
  return { ...trial, state, generation: 1, decidedCost: trial.cost, paid: 0, endings: {}, stalled: 0 };
};

/** Moves a trial. @throws StateError for a move that the table of moves does not have. */
export const movedTrial = (trial: RunningTrial, to: TrialState): RunningTrial => {
  const { notBefore: _, ...rest } = trial;
  return { ...rest, state: moved(trial.state, to, trial.trial) };
};

/** Is it to end without another job: given up, or of a cancelled sweep, while no job of it can be running? */
export const isToSettle = ({ state, abandoned }: RunningTrial, isCancelled: boolean): boolean =>
  (isCancelled || abandoned !== undefined) && isWithoutJob(state);

const forNext = (trial: RunningTrial, event: Rerun | Parked): RunningTrial => {
  const { key, generation, cost, resume, reason } = event;
  const { resume: _, ...job } = trial.job;
  const isFurther = (resume?.steps ?? 0) > (trial.job.resume?.steps ?? 0);
  const { retrying: _asked, ...rest } = trial;
  return {
    ...rest,
    job: { ...job, key, generation, cost, ...(resume === undefined ? {} : { resume }) },
    generation,
    cost,
    workflowId: trialWorkflowId(job.sweep, job.trial, generation),
    losses: 0,
    stalled: isFurther ? 0 : trial.stalled + 1,
    why: reason,
  };
};

export const attemptedTrial = (trial: RunningTrial, { ending, cost }: Attempted): RunningTrial => ({
  ...trial,
  paid: trial.paid + cost,
  endings: { ...trial.endings, [ending]: (trial.endings[ending] ?? 0) + 1 },
});

/** Its next generation is decided: it waits for its time, or, taken up again by a person, for its turn. */
export const rerunTrial = (trial: RunningTrial, event: Rerun, now: number): RunningTrial => {
  if (trial.state === 'parked') return movedTrial(forNext(trial, event), 'queued');
  return { ...movedTrial(forNext(trial, event), 'backing-off'), notBefore: now + 1000 * event.waitSeconds };
};

export const parkedTrial = (trial: RunningTrial, event: Parked): RunningTrial =>
  movedTrial(forNext(trial, event), 'parked');
