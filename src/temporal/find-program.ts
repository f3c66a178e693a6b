import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Is it a file that this process may run? */
export const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
};

/** Finds a program on PATH, then in the folders given; undefined when it is in none. */
export const findProgram = async (
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  otherFolders: readonly string[] = [],
): Promise<string | undefined> => {
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  for (const folder of [...onPath, ...otherFolders]) {
    const path = join(folder, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
};
