/** What a failed system call means and what a person can do about it: the one table of it. */
import { isTitrateError, StateError, type ErrorDetails } from '../domain/errors.js';

/** The kind of error that a failed system call becomes. */
type ErrorKind = new (message: string, details: ErrorDetails) => Error;

const FREE_SPACE = 'free some space: what runs goes on by itself, a command can be run again; nothing is lost';
const ANOTHER_HOME = 'choose another folder with --home or TITRATE_HOME';
const LET_WRITE = `let the user of titrate write there, or ${ANOTHER_HOME}`;
const NO_LINKS = `the folder must be on a file system with hard links: ${ANOTHER_HOME}`;

const MEANINGS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['the disk is full', FREE_SPACE],
  EDQUOT: ['the disk quota is used up', FREE_SPACE],
  EROFS: ['the file system is read-only', `mount it for writing, or ${ANOTHER_HOME}`],
  EACCES: ['permission denied', LET_WRITE],
  EPERM: ['the operation is not permitted', `${LET_WRITE}; ${NO_LINKS}`],
  ENOTSUP: ['the file system cannot do this', NO_LINKS],
  EOPNOTSUPP: ['the file system cannot do this', NO_LINKS],
  ENOENT: ['there is no such file or folder', 'check the path and try again'],
  ENOTDIR: ['a file stands where a folder is needed', `move it away, or ${ANOTHER_HOME}`],
  EEXIST: ['something else stands there already', `move it away, or ${ANOTHER_HOME}`],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n) and try again'],
  ENFILE: ['too many files are open on this machine', 'close some and try again'],
  EAGAIN: ['no more processes may be started', 'raise the limit (ulimit -u) or run fewer jobs at once'],
  ENOMEM: ['the machine is out of memory', 'run fewer jobs at once'],
  E2BIG: ['command and environment are too long', 'shorten them'],
};

/** Returns the system's error code, such as `ENOSPC`, when there is one. */
export const errnoOf = (error: unknown): string | undefined => {
  const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

/** Did it fail because there is nothing of that name? */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');

/**
 * Turns a failed system call into an error that says what was being done, what is wrong and what to do; what is no
 * failed system call, or was turned already, stays as it is.
 */
export const diskError = (error: unknown, doing: string, path: string, Kind: ErrorKind = StateError): unknown => {
  const code = errnoOf(error);
  if (isTitrateError(error) || code === undefined) return error;
  const [what, hint] = MEANINGS[code] ?? ['the system refuses', 'check the folder and try again'];
  return new Kind(`cannot ${doing}: ${what}, ${code} (${path})`, { hint, values: { code, path }, cause: error });
};

/** Runs an action on files, turning its failed system calls into errors that say what to do. */
export const onDisk = async <T>(
  doing: string,
  path: string,
  action: () => Promise<T>,
  Kind: ErrorKind = StateError,
): Promise<T> => {
  try {
    return await action();
  } catch (error) {
    throw diskError(error, doing, path, Kind);
  }
};
