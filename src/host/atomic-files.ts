/** Files that are there as a whole or not at all, and on disk when the writing function returns; and looks at them. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './disk-errors.js';

const FILE_MODE = 0o666; // what the system gives when nobody asks for less; the mask narrows it
const FOLDER_MODE = 0o777;
const LINE_BYTES = 1 << 10; // lines of logs are rarely longer

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

const makeAll = async (folder: string, mode: number): Promise<string | undefined> => {
  try {
    return await mkdir(folder, { recursive: true, mode });
  } catch (error) {
    // On a read-only file system Node 20 says ENOENT of the folder that it could not make: ask again, plainly.
    if (errnoOf(error) === 'ENOENT') await mkdir(folder);
    throw error;
  }
};

/** Makes the folder and those above it, on disk; false when it was there. */
export const makeFolder = async (folder: string, mode = FOLDER_MODE): Promise<boolean> => {
  const first = await makeAll(folder, mode);
  if (first === undefined) return false;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  return true;
};

const writeWhole = async (file: string, text: string, mode: number): Promise<void> => {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const linkOnce = async (draft: string, file: string): Promise<boolean> => {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // A network file system may have made the link, lost the answer, and asked again.
    return (await stat(draft)).nlink > 1;
  }
};

/** Writes a draft beside the file, lets `settle` make the file of it, and leaves no draft behind. */
const throughDraft = async <T>(
  file: string,
  text: string,
  mode: number,
  settle: (draft: string) => Promise<T>,
): Promise<T> => {
  const draft = join(dirname(file), `.tmp-${randomUUID()}`);
  try {
    await writeWhole(draft, text, mode);
    return await settle(draft);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
};

/** Creates the file with this text; false when there is one already, which stays as it is. Needs hard links. */
export const createOnce = (file: string, text: string, mode = FILE_MODE): Promise<boolean> =>
  throughDraft(file, text, mode, async (draft) => {
    const isCreated = await linkOnce(draft, file);
    if (isCreated) await syncFolder(dirname(file));
    return isCreated;
  });

/** Writes the file with this text in the place of what was there; a reader sees the old text or the new one. */
export const replaceFile = (file: string, text: string, mode = FILE_MODE): Promise<void> =>
  throughDraft(file, text, mode, async (draft) => {
    await rename(draft, file);
    await syncFolder(dirname(file));
  });

/** Is there anything of this name? */
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
const readBytes = async (file: string, position: number, length: number): Promise<string> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a named pipe would wait for its writer
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
};

/** Reads the text at a file's end (at most so many bytes, none before `from`); undefined when there is no such plain file. */
export const readTail = async (file: string, bytes: number, from = 0): Promise<string | undefined> => {
  try {
    const found = await stat(file);
    if (!found.isFile()) return undefined;
    const wanted = Math.max(0, Math.min(bytes, found.size - from));
    return await readBytes(file, found.size - wanted, wanted);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** How long a file is (bytes); 0 when there is none. */
export const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
};

/** Reads the last lines of a log, of what was written from byte `from` on; empty when there is none. */
export const lastLines = async (file: string, count: number, from = 0): Promise<string> => {
  const tail = (await readTail(file, count * LINE_BYTES, from)) ?? '';
  return tail.trim().split('\n').slice(-count).join('\n');
};
