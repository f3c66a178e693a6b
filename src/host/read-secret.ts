/** Secrets are named in sweep files and on command lines, and read here, where they are needed. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { StateError } from '../domain/errors.js';
import type { SecretRef } from '../domain/notices.js';

const MOST_BYTES = 65_536; // a token, a key, a certificate chain; no file of data

/**
 * Reads a small regular file of text; undefined when it is none. A queue is refused unread: reading it may never end. So is a null
 * byte (of UTF-16, say): no program can be given it, and what refuses it shows what it was given.
 */
const readSmallFile = async (path: string): Promise<string | undefined> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    const text = stats.isFile() && stats.size <= MOST_BYTES ? await handle.readFile('utf8') : undefined;
    return text?.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  } finally {
    await handle.close();
  }
};

/**
 * Reads a secret from where it is kept, without the white space around it.
 * @throws StateError naming the place, never what is in it, when there is none.
 */
export const readSecret = async (
  ref: SecretRef,
  { where, hint }: { readonly where: string; readonly hint: string },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> => {
  const isEnv = ref.startsWith('env:');
  const place = ref.slice(ref.indexOf(':') + 1);
  const found = isEnv ? env[place] : await readSmallFile(place);
  const value = found?.trim() ?? '';
  if (value !== '') return value;
  const what = isEnv
    ? `the environment variable ${place} is not set`
    : `the file ${place} cannot be read, is empty or is no small file of text (UTF-8)`;
  throw new StateError(`${what} ${where}`, { hint });
};

/** Reads the secrets of a job, each anew at every launch. @throws StateError naming the place of one that is missing. */
export const readJobSecrets = async (
  secrets: Readonly<Record<string, SecretRef>> = {},
): Promise<Record<string, string>> => {
  const read = async (name: string, ref: SecretRef): Promise<[string, string]> => [
    name,
    await readSecret(ref, {
      where: 'where the worker runs',
      hint: `set it there: the launch is tried again (${name})`,
    }),
  ];
  return Object.fromEntries(await Promise.all(Object.entries(secrets).map(([name, ref]) => read(name, ref))));
};
