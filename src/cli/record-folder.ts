import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveHome, sweepPaths } from '../temporal/home.js';
import { textFlag, type Invocation } from './command.js';
import { findSweep } from './find-sweep.js';

const RECORD_FILE = 'record.jsonl';

/**
 * Finds the folder that `SWEEP|FOLDER` means: a path, which may lie outside every home, or a sweep of the home.
 * @throws InputError when it is neither.
 */
export const recordFolder = async (invocation: Invocation): Promise<string> => {
  const [wanted] = invocation.positionals;
  if (wanted !== undefined && (/[/\\]/.test(wanted) || existsSync(join(wanted, RECORD_FILE)))) return resolve(wanted);
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  return sweepPaths(home, await findSweep(home, wanted, 'unique')).folder;
};
