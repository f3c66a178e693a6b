import { unanswered, type SlurmCalls } from './slurm-calls.js';
import type { SlurmJob } from './slurm-queue.js';

const NONE = /accounting storage is disabled|not running a supported accounting_storage/i;
const DAYS = 60; // sacct shows nothing from before its start of time, by default midnight

const parseLine = (line: string): SlurmJob[] => {
  const [id = '', name = '', state = '', code = ''] = line.split('|');
  // "CANCELLED by 1001": who it was is said in the reason.
  const [word = '', ...by] = state.split(' ');
  const reason = [by.join(' '), code === '0:0' ? '' : `exit code ${code}`].filter((part) => part !== '').join(', ');
  const byUser = word === 'CANCELLED' ? { byUser: by.length > 0 } : {};
  return id === '' ? [] : [{ id, state: word, name, reason, comment: '', ...byUser }];
};

const FIELDS = ['-X', '-n', '-P', '-D', '-o', 'JobID,JobName,State,ExitCode'];

const ask = async (calls: SlurmCalls, which: readonly string[]): Promise<readonly SlurmJob[] | undefined> => {
  const answer = await calls.ask('sacct', [...FIELDS, ...which]);
  if (answer.kind === 'done') return answer.stdout.split('\n').flatMap(parseLine);
  if (NONE.test(answer.text)) return undefined;
  throw unanswered('look up jobs in the accounting', answer.text);
};

/**
 * Asks the accounting for jobs of this name, the last row of a requeued job last; undefined when the cluster keeps none.
 * @throws LauncherError when it keeps one that does not answer
 */
export const askAccounting = (calls: SlurmCalls, name: string): Promise<readonly SlurmJob[] | undefined> =>
  ask(calls, [`--name=${name}`, '-S', `now-${DAYS}days`]);

/**
 * Asks the accounting for one job, known by both its number and its name; by number it also shows one that never became
 * eligible to run. Undefined when the cluster keeps none. @throws LauncherError when it keeps one that does not answer
 */
export const askAccountingOf = async (
  calls: SlurmCalls,
  { id, name }: Pick<SlurmJob, 'id' | 'name'>,
): Promise<readonly SlurmJob[] | undefined> =>
  (await ask(calls, ['-j', id]))?.filter((row) => row.id === id && row.name === name);
