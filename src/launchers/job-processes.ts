import { execFile } from 'node:child_process'; // not execa: every job's wrapper loads this file and stays for days
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { signalProcess } from '../host/detached-process.js';
import { errnoOf } from '../host/disk-errors.js';
import { identify, type ProcessIdentity } from '../host/process-identity.js';
import { FOLDER_VARIABLE, TOKEN_VARIABLE } from './wrapper-input.js';

const LARGEST_TABLE = 1 << 26; // bytes: every process of the machine with its environment
const LOOK_MS = 50;
const LEFTOVER_GRACE_MS = 5_000; // the command itself had the sweep's grace

const run = promisify(execFile);

const UNREADABLE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']); // gone meanwhile, or another user's

const hasToken = async (pid: string, entry: string): Promise<boolean> => {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environment.split('\0').includes(entry);
  } catch (error) {
    if (UNREADABLE.has(errnoOf(error) ?? '')) return false;
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
  const { stdout } = await run('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: LARGEST_TABLE });
  const lines = stdout.split('\n').filter((line) => line.split(' ').includes(entry));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
};

/** Finds the running processes of this machine that carry the job's token, the wrapper included. */
export const findByToken = (token: string): Promise<readonly ProcessIdentity[]> =>
  findByVariable(`${TOKEN_VARIABLE}=${token}`);

/** Finds those that were told this folder of a job. */
export const findByFolder = (folder: string): Promise<readonly ProcessIdentity[]> =>
  findByVariable(`${FOLDER_VARIABLE}=${folder}`);

/** Finds the running processes of this machine that have this entry in their environment. */
const findByVariable = async (entry: string): Promise<readonly ProcessIdentity[]> => {
  const pids = process.platform === 'linux' ? await linuxPids(entry) : await macPids(entry);
  const identities = await Promise.all(pids.map(identify));
  return identities.filter((identity) => identity !== undefined);
};

/** How processes of a job are found. */
export type FindProcesses = () => Promise<readonly ProcessIdentity[]>;

/** Waits until none of them is left; false when some still are after `timeoutMs`. */
export const waitUntilGone = async (find: FindProcesses, timeoutMs: number): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if ((await find()).length === 0) return true;
    if (performance.now() > end) return false;
    await sleep(LOOK_MS);
  }
};

/** Asks each of these processes to end. */
export const askToEnd = async (processes: readonly ProcessIdentity[]): Promise<void> => {
  for (const identity of processes) {
    await signalProcess(identity, 'SIGTERM');
    await signalProcess(identity, 'SIGCONT'); // a frozen process takes its signal only when it goes on
  }
};

/**
 * Ends what carries the token beside this process: SIGTERM, and SIGKILL to what is left. Programs that start others in sessions of their own
 * (torchrun its workers) leave them behind when they are killed, with the memory of their GPUs.
 */
export const endLeftovers = async (token: string): Promise<void> => {
  const find = async () => (await findByToken(token)).filter(({ pid }) => pid !== process.pid);
  const left = await find();
  await askToEnd(left);
  if (left.length === 0 || (await waitUntilGone(find, LEFTOVER_GRACE_MS))) return;
  for (const identity of await find()) await signalProcess(identity, 'SIGKILL');
};
