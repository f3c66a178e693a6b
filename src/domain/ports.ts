import type { Ending } from './ending.js';
import type { CurvePoint, Metrics } from './observation.js';
import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { LauncherChoice } from './sweep.js';

/** One job for a backend. The same key always means the same job: launching it twice must start it once. */
export interface JobSpec extends Fidelity {
  /** `<sweep>.<trial>.g<generation>`: unique over everything a home folder ever launches. */
  readonly key: string;
  readonly sweep: string;
  readonly trial: string;
  readonly generation: number;
  readonly mixture: Mixture;
  readonly parameters: number;
  readonly tokensPerStep: number;
  /** Checkpoints to report on the way, ascending, ending with `steps`. */
  readonly checkpoints: readonly number[];
  readonly seed: number;
  /** Worst-case cost in the sweep's units. */
  readonly cost: number;
  readonly resume?: ResumePoint;
}

/** The job whose last checkpoint a run goes on from. */
export interface ResumePoint {
  readonly key: string;
  readonly trial: string;
  readonly steps: number;
}

/** What a launcher gives back for a launched job: enough to find it again from another process. Plain JSON. */
export interface JobRef {
  readonly key: string;
  readonly launcher: LauncherChoice['kind'];
  /** Absolute folder of the job, with `job.json` and `metrics.jsonl`. */
  readonly folder: string;
  /** The backend's own name for it (pid, Slurm id, Kubernetes name); for people and for look-ups. */
  readonly native: string;
}

/** Where a job is. `unknown` is an answer of its own: never to be taken for failed. */
export type JobState =
  | {
      readonly state: 'running';
      readonly progress?: JobProgress;
      /** Why it does not train at the moment: queued, suspended, requeued; in the backend's words. */
      readonly waiting?: string;
    }
  | { readonly state: 'ended'; readonly progress?: JobProgress }
  | { readonly state: 'unknown'; readonly reason: string };

/** How far a running job is; tiny, since it travels in heartbeats. */
export interface JobProgress {
  readonly steps: number;
  readonly metrics?: Metrics;
  /** Why it does not train at the moment, in the backend's words. */
  readonly waiting?: string;
  /** Why nobody can tell where it is. */
  readonly unknown?: string;
}

/** What an ended job left behind. */
export interface JobResult {
  readonly status: Ending;
  readonly metrics: Metrics;
  /** Metrics at the checkpoints of the spec. */
  readonly curve: readonly CurvePoint[];
  /** Exit code, signal or the job's own error text; for people. */
  readonly detail?: string;
  /** SHA-256 of `metrics.jsonl` as it was read, hex. */
  readonly digest: string;
  /** Where the full learning curve lies. */
  readonly folder: string;
  /** Last step reached. */
  readonly stepsReached: number;
  /** It was stopped before its command started, and wrote nothing: nothing of it was trained. */
  readonly notStarted?: true;
  /** Anything odd found on the way, such as a torn last line. */
  readonly warnings: readonly string[];
}

/** A job that a backend or its folder knows of, whoever launched it. */
export interface FoundJob {
  readonly key: string;
  readonly native: string;
  /** `running` includes queued and suspended. */
  readonly state: JobState['state'];
}

/** Starts and follows jobs on one backend. Every method may be called again after a crash anywhere. */
export interface Launcher {
  readonly kind: LauncherChoice['kind'];
  /**
   * Starts the job of this key, or finds it.
   * @throws LauncherError when the key is taken by another spec or the backend cannot be reached (it is tried again);
   *   RefusedError when the backend will never accept the job
   */
  launch(job: JobSpec): Promise<JobRef>;
  inspect(ref: JobRef): Promise<JobState>;
  /**
   * Reads what an ended job left. Where the `needed` metrics are there and finite, another one that is not makes no run that
   * diverged; where none is named, every metric counts.
   * @throws StateError when it has not ended.
   */
  collect(ref: JobRef, needed?: readonly string[]): Promise<JobResult>;
  /** Stops the job and waits until it is gone; no error when it is gone already. */
  stop(ref: JobRef): Promise<void>;
  /** Every job that this launcher's backend and folder know of, ended ones included while they are remembered. */
  list(): Promise<readonly FoundJob[]>;
}

/** A world with known truth. Pure: the same job always gives the same curve. */
export interface World {
  readonly name: string;
  /** Names of the metrics it reports. */
  readonly metrics: readonly string[];
  /** Metrics at the job's checkpoints, noise included; the last point is the final one. @throws InputError for a mixture or scale that it does not know. */
  train(
    job: Pick<JobSpec, 'mixture' | 'scale' | 'parameters' | 'steps' | 'checkpoints' | 'seed'>,
  ): readonly CurvePoint[];
}
