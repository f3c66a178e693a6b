import { StateError } from '../domain/errors.js';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space; the work goes on by itself and nothing is lost',
  EDQUOT: 'the disk quota is used up: free some space; the work goes on by itself and nothing is lost',
  EROFS: 'the file system is read-only: choose another home with --home or TITRATE_HOME',
  EACCES: 'permission is missing: mend the folder, or choose another home with --home or TITRATE_HOME',
  EPERM: 'permission is missing: mend the folder, or choose another home with --home or TITRATE_HOME',
};

/** Turns a failed file operation into a StateError that says what to do. */
export const diskError = (error: unknown, doing: string, file: string): unknown => {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined || error instanceof StateError) return error;
  return new StateError(`cannot ${doing}: ${code} (${file})`, {
    hint: HINTS[code] ?? 'check the folder and try again',
    values: { code, file },
    cause: error,
  });
};
