import { relative } from 'node:path';
import type { FoundJob, Launcher } from '../../domain/ports.js';
import { listFolders } from '../list-jobs.js';
import type { SlurmContext } from './slurm-context.js';
import { nativeName } from './slurm-files.js';
import type { SlurmJob } from './slurm-queue.js';
import { isFinalState } from './slurm-states.js';
import { readComment } from './submit-job.js';

const isInside = (jobsFolder: string, folder: string): boolean => {
  const path = relative(jobsFolder, folder);
  return path !== '' && !path.startsWith('..');
};

const foundOf = (job: SlurmJob, jobsFolder: string): FoundJob[] => {
  const comment = readComment(job.comment);
  if (comment === undefined || !isInside(jobsFolder, comment.folder)) return [];
  return [{ key: comment.key, native: nativeName(job.id), state: isFinalState(job.state) ? 'ended' : 'running' }];
};

/** Lists the jobs that have a folder here, and those that the queue knows of though their folder is gone. */
export const listSlurmJobs = async (
  context: SlurmContext,
  jobsFolder: string,
  launcher: Pick<Launcher, 'kind' | 'inspect'>,
): Promise<FoundJob[]> => {
  const kept = await listFolders(jobsFolder, launcher);
  const keys = new Set(kept.map(({ key }) => key));
  const queued = (await context.queue.lookNow()).jobs.flatMap((job) => foundOf(job, jobsFolder));
  const strays = new Map(queued.filter(({ key }) => !keys.has(key)).map((job) => [job.key, job]));
  return [...kept, ...strays.values()];
};
