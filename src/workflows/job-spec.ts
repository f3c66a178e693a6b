import { costOf } from '../domain/cost.js';
import type { Fidelity } from '../domain/fidelity.js';
import { jobKey } from '../domain/job-key.js';
import { neededMetrics } from '../domain/objective.js';
import { seedOf } from '../domain/rng.js';
import type { JobResult, JobSpec } from '../domain/ports.js';
import type { RecordEvent } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';

/** Names the trial of a decision. Four digits sort well up to 9,999; more digits just grow. */
export const trialName = (decision: number): string => `t${String(decision).padStart(4, '0')}`;

/** What a job is told of the scale that it runs at. */
export const scaleOf = (
  sweep: Sweep,
  { scale: wanted, steps: last }: Fidelity,
): Pick<JobSpec, 'parameters' | 'tokensPerStep' | 'checkpoints'> => {
  const scale = sweep.scales.find(({ name }) => name === wanted);
  if (scale === undefined) throw new TypeError(`a decision names the unknown scale ${wanted}`);
  const { parameters, tokensPerStep, steps } = scale;
  return { parameters, tokensPerStep, checkpoints: steps.filter((at) => at <= last) };
};

/** What of a decision makes its job. */
type DecidedRun = Pick<
  Extract<RecordEvent, { type: 'decided' }>,
  'trial' | 'mixture' | 'scale' | 'steps' | 'cost' | 'resume'
>;

/** Builds the job of a recorded decision: the same record always gives the same job. */
export const jobOf = (sweepId: string, sweep: Sweep, event: DecidedRun): JobSpec => {
  const generation = 1;
  return {
    key: jobKey(sweepId, event.trial, generation),
    sweep: sweepId,
    trial: event.trial,
    generation,
    mixture: event.mixture,
    scale: event.scale,
    steps: event.steps,
    ...scaleOf(sweep, event),
    seed: seedOf('job', sweep.seed, event.trial),
    cost: event.cost,
    ...(event.resume === undefined ? {} : { resume: event.resume }),
  };
};

/**
 * The job that would run the trial again: on from the last checkpoint that the ended one reported, or from where that
 * one began when it reported none. Its cost is what is left to train.
 */
export const nextGeneration = (sweep: Sweep, job: JobSpec, { curve }: Pick<JobResult, 'curve'>): JobSpec => {
  const { resume: before, ...rest } = job;
  const reached = curve.findLast(({ steps }) => steps > (before?.steps ?? 0) && steps < job.steps)?.steps;
  const resume = reached === undefined ? before : { key: job.key, trial: job.trial, steps: reached };
  const generation = job.generation + 1;
  return {
    ...rest,
    key: jobKey(job.sweep, job.trial, generation),
    generation,
    cost: costOf(sweep, job, resume?.steps ?? 0),
    ...(resume === undefined ? {} : { resume }),
  };
};

/**
 * What a job is charged: nothing when it was refused or stopped before its start, all of it when it completed, else up to the first checkpoint after
 * the step that it reached, since it may have trained for that long without saying so. Never more than its worst case.
 */
export const chargeFor = (sweep: Sweep, job: JobSpec, result: JobResult): number => {
  if (result.status === 'refused' || result.notStarted === true) return 0;
  if (result.status === 'completed') return job.cost;
  const from = job.resume?.steps ?? 0;
  const reached = Math.max(from, result.stepsReached);
  const paidUntil = job.checkpoints.find((steps) => steps > reached) ?? job.steps;
  return Math.min(job.cost, costOf(sweep, { scale: job.scale, steps: paidUntil }, from));
};

/** A job that completed without a metric that the objective or a guard needs has failed: nothing can be learnt from it. */
export const checkedResult = (sweep: Sweep, result: JobResult): JobResult => {
  if (result.status !== 'completed') return result;
  const missing = neededMetrics(sweep).filter((metric) => result.metrics[metric] === undefined);
  if (missing.length === 0) return result;
  const who = missing.some((metric) => Object.hasOwn(sweep.objective.weights, metric))
    ? 'objective needs'
    : 'guards need';
  const reported = Object.keys(result.metrics).join(', ') || 'none';
  return {
    ...result,
    status: 'failed',
    detail: `the ${who} ${missing.join(', ')}, which the job did not report at its last step (reported: ${reported})`,
  };
};
