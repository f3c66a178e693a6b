/**
 * The files of a job's folder. What is written here is there as a whole or not at all, is never overwritten, and is on
 * disk when the writing function returns.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../domain/errors.js';

export interface JobFiles {
  readonly folder: string;
  /** The intent: the job's spec. */
  readonly spec: string;
  /** The wrapper that has the job, for ever; the last defence against a second start. */
  readonly lock: string;
  /** The command's own process. */
  readonly child: string;
  /** How the command ended. */
  readonly exit: string;
  /** What `launch` gave back. */
  readonly reference: string;
  /** A stop was asked for. */
  readonly stopped: string;
  /** A person says that the job's machine is gone. */
  readonly lost: string;
  readonly metrics: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly wrapperLog: string;
}

/** Names the files of the job folder: those of docs/job-contract.md, and ours. */
export const jobFiles = (folder: string): JobFiles => ({
  folder,
  spec: join(folder, 'job.json'),
  lock: join(folder, 'lock'),
  child: join(folder, 'child.json'),
  exit: join(folder, 'exit.json'),
  reference: join(folder, 'ref.json'),
  stopped: join(folder, 'stopped'),
  lost: join(folder, 'lost'),
  metrics: join(folder, 'metrics.jsonl'),
  stdout: join(folder, 'stdout.log'),
  stderr: join(folder, 'stderr.log'),
  wrapperLog: join(folder, 'wrapper.log'),
});

const LONGEST_KEY = 200; // file systems allow names of 255 bytes; temporary names are no longer than the rest
const LARGEST_RECORD = 1 << 20; // bytes; our own records are under 10 KB, but a job can write to its folder

// Separators, control characters, and what Unicode calls line ends.
const FORBIDDEN_IN_KEY = /[/\\\p{Cc}\u2028\u2029]/u;

/** Refuses a key that would not name a folder directly inside the jobs folder. @throws InputError */
export const checkKey = (key: string, path = 'key'): void => {
  const isShort = Buffer.byteLength(key) <= LONGEST_KEY;
  if (isShort && key.trim() !== '' && !/^\.+$/.test(key) && !FORBIDDEN_IN_KEY.test(key)) return;
  throw new InputError('a job key must be a plain file name', [
    {
      path,
      expected: `1 to ${LONGEST_KEY} bytes without separators and control characters, not dots only`,
      found: JSON.stringify(key.slice(0, LONGEST_KEY)),
    },
  ]);
};

export const errnoOf = (error: unknown): string | undefined => {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot; they are as safe as they can be then.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
};

const makeAll = async (folder: string): Promise<string | undefined> => {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    // On a read-only file system Node 20 says ENOENT of the folder that it could not make: ask again, plainly.
    if (errnoOf(error) === 'ENOENT') await mkdir(folder);
    throw error;
  }
};

/** Makes the folder and those above it, on disk. */
export const makeFolder = async (folder: string): Promise<void> => {
  const first = await makeAll(folder);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
};

const writeWhole = async (file: string, text: string): Promise<void> => {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const linkOnce = async (temporary: string, file: string): Promise<boolean> => {
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // A network file system may have made the link, lost the answer, and asked again.
    return (await stat(temporary)).nlink > 1;
  }
};

/** Creates the file with this text, whole and on disk; false when there is one already, which stays as it is. */
export const createOnce = async (file: string, text: string): Promise<boolean> => {
  const temporary = join(dirname(file), `.tmp-${randomUUID()}`);
  try {
    await writeWhole(temporary, text);
    const isCreated = await linkOnce(temporary, file);
    if (isCreated) await syncFolder(dirname(file));
    return isCreated;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
};

export const isThere = async (file: string): Promise<boolean> => {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
};

/** Reads at most `length` bytes from `position` on. */
const readBytes = async (file: string, position: number, length: number): Promise<Buffer> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a named pipe would wait for its writer
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

/** Reads the last bytes of a file; undefined when there is no such plain file. */
export const readTail = async (file: string, length: number): Promise<Buffer | undefined> => {
  try {
    const found = await stat(file);
    if (!found.isFile()) return undefined;
    const wanted = Math.min(length, found.size);
    return await readBytes(file, found.size - wanted, wanted);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Reads a record's text; undefined when there is none. */
export const readRecord = async (file: string): Promise<string | undefined> => {
  const bytes = await readTail(file, LARGEST_RECORD);
  return bytes?.toString('utf8');
};
