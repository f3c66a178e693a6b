import type { LauncherChoice } from '../../domain/sweep.js';
import type { SlurmCalls } from './slurm-calls.js';
import type { SlurmQueue } from './slurm-queue.js';

/** Points at which a test may kill the launching process. */
export type SubmitStep = 'intent-written' | 'looked-up' | 'submission-recorded' | 'submitted' | 'reference-written';

/** What every dealing with Slurm needs. */
export interface SlurmContext {
  readonly choice: Omit<Extract<LauncherChoice, { kind: 'slurm' }>, 'kind' | 'folder'>;
  readonly calls: SlurmCalls;
  readonly queue: SlurmQueue;
  /** How long Slurm must have answered without a sign of a job before there is held to be none (ms). */
  readonly patienceMs: number;
  readonly beatSeconds: number;
  /** Since when (ms of `performance.now`) Slurm does not know a job of this key, and its beat then. */
  readonly missing: Map<string, { readonly since: number; readonly beat: string }>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onStep: (step: SubmitStep) => void;
}
