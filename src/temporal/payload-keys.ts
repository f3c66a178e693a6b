/**
 * Keys that encrypt what Temporal keeps. They lie in a file that the environment names, one a line: `id base64-key`. The
 * first encrypts; all decrypt, so that a new key can be put first while the old ones still open what they closed.
 */
import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { InputError, type Problem } from '../domain/errors.js';
import { createOnce } from '../host/atomic-files.js';
import { errnoOf, onDisk } from '../host/disk-errors.js';

/** Environment variable that names the file of the keys. */
export const ENCRYPTION_KEYS_VARIABLE = 'TITRATE_ENCRYPTION_KEYS';

/** A key for AES-256. */
export interface EncryptionKey {
  /** Names the key in what it has encrypted; no secret. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

/** The keys of a file, in its order; never empty. */
export interface KeyRing {
  readonly file: string;
  readonly keys: readonly [EncryptionKey, ...EncryptionKey[]];
}

const KEY_BYTES = 32; // AES-256
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077; // rights of the group and of everybody
const MOST_BYTES = 65_536; // some seven hundred keys; more is another file
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/; // 32 bytes

const unusable = (problem: Problem, cause?: unknown): InputError =>
  new InputError('the encryption keys cannot be used', [problem], {
    hint: `${ENCRYPTION_KEYS_VARIABLE} names the file; titrate codec-server --new-key FILE makes one`,
    cause,
  });

/** Reads the file's text. A queue or a device is refused unread, since reading it may never end. */
const readText = (file: string): string => {
  const expected = 'a file that only its owner may read (mode 0600)';
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { mode, size } = fstatSync(descriptor);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG)
      throw unusable({ path: file, expected, found: 'something else' });
    if ((mode & OTHERS) !== 0) {
      throw unusable({ path: file, expected, found: `mode 0${(mode & 0o777).toString(8)}: chmod 600 ${file}` });
    }
    if (size > MOST_BYTES) throw unusable({ path: file, expected: 'a few lines', found: `${size} bytes` });
    return readFileSync(descriptor, 'utf8');
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw unusable({ path: file, expected, found: errnoOf(cause) ?? 'something else' }, cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

/** Takes one line apart; what is wrong is told by its place, never by its text, which may hold a key. */
const readLine = (line: string, path: string): EncryptionKey => {
  const [id = '', secret = '', ...rest] = line.split(/\s+/);
  if (!KEY_ID.test(id)) {
    const expected = 'an id of at most 64 letters, digits, dots, dashes and underscores, a space, and a key';
    throw unusable({ path, expected, found: 'something else' });
  }
  if (!BASE64.test(secret) || rest.length > 0) {
    const expected = `id and ${KEY_BYTES} bytes in base64 (44 characters)`;
    throw unusable({ path, expected, found: 'something else' });
  }
  return { id, secret: Buffer.from(secret, 'base64') };
};

/** @throws InputError when the file is not a file of keys, or others may read it; its text is in no message. */
export const readKeyFile = (file: string): KeyRing => {
  const keys = new Map<string, EncryptionKey>();
  for (const [index, text] of readText(file).split('\n').entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const path = `${file}: line ${index + 1}`;
    const key = readLine(line, path);
    if (keys.has(key.id)) throw unusable({ path, expected: 'another id on each line', found: `${key.id} again` });
    keys.set(key.id, key);
  }
  const [first, ...others] = keys.values();
  if (first === undefined) throw unusable({ path: file, expected: 'at least one line with a key', found: 'none' });
  return { file, keys: [first, ...others] };
};

/** Reads the keys that the environment names; undefined when it names none: nothing is encrypted then. @throws InputError */
export const readKeyRing = (env: Readonly<Record<string, string | undefined>> = process.env): KeyRing | undefined => {
  const file = env[ENCRYPTION_KEYS_VARIABLE];
  if (!file) return undefined;
  if (isAbsolute(file)) return readKeyFile(file);
  const expected = 'an absolute path, since workers run in a folder of their own';
  throw unusable({ path: ENCRYPTION_KEYS_VARIABLE, expected, found: JSON.stringify(file) });
};

/** Makes a file with one new key, readable by its owner alone, and returns the key's id. @throws InputError when it is there, StateError when the disk refuses. */
export const writeNewKey = async (file: string, now: Date): Promise<string> => {
  const id = `${now.toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`;
  const text = `${id} ${randomBytes(KEY_BYTES).toString('base64')}\n`;
  if (await onDisk('write the key', file, () => createOnce(file, text, PRIVATE_FILE))) return id;
  throw new InputError('a key is never written over', [{ path: file, expected: 'no such file yet', found: 'a file' }]);
};
