/** Append-only files of one JSON object a line, shared by processes that hold the file's lock while they write. */
import { open, readFile } from 'node:fs/promises';
import { errnoOf } from './disk-errors.js';

const PRIVATE_FILE = 0o600;
const NEWLINE = 0x0a;

/** Reads a file's text; empty when there is no such file. */
export const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return '';
    throw error;
  }
};

/** Appends values, each in a line of its own, and waits until they are on disk; a last line that was torn stays alone. */
export const appendJsonLines = async (file: string, values: readonly unknown[]): Promise<void> => {
  const handle = await open(file, 'a+', PRIVATE_FILE);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const isTorn = size > 0 && last[0] !== NEWLINE;
    await handle.appendFile(`${isTorn ? '\n' : ''}${values.map((value) => `${JSON.stringify(value)}\n`).join('')}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
};
