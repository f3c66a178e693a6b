/** Finds the processes of jobs that run on this machine, whatever started them. */
import { readFile } from 'node:fs/promises';
import { identify, type ProcessIdentity } from '../../src/host/process-identity.js';
import type { JobSite } from './place.js';

const environmentOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');

/** The process that the job said it was, if that pid is still this job's. */
export const findJob = async ({ key, pid }: JobSite): Promise<ProcessIdentity | undefined> => {
  if (pid === undefined || !(await environmentOf(pid)).split('\0').includes(`TITRATE_JOB_KEY=${key}`)) return undefined;
  return identify(pid);
};

/** Which of these jobs still run. */
export const stillRunning = async (jobs: readonly JobSite[]): Promise<readonly string[]> => {
  const found = await Promise.all(jobs.map(async (job) => ((await findJob(job)) === undefined ? [] : [job.key])));
  return found.flat();
};

/** The nearest process above this one that bears the name. */
export const findAbove = async (pid: number, name: string): Promise<ProcessIdentity | undefined> => {
  for (let at = pid; at > 1;) {
    const stat = await readFile(`/proc/${at}/stat`, 'utf8').catch(() => '');
    const [, above = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat.includes(`(${name})`)) return identify(at);
    at = Number(above);
  }
  return undefined;
};
