/** What Slurm's programs say when they do not do what they are asked for: the table of docs/slurm.md. */

/**
 * `refused`: never for this request. `unreachable`: nobody took it, it is worth another try. `uncertain`: it may have been
 * taken, and may be carried out later.
 */
export type Answer =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'refused' | 'unreachable' | 'uncertain'; readonly text: string };

/** How a program of Slurm ended. */
export interface SlurmExit {
  readonly code: number | undefined;
  readonly isTimedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const BAD_ARGUMENTS = 255; // what sbatch ends with when it does not understand its options

const UNREACHABLE =
  /connect failure|connection refused|munge|authentication|configuration (file|source)|standby mode|temporarily unable|problem talking to the database|no such file or directory/i;

/** May pass: a limit on jobs in the queue, a partition that is down for a while. */
const NOT_NOW = /job submit limit|not available \(inactive|not available now|too many|try again|in maintenance/i;

/** Of the limits, those that one job alone goes beyond: no other job's end makes room. */
const ONE_JOB_LIMIT = /\b(QOS|Assoc)(Max\w*Per(Job|Node)|Min)/;

const REFUSED = [
  /invalid (partition|account|qos|generic resource|gres|trackable resource|node name|feature|license|job array|job credential|wckey)/i,
  /requested (node configuration|time limit|reservation|operation|partition configuration|cpus|gres option)/i,
  /more (processors|nodes) requested/i,
  /(cpu|memory|node) (count|specification).*(can not be satisfied|invalid)/i,
  /job dependency problem|batch script|unable to open file|does not look like|access denied|permission|too long/i,
  /job violates accounting\/qos policy/i,
  /group not permitted|memory required by task/i,
];

/**
 * An answer to sbatch, if not a clear one: the rule of a site (job_submit, cli_filter) says no more than "Unspecified error", after words of
 * its own. Where sbatch did not hear the controller, it is none.
 */
const ANSWERED =
  /batch job submission failed: (?!.*(timed out|zero bytes|message|failure|communication|socket))|cli_filter plugin/i;

const SIGNS = /^(sbatch|squeue|sacct|scancel|scontrol): (error: |fatal: )?/gm;

/** Has Slurm answered, and may it take the same request later? */
export const isNotNow = (text: string): boolean =>
  NOT_NOW.test(text) || (ANSWERED.test(text) && !UNREACHABLE.test(text));

/** Reads what a program that failed meant. What is not in the tables may have been carried out. */
export const readAnswer = ({ code, isTimedOut, stdout, stderr }: SlurmExit): Answer => {
  if (code === 0 && !isTimedOut) return { kind: 'done', stdout };
  const text = stderr.replace(SIGNS, '').trim();
  if (isTimedOut) return { kind: 'uncertain', text: `no answer in time${text === '' ? '' : `: ${text}`}` };
  if (code === BAD_ARGUMENTS && !UNREACHABLE.test(text)) return { kind: 'refused', text };
  if (ONE_JOB_LIMIT.test(text)) return { kind: 'refused', text };
  if (UNREACHABLE.test(text) || NOT_NOW.test(text)) return { kind: 'unreachable', text };
  if (REFUSED.some((pattern) => pattern.test(text))) return { kind: 'refused', text };
  if (ANSWERED.test(text)) return { kind: 'unreachable', text };
  return { kind: 'uncertain', text: text === '' ? `exit status ${code ?? 'unknown'}` : text };
};
