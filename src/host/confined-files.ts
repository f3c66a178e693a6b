/** Names inside a folder that somebody else writes to may be links that lead anywhere. */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { errnoOf, isMissing } from './disk-errors.js';

/**
 * Does the name stay inside its folder, links followed? A name without anything behind it does; a link without an end, or to
 * nothing, does not. The folder itself may be reached by links.
 */
export const staysInside = async (file: string): Promise<boolean> => {
  try {
    if (!(await lstat(file)).isSymbolicLink()) return true;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  try {
    const [folder, target] = await Promise.all([realpath(dirname(file)), realpath(file)]);
    return target.startsWith(folder + sep);
  } catch (error) {
    if (errnoOf(error) === 'ELOOP' || errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EACCES') return false;
    throw error;
  }
};
