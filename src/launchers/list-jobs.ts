import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundJob, JobRef, Launcher } from '../domain/ports.js';
import { errnoOf } from '../host/disk-errors.js';
import { jobFiles, readRecord } from './job-folder.js';

const keysIn = async (jobsFolder: string): Promise<string[]> => {
  try {
    const entries = await readdir(jobsFolder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []; // nothing was ever launched here
    throw error;
  }
};

const nativeOf = async (folder: string): Promise<string> => {
  const text = await readRecord(jobFiles(folder).reference);
  if (text === undefined) return '';
  try {
    const { native } = JSON.parse(text) as Partial<JobRef>;
    return typeof native === 'string' ? native : '';
  } catch {
    return '';
  }
};

/** Lists the jobs that have a folder here, in the order of their keys; a folder without a spec is none. */
export const listFolders = async (
  jobsFolder: string,
  launcher: Pick<Launcher, 'kind' | 'inspect'>,
): Promise<FoundJob[]> => {
  const found: FoundJob[] = [];
  for (const key of (await keysIn(jobsFolder)).toSorted()) {
    const folder = join(jobsFolder, key);
    if ((await readRecord(jobFiles(folder).spec)) === undefined) continue;
    const native = await nativeOf(folder);
    const { state } = await launcher.inspect({ key, launcher: launcher.kind, folder, native });
    found.push({ key, native, state });
  }
  return found;
};
