import { resolve } from 'node:path';
import { resolveHome, sweepPaths } from '../temporal/home.js';
import { textFlag, type Invocation } from './command.js';
import { findSweep, holdsRecord } from './find-sweep.js';

/** Is it a path, which may lie outside every home, and not the name of a sweep? */
export const namesFolder = (wanted: string | undefined): wanted is string =>
  wanted !== undefined && (/[/\\]/.test(wanted) || holdsRecord(wanted));

/**
 * Finds the folder that `SWEEP|FOLDER` means: a path, which may lie outside every home, or a sweep of the home.
 * @throws InputError when it is neither.
 */
export const recordFolder = async (invocation: Invocation): Promise<string> => {
  const [wanted] = invocation.positionals;
  if (namesFolder(wanted)) return resolve(wanted);
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  return sweepPaths(home, await findSweep(home, wanted, 'unique')).folder;
};
