import { unanswered, type SlurmCalls } from './slurm-calls.js';
import type { SlurmJob } from './slurm-queue.js';

const NONE = /accounting storage is disabled|not running a supported accounting_storage/i;
const DAYS = 60; // sacct shows nothing from before its start of time, by default midnight

const parseLine = (line: string): SlurmJob[] => {
  const [id = '', name = '', state = '', code = ''] = line.split('|');
  // "CANCELLED by 1001": who it was is said in the reason.
  const [word = '', ...by] = state.split(' ');
  const reason = [by.join(' '), code === '0:0' ? '' : `exit code ${code}`].filter((part) => part !== '').join(', ');
  return id === '' ? [] : [{ id, state: word, name, reason, comment: '' }];
};

/**
 * Asks the accounting for jobs of this name, the last row of a requeued job last; undefined when the cluster keeps none.
 * @throws LauncherError when it keeps one that does not answer
 */
export const askAccounting = async (calls: SlurmCalls, name: string): Promise<readonly SlurmJob[] | undefined> => {
  const fields = 'JobID,JobName,State,ExitCode';
  const args = ['-X', '-n', '-P', '-D', `--name=${name}`, '-S', `now-${DAYS}days`, '-o', fields];
  const answer = await calls.ask('sacct', args);
  if (answer.kind === 'done') return answer.stdout.split('\n').flatMap(parseLine);
  if (NONE.test(answer.text)) return undefined;
  throw unanswered('look up jobs in the accounting', answer.text);
};
