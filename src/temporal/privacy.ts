/** Who else may look into a home. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../host/disk-errors.js';
import type { Home } from './home.js';

const OTHERS = 0o077; // rights of the group and of everybody

const isOpen = async (folder: string): Promise<boolean> => {
  try {
    return ((await stat(folder)).mode & OTHERS) !== 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

/**
 * Names the folders of a home that others than their owner may enter or read: none when the home itself is closed, since
 * nobody gets through it. A home that was made by titrate is closed.
 */
export const openFolders = async (home: Home): Promise<string[]> => {
  if (!(await isOpen(home.root))) return [];
  const sweeps = await readdir(home.sweeps).catch(() => [] as string[]);
  const folders = [home.root, home.sweeps, ...sweeps.map((id) => join(home.sweeps, id))];
  const open: string[] = [];
  for (const folder of folders) if (await isOpen(folder)) open.push(folder);
  return open;
};
