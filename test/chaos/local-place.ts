/** Jobs as processes of this machine: the training job itself and the wrapper that looks after it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../src/host/atomic-files.js';
import { identify, liveness, type ProcessIdentity } from '../../src/host/process-identity.js';
import { ProcessRecord } from '../../src/host/process-record.js';
import { findJob, stillRunning } from './job-processes.js';
import type { ChaosPlace, JobSite, Target } from './place.js';
import type { StrikeKind } from './strike.js';

const STRIKES: readonly StrikeKind[] = [
  { victim: 'job', act: 'kill', point: 'mid-run', weight: 12, hurtsJobs: true },
  { victim: 'job', act: 'kill', point: 'torn-line', weight: 9, hurtsJobs: true },
  { victim: 'job', act: 'freeze', point: 'mid-run', weight: 2, hurtsJobs: false },
  { victim: 'wrapper', act: 'kill', point: 'after-intent', weight: 4, hurtsJobs: true },
  { victim: 'wrapper', act: 'kill', point: 'after-submit', weight: 5, hurtsJobs: true },
  { victim: 'wrapper', act: 'kill', point: 'mid-run', weight: 8, hurtsJobs: false },
  { victim: 'wrapper', act: 'kill', point: 'after-finish', weight: 5, hurtsJobs: false },
  { victim: 'wrapper', act: 'freeze', point: 'mid-run', weight: 2, hurtsJobs: false },
];

const isAlive = async (identity: ProcessIdentity | undefined): Promise<boolean> =>
  identity !== undefined && (await liveness(identity)) === 'alive';

/** A wrapper that has not taken its lock yet shows by its command line only. */
const findEarlyWrapper = async ({ folder }: JobSite): Promise<ProcessIdentity | undefined> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).split('\0');
    if (words.includes(folder) && words.some((word) => word.endsWith('job-wrapper.js'))) return identify(Number(pid));
  }
  return undefined;
};

const findWrapper = async (job: JobSite): Promise<ProcessIdentity | undefined> => {
  const lock = await readFile(join(job.folder, 'lock'), 'utf8').catch(() => undefined);
  if (lock === undefined) return findEarlyWrapper(job);
  const owner = ProcessRecord.parse(JSON.parse(lock));
  return (await isAlive(owner)) ? owner : undefined;
};

const target = (process: ProcessIdentity | undefined, hurt: readonly string[]): Target | undefined =>
  process === undefined ? undefined : { process, hurt };

/** Creates the place of jobs that are processes of this machine. */
export const createLocalPlace = (): ChaosPlace => ({
  launcher: 'local',
  isShared: false,
  strikes: STRIKES,
  start: async () => undefined,
  launcherSection: (command, env) => ({ kind: 'local', command, env, timeoutSeconds: 300 }),
  env: () => ({}),
  isSubmitted: ({ folder }) => isThere(join(folder, 'lock')),
  find: async (victim, job) => {
    if (job === undefined) return undefined;
    if (victim === 'job') return target(await findJob(job), [job.key]);
    // A wrapper that dies before its command was started takes the job with it; later the job lives on.
    return target(await findWrapper(job), job.pid === undefined ? [job.key] : []);
  },
  upset: async () => undefined,
  mend: async () => undefined,
  stillRunning,
  stop: async () => undefined,
});
