import { Context } from '@temporalio/activity';
import { limitedResult } from '../domain/result-limit.js';
import type { JobProgress, JobRef, JobResult, JobSpec, JobState } from '../domain/ports.js';
import type { LauncherChoice } from '../domain/sweep.js';
import type { ActivityDeps } from './activities.js';
import { whileHeartbeating } from './heartbeats.js';

const FIRST_POLL_MS = 50; // simulated jobs may take no longer than this
const POLL_GROWTH = 1.3; // a job is seen to end within a third of its own length
const LONGEST_POLL_MS = 5_000; // a quarter of the heartbeat time-out that the workflow sets
const LONGEST_WORDS = 400; // characters: heartbeats must stay small

/** Which sweep's launcher an activity is to use. */
export interface LauncherInput {
  readonly sweepId: string;
  readonly launcher: LauncherChoice;
}

export type LaunchInput = LauncherInput & { readonly job: JobSpec };
/** How a supervision ended: with the job, or with its patience. */
export interface Supervised {
  readonly ended: boolean;
}

export type SuperviseInput = RefInput & {
  /** Come back after so long even if the job goes on (ms); never when absent. */
  readonly patienceMs?: number;
};
export type RefInput = LauncherInput & { readonly ref: JobRef };
export type CollectInput = RefInput & {
  /** Metrics that the sweep learns from: they tell whether a run diverged, and are kept before others in a result that is too large. */
  readonly needed?: readonly string[];
};

/** What a look at a job tells people: how far it is, as far as that was ever seen, and what it waits for. */
const told = (state: JobState, { steps, metrics }: JobProgress): JobProgress => {
  const reached = (state.state === 'running' ? state.progress : undefined) ?? { steps, ...(metrics && { metrics }) };
  if (state.state === 'unknown') return { ...reached, unknown: state.reason.slice(0, LONGEST_WORDS) };
  if (state.state === 'ended' || state.waiting === undefined) return reached;
  return { ...reached, waiting: state.waiting.slice(0, LONGEST_WORDS) };
};

export const jobActivities = ({ launcherFor }: ActivityDeps) => ({
  titrateLaunch: async ({ sweepId, launcher, job }: LaunchInput): Promise<JobRef> => {
    const backend = await launcherFor(sweepId, launcher);
    return whileHeartbeating(backend.launch(job));
  },

  /** Waits until a job has ended, whoever launched it, or patience is over; dies without harm to the job. */
  titrateSupervise: async ({ sweepId, launcher, ref, patienceMs }: SuperviseInput): Promise<Supervised> => {
    const context = Context.current();
    const backend = await launcherFor(sweepId, launcher);
    const until = patienceMs === undefined ? Infinity : Date.now() + patienceMs;
    let wait = FIRST_POLL_MS;
    let progress: JobProgress = { steps: 0 };
    for (;;) {
      const state = await whileHeartbeating(backend.inspect(ref), progress);
      if (state.state === 'ended') return { ended: true };
      if (Date.now() >= until) return { ended: false };
      progress = told(state, progress);
      context.heartbeat(progress);
      await context.sleep(wait);
      wait = Math.min(wait * POLL_GROWTH, LONGEST_POLL_MS);
    }
  },

  titrateCollect: async ({ sweepId, launcher, ref, needed = [] }: CollectInput): Promise<JobResult> => {
    const backend = await launcherFor(sweepId, launcher);
    return limitedResult(await whileHeartbeating(backend.collect(ref, needed)), needed);
  },

  titrateStop: async ({ sweepId, launcher, ref }: RefInput): Promise<void> => {
    const backend = await launcherFor(sweepId, launcher);
    await whileHeartbeating(backend.stop(ref));
  },
});
