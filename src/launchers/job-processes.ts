import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { identify, liveness, type ProcessIdentity } from './process-identity.js';

/** The environment variable by which everything that a wrapper starts can be found again. */
export const TOKEN_VARIABLE = 'TITRATE_JOB_TOKEN';

const run = promisify(execFile);
const PS_OUTPUT_LIMIT = 1 << 26; // bytes: every process with its environment

const UNREADABLE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']); // gone meanwhile, or another user's

const hasToken = async (pid: string, entry: string): Promise<boolean> => {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environment.split('\0').includes(entry);
  } catch (error) {
    if (UNREADABLE.has(String((error as NodeJS.ErrnoException).code))) return false;
    throw error;
  }
};

const linuxPids = async (entry: string): Promise<number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) if (await hasToken(pid, entry)) found.push(Number(pid));
  return found;
};

const macPids = async (entry: string): Promise<number[]> => {
  const { stdout } = await run('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: PS_OUTPUT_LIMIT });
  const lines = stdout.split('\n').filter((line) => line.split(' ').includes(entry));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
};

/** Finds the running processes of this machine that carry the job's token, the wrapper included. */
export const findByToken = async (token: string): Promise<readonly ProcessIdentity[]> => {
  const entry = `${TOKEN_VARIABLE}=${token}`;
  const pids = process.platform === 'linux' ? await linuxPids(entry) : await macPids(entry);
  const identities = await Promise.all(pids.map(identify));
  return identities.filter((identity) => identity !== undefined);
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/**
 * Sends a signal to exactly this process, or to the group that it leads; to nobody when it is gone. Between the look
 * and the signal lie microseconds in which the pid could be given out again; Node offers nothing closer.
 */
export const signalProcess = async (
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  whole: 'process' | 'group' = 'process',
): Promise<void> => {
  if ((await liveness(identity)) !== 'alive') return;
  send(whole === 'group' ? -identity.pid : identity.pid, signal);
};
