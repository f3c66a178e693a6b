import { execa } from 'execa';
import { LauncherError } from '../../domain/errors.js';
import { isNotNow, readAnswer, type Answer } from './slurm-answers.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** How this process talks to Slurm. */
export interface SlurmCalls {
  /** Runs one of Slurm's programs, sbatch with further variables for the job; never waits longer than its time-out, never throws. */
  ask(
    program: 'squeue' | 'sacct' | 'sbatch' | 'scancel',
    args: readonly string[],
    extra?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
}

const LARGEST_ANSWER = 1 << 28; // characters: some million queued jobs

/**
 * What of our own environment would change what the programs do: filters and formats of squeue and sacct, questions of
 * scancel, waiting and arrays of sbatch, and all that describes the allocation which this process itself may run in.
 */
const MISLEADING =
  /^(SQUEUE_|SACCT_|SCANCEL_|SLURM_(?!(CONF|JWT)$)|SLURMD_|SBATCH_(WAIT|ARRAY_INX|PARSABLE|TEST_ONLY|CLUSTERS)$)/;

const cleaned = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !MISLEADING.test(name)));

const READ = { LC_ALL: 'C' }; // the messages that we read; not for sbatch, which hands it on to the job

/** What sbatch is told to hand on (`--export`, SBATCH_EXPORT), and with it variables that the job cannot do without. */
export const exporting = (told: string, needed: readonly string[]): string => {
  const words = told.split(',');
  if (needed.length === 0 || words.some((word) => /^ALL$/i.test(word))) return told;
  return [...words.filter((word) => !/^(NONE|NIL)$/i.test(word)), ...needed].join(',');
};

/** The environment of sbatch, with further variables for the job. */
const ofSubmission = (env: Environment, extra: Readonly<Record<string, string>>): Environment => {
  const { SBATCH_EXPORT: told } = env;
  const handed = told === undefined ? {} : { SBATCH_EXPORT: exporting(told, Object.keys(extra)) };
  return { ...cleaned(env), ...extra, ...handed };
};

/** Creates the calls over an environment, whose PATH says where Slurm is. */
export const createSlurmCalls = (env: Environment, timeoutMs: number): SlurmCalls => ({
  ask: async (program, args, extra = {}) => {
    const result = await execa(program, args, {
      env: program === 'sbatch' ? ofSubmission(env, extra) : { ...cleaned(env), ...READ },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      timeout: timeoutMs,
      killSignal: 'SIGKILL', // a program that hangs in munge hears nothing else
      maxBuffer: LARGEST_ANSWER,
    });
    if (result.exitCode === undefined && !result.timedOut && result.signal === undefined) {
      return { kind: 'unreachable', text: `${program} cannot be run here: ${result.shortMessage ?? 'not found'}` };
    }
    const { exitCode: code, timedOut: isTimedOut, stdout, stderr } = result;
    return readAnswer({ code, isTimedOut, stdout, stderr });
  },
});

/** An error for a backend that does not answer, or answers to come back later; it is tried again. */
export const unanswered = (doing: string, text: string): LauncherError =>
  isNotNow(text)
    ? new LauncherError(`cannot ${doing}: Slurm does not take it now (${text})`, {
        hint: 'it is tried again until it does; look at your limits and at the partition',
        values: { text },
      })
    : new LauncherError(`cannot ${doing}: Slurm does not answer (${text})`, {
        hint: 'it is tried again until it answers; try squeue by hand on this machine',
        values: { text },
      });
