import type { JobSpec } from '../../domain/ports.js';
import type { SlurmRequest } from '../../domain/sweep.js';
import { replaceFile } from '../../host/atomic-files.js';
import { batchScript } from './batch-script.js';
import type { Answer } from './slurm-answers.js';
import { exporting } from './slurm-calls.js';
import type { SlurmContext } from './slurm-context.js';
import { slurmName, type SlurmFiles, type SubmitRecord } from './slurm-files.js';

const PRIVATE_FILE = 0o600; // `env` of the sweep file may hold secrets
const LONGEST_COMMENT = 1000; // Slurm takes 1024 bytes

/** Merges what all jobs ask for with what those of this scale ask for. */
const requestFor = (choice: SlurmContext['choice'], scale: string): SlurmRequest => {
  const own = choice.scales[scale];
  if (own === undefined) return choice;
  return { ...choice, ...own, sbatchArgs: [...choice.sbatchArgs, ...own.sbatchArgs] };
};

/** What a job's comment says, for people and for `list`. */
export interface JobComment {
  readonly key: string;
  readonly folder: string;
}

const commentOf = (job: JobSpec, files: SlurmFiles, token: string): string => {
  const whole = JSON.stringify({ titrate: job.key, token, folder: files.folder });
  return Buffer.byteLength(whole) <= LONGEST_COMMENT ? whole : JSON.stringify({ titrate: job.key, token });
};

/** Reads a comment of ours; undefined for any other. */
export const readComment = (comment: string): JobComment | undefined => {
  if (!comment.startsWith('{"titrate":')) return undefined;
  try {
    const { titrate: key, folder } = JSON.parse(comment) as { titrate?: unknown; folder?: unknown };
    return typeof key === 'string' && typeof folder === 'string' ? { key, folder } : undefined;
  } catch {
    return undefined;
  }
};

/** sbatch puts job numbers in place of `%j` and the like. */
const plainPath = (path: string): string => path.replaceAll('%', '%%');

const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`--${name}=${value}`];

const EXPORT = '--export=';

/** The sweep file's own options. One that keeps the environment from the job keeps its secrets from it no more than `env`. */
const further = ({ sbatchArgs }: SlurmRequest, { secrets = {} }: SlurmContext['choice']): string[] =>
  sbatchArgs.map((arg) =>
    arg.startsWith(EXPORT) ? `${EXPORT}${exporting(arg.slice(EXPORT.length), Object.keys(secrets))}` : arg,
  );

/** The arguments of sbatch for one submission. */
const submitArguments = (
  choice: SlurmContext['choice'],
  files: SlurmFiles,
  job: JobSpec,
  token: string,
): readonly string[] => {
  const request = requestFor(choice, job.scale);
  const { account, partition, time, gres } = request;
  return [
    '--parsable',
    ...option('job-name', slurmName(job.key, files.folder)),
    ...option('comment', commentOf(job, files, token)),
    ...option('output', plainPath(files.wrapperLog)),
    '--open-mode=append', // a requeued job would cut its output off
    ...option('chdir', files.folder),
    ...option('signal', `B:USR1@${choice.graceSeconds}`),
    choice.requeue ? '--requeue' : '--no-requeue',
    ...option('account', account),
    ...option('partition', partition),
    ...option('time', time),
    ...option('gres', gres),
    ...further(request, choice),
  ];
};

/** What sbatch is called with for one submission: its arguments, without the script's path, and the script. */
export interface Submission {
  readonly options: readonly string[];
  readonly script: string;
}

/** Works out a submission; calls nothing. */
export const submissionOf = (
  { choice, beatSeconds }: Pick<SlurmContext, 'choice' | 'beatSeconds'>,
  files: SlurmFiles,
  job: JobSpec,
  token: string,
): Submission => {
  const { command, cwd, env, timeoutSeconds, graceSeconds } = choice;
  const { folder } = files;
  const { key } = job;
  const script = batchScript({ folder, key, token, command, cwd, env, timeoutSeconds, graceSeconds, beatSeconds });
  return { options: submitArguments(choice, files, job, token), script };
};

/** Calls sbatch once. The id of the job, or why there may be none. */
export const submitJob = async (
  context: SlurmContext,
  files: SlurmFiles,
  job: JobSpec,
  n: number,
  { token }: SubmitRecord,
  secrets: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const { options, script } = submissionOf(context, files, job, token);
  await replaceFile(files.batch(n), script, PRIVATE_FILE);
  // By the environment, which sbatch hands on: the script lies in the job's folder.
  return context.calls.ask('sbatch', [...options, files.batch(n)], secrets);
};
