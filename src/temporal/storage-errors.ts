import { StateError } from '../domain/errors.js';

const REASONS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EROFS: ['the file system is read-only', 'choose a writable folder with --home or TITRATE_HOME'],
  EACCES: ['permission denied', 'choose a writable folder with --home or TITRATE_HOME'],
  EPERM: ['the operation is not permitted', 'choose a writable folder with --home or TITRATE_HOME'],
  ENOSPC: ['the disk is full', 'free some space and run the same command again; nothing written before is lost'],
  EDQUOT: [
    'the disk quota is used up',
    'free some space and run the same command again; nothing written before is lost',
  ],
  EMFILE: ['too many files are open', 'raise the limit on open files (ulimit -n)'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'choose another folder with --home or TITRATE_HOME'],
  EEXIST: ['a file is in the place of a folder', 'choose another folder with --home or TITRATE_HOME'],
};

/** Returns the system's error code, such as `ENOSPC`, when there is one. */
export const errorCodeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Turns a failed write under a home folder into a StateError that says what is wrong with it and what to do. */
export const storageError = (error: unknown, path: string): StateError => {
  if (error instanceof StateError) return error;
  const code = errorCodeOf(error) ?? '';
  const [what, hint] = REASONS[code] ?? [error instanceof Error ? error.message : String(error), undefined];
  return new StateError(`cannot write ${path}: ${what}`, {
    ...(hint === undefined ? {} : { hint }),
    values: { path, code },
    cause: error,
  });
};
