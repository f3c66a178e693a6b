import type { Approval } from './approval.js';
import type { Fidelity, Scale } from './fidelity.js';
import type { KubernetesChoice } from './kubernetes-choice.js';
import type { Mixture } from './mixture.js';
import type { NoticeChannel, SecretRef } from './notices.js';
import type { Retries } from './retries.js';

/** What a domain may take of the mixture, and how much of it there is. */
export interface Domain {
  readonly min: number;
  readonly max: number;
  /** Available tokens (count), for epoch caps at the target. */
  readonly tokens?: number;
}

/** A limit on the summed share of several domains. */
export interface Group {
  readonly domains: readonly string[];
  readonly min: number;
  readonly max: number;
}

/** A run that can be made where not every run can, as when past runs are replayed. */
export interface PossibleRun extends Fidelity {
  /** Which of the sweep's `mixtures`, counted from 0. */
  readonly mixture: number;
}

/** Where a metric's scale begins and how long its unit is, so that metrics of unlike units add up. */
export interface Reference {
  /** The value that counts as 0, such as chance level or today's model. */
  readonly zero: number;
  /** The difference that counts as 1; positive. */
  readonly unit: number;
}

/** What is optimised: sum of weight x (metric - zero) / unit over reported metrics, minimised or maximised. */
export interface Objective {
  readonly direction: 'minimize' | 'maximize';
  /** Metric name to weight; a metric that is wanted the other way round than `direction` has a negative one. */
  readonly weights: Readonly<Record<string, number>>;
  /** Metric name to its reference; the other metrics count as reported. */
  readonly references?: Readonly<Record<string, Reference>>;
  /** Asks for the front of trade-offs between the metrics beside the mixture that is best by the sum. */
  readonly pareto?: true;
}

/** A limit that a metric must keep at the target, whatever the objective gains by breaking it; it has one limit or both. */
export interface Guard {
  readonly metric: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** The probability, under the belief, from which a limit counts as kept; in [0.5, 1). */
  readonly confidence: number;
}

/**
 * How a run is charged. `flop`: 6 x parameters x tokens (Kaplan et al. 2020, arXiv 2001.08361), in EFLOP (1e18 FLOP).
 * `table`: a number of the team's own units per step. `gpu-hours`: GPU-hours per step; `price` per GPU-hour is shown,
 * never counted. `perJob` is what every start of a job costs beside its steps, in the same unit; absent means nothing.
 */
export type Cost = { readonly perJob?: number } & (
  | { readonly kind: 'flop' }
  | { readonly kind: 'table'; readonly perStep: Readonly<Record<string, number>>; readonly unit: string }
  | { readonly kind: 'gpu-hours'; readonly perStep: Readonly<Record<string, number>>; readonly price?: number }
);

/** A policy by name, with its own options (checked by the policy). */
export interface PolicyChoice {
  readonly name: string;
  readonly [option: string]: unknown;
}

/** What a Slurm job asks for, in the words of sbatch; what is absent is left to the cluster. */
export interface SlurmRequest {
  readonly account?: string;
  readonly partition?: string;
  /** Time limit: minutes, `hours:minutes:seconds`, `days-hours:minutes:seconds`. */
  readonly time?: string;
  readonly gres?: string;
  /** Further arguments of sbatch, each `--option` or `--option=value`. */
  readonly sbatchArgs: readonly string[];
}

/** A launcher by kind, with its own options. Paths are absolute once a sweep has been started. */
export type LauncherChoice =
  | {
      readonly kind: 'simulator';
      /** `slimpajama` (built in), or a path: `.json` is an emulator file, `.csv` a table of past runs. */
      readonly world: string;
      /** Simulated wall time per unit of cost (s). */
      readonly secondsPerUnit: number;
      /** Standard deviation of observation noise as a share of the world's own scale (see the world). */
      readonly noise?: number;
    }
  | {
      readonly kind: 'local';
      /** Program and arguments; no shell. */
      readonly command: readonly string[];
      /** Working folder of the command; the job's own folder when absent. */
      readonly cwd?: string;
      /** Extra environment variables. */
      readonly env: Readonly<Record<string, string>>;
      /** Further ones whose values are secret: where each is found when a job is launched. */
      readonly secrets?: Readonly<Record<string, SecretRef>>;
      /** A run is stopped after this long (s). */
      readonly timeoutSeconds?: number;
      /** GPUs that jobs divide among themselves: how many, or their indices or UUIDs. Not divided when absent. */
      readonly gpus?: number | readonly string[];
      /** How many of them a job gets to itself. */
      readonly gpusPerJob?: number;
      /** Scale name to what its jobs get instead. */
      readonly scales?: Readonly<Record<string, { readonly gpusPerJob: number }>>;
    }
  | ({
      readonly kind: 'slurm';
      /** Program and arguments; no shell. */
      readonly command: readonly string[];
      /** Working folder of the command; the job's own folder when absent. */
      readonly cwd?: string;
      /** Extra environment variables. */
      readonly env: Readonly<Record<string, string>>;
      /** Further ones whose values are secret: where each is found when a job is launched. */
      readonly secrets?: Readonly<Record<string, SecretRef>>;
      /** A run is stopped after this long (s). */
      readonly timeoutSeconds?: number;
      /** From the signal that announces the end to the end (s). */
      readonly graceSeconds: number;
      /** Slurm itself may start a job again that it took a place away from; it goes on in its own folder then. */
      readonly requeue: boolean;
      /** Where the jobs' folders are, on a file system that worker and nodes share; the home folder when absent. */
      readonly folder?: string;
      /** Scale name to what its jobs ask for instead; `sbatchArgs` are added to the others. */
      readonly scales: Readonly<Record<string, SlurmRequest>>;
    } & SlurmRequest)
  | KubernetesChoice
  /** Runs are launched elsewhere: for use as a library. */
  | { readonly kind: 'none' };

/** A checked sweep: what `parseSweep` returns, plain JSON, defaults filled in. */
export interface Sweep {
  readonly name: string;
  readonly objective: Objective;
  /** Absent when nothing is guarded. */
  readonly guards?: readonly Guard[];
  /** Domains in the file's order. */
  readonly domains: Readonly<Record<string, Domain>>;
  readonly groups: readonly Group[];
  readonly maxEpochs?: number;
  /** When present, only these mixtures may be run or recommended. */
  readonly mixtures?: readonly Mixture[];
  /** When present, only these runs of `mixtures` can be made. */
  readonly runs?: readonly PossibleRun[];
  /** Cheap to costly. */
  readonly scales: readonly Scale[];
  readonly target: Fidelity;
  readonly cost: Cost;
  /** Total that may be spent, in units of `cost`; confirmation runs included. */
  readonly budget: number;
  /** Jobs that may run at once. */
  readonly parallel: number;
  readonly policy: PolicyChoice;
  readonly launcher: LauncherChoice;
  /** Target-scale runs of the recommendation at the end. */
  readonly confirm: number;
  /** When a trial is run again after its job ended badly; never in sweeps that were started without it. */
  readonly retries?: Retries;
  /** Which runs wait for a person's leave; absent when none does. */
  readonly approval?: Approval;
  /** Tables of earlier runs that are evidence from the start; absent when there are none. */
  readonly imports?: readonly { readonly from: string; readonly mapping?: string | undefined }[];
  /** Whom to tell what; absent when nobody is told. */
  readonly notify?: readonly NoticeChannel[];
  readonly seed: number;
}
