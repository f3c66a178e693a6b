import { isTitrateError, LauncherError } from '../domain/errors.js';
import { errnoOf } from './job-folder.js';

const FULL = 'the disk is full: free some space and try again; nothing was lost and nothing was started twice';
const DENIED = 'permission is missing: let the worker’s user write to the jobs folder, or choose another home';
const NO_LINKS = 'the jobs folder must be on a file system with hard links: choose another home';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: 'the file system is read-only: mount it for writing, or choose another home',
  EACCES: DENIED,
  EPERM: `${DENIED}; ${NO_LINKS}`,
  ENOTSUP: NO_LINKS,
  EOPNOTSUPP: NO_LINKS,
  EMFILE: 'too many open files: raise the limit (ulimit -n) and try again',
  ENFILE: 'too many open files on this machine: close some and try again',
  EAGAIN: 'no more processes may be started: raise the limit (ulimit -u) or run fewer jobs at once',
  ENOMEM: 'the machine is out of memory: run fewer jobs at once',
  E2BIG: 'command and environment are too long: shorten them',
  ENOTDIR: 'a file stands where a folder is needed: move it away',
};

/** Turns a failed system call into a LauncherError that says what to do; other errors stay as they are. */
const launcherError = (error: unknown, doing: string, path: string): unknown => {
  const code = errnoOf(error);
  if (isTitrateError(error) || code === undefined) return error;
  return new LauncherError(`cannot ${doing}: ${code} (${path})`, {
    hint: HINTS[code] ?? 'check the folder and try again',
    values: { code, path },
    cause: error,
  });
};

/** Runs an action on a job's folder, turning failed system calls into LauncherErrors. */
export const onDisk = async <T>(doing: string, path: string, action: () => Promise<T>): Promise<T> => {
  try {
    return await action();
  } catch (error) {
    throw launcherError(error, doing, path);
  }
};
