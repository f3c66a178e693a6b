import type { ProcessIdentity } from '../../src/host/process-identity.js';
import type { StrikeKind } from './strike.js';

/** Where a lane's jobs are, as a place sees it. */
export interface JobSite {
  readonly key: string;
  /** The job's folder in titrate's home. */
  readonly folder: string;
  /** The process that the job said it was, when it has said so. */
  readonly pid: number | undefined;
}

/** A process to strike, and the jobs that end with it. */
export interface Target {
  readonly process: ProcessIdentity;
  readonly hurt: readonly string[];
}

/** One way to upset a place that is more than a signal to a process, such as a node that goes down. */
export interface Upset {
  /** Jobs whose end it may have been. */
  readonly hurt: readonly string[];
  readonly target: string;
}

/**
 * A place where jobs run: processes of this machine, a Slurm cluster, a Kubernetes control plane. One per run, shared by
 * its lanes. What it strikes, it also brings back.
 */
export interface ChaosPlace {
  readonly launcher: 'local' | 'slurm' | 'kubernetes';
  /** Have all lanes one backend? What strikes it in one lane then befalls the jobs that wait there, whoever asked for them. */
  readonly isShared: boolean;
  /** Kinds of strikes at this place, beside those at titrate's own processes. */
  readonly strikes: readonly StrikeKind[];
  /** Starts what jobs need. @throws when it cannot be started here, saying what is missing. */
  start(root: string, say: (line: string) => void): Promise<void>;
  /** The `launcher` section of a sweep file that runs this program for this home folder. */
  launcherSection(
    program: readonly string[],
    env: Readonly<Record<string, string>>,
    home: string,
  ): Record<string, unknown>;
  /** Added to the environment of titrate's own processes. */
  env(): Readonly<Record<string, string>>;
  /** Has the place got the job? Titrate may not know it yet. */
  isSubmitted(job: JobSite): Promise<boolean>;
  /** Finds a victim that is a process; undefined when it is not there now. */
  find(victim: string, job: JobSite | undefined): Promise<Target | undefined>;
  /** Strikes what is no process; undefined when it is not there now. */
  upset(victim: string, job: JobSite | undefined): Promise<Upset | undefined>;
  /** Brings a process of the place back that was killed, when nobody else does. */
  mend(victim: string): Promise<void>;
  /** Which of these jobs still run. */
  stillRunning(jobs: readonly JobSite[]): Promise<readonly string[]>;
  stop(): Promise<void>;
}
