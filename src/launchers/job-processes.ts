import { readdir, readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { errnoOf } from '../host/disk-errors.js';
import { identify, type ProcessIdentity } from '../host/process-identity.js';
import { TOKEN_VARIABLE } from './wrapper-input.js';

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
  const { stdout } = await execa('ps', ['-axEww', '-o', 'pid=,command=']);
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
