/**
 * A lock between processes: a file made exclusively that names its holder. A holder that has died is found out by its
 * identity, and its lock is broken under a second, short lock, so that two breakers never remove a living one.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { StateError } from '../domain/errors.js';
import { identify, identityFrom, liveness, type ProcessIdentity } from './process-identity.js';
import { errorCodeOf, storageError } from './storage-errors.js';

export interface FileLock {
  readonly path: string;
  /** Gives the lock back; no error when called again. */
  release(): void;
}

export interface LockOptions {
  /** How long to wait for another holder (ms). */
  readonly timeoutMs?: number;
  /** Called once when the lock is held by someone else. */
  readonly onWait?: (holder: ProcessIdentity | undefined) => void;
}

const POLL_MS = 50;
const TORN_AFTER_MS = 5000; // a lock without a readable holder is one being written, or one whose writer died in it

const createExclusively = (path: string, text: string): boolean => {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return false;
    if (errorCodeOf(error) === 'ENOSPC') rmSync(path, { force: true });
    throw storageError(error, path);
  }
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const holderIn = (text: string): ProcessIdentity | undefined => {
  try {
    return identityFrom(JSON.parse(text));
  } catch {
    return undefined;
  }
};

const ageMs = (path: string): number => {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
};

const isAbandoned = (path: string, text: string): boolean => {
  const holder = holderIn(text);
  return holder === undefined ? ageMs(path) > TORN_AFTER_MS : liveness(holder) === 'dead';
};

const breakAbandoned = (path: string, text: string): void => {
  const breaking = `${path}.breaking`;
  if (ageMs(breaking) > TORN_AFTER_MS) rmSync(breaking, { force: true });
  if (!createExclusively(breaking, '')) return;
  try {
    if (readText(path) === text) rmSync(path, { force: true });
  } finally {
    rmSync(breaking, { force: true });
  }
};

const ownText = (): string => {
  const self = identify(process.pid);
  if (self === undefined) throw new StateError('cannot read this process’s own start time');
  return JSON.stringify({ ...self, token: Math.random().toString(36).slice(2) });
};

/** Takes the lock if it is free or its holder has died; undefined when it is held. @throws StateError on a disk error. */
export const tryLock = (path: string): FileLock | undefined => {
  const text = ownText();
  const existing = readText(path);
  if (existing !== undefined && isAbandoned(path, existing)) breakAbandoned(path, existing);
  if (!createExclusively(path, text)) return undefined;
  const release = (): void => {
    if (readText(path) === text) rmSync(path, { force: true });
  };
  return { path, release };
};

/** Names who holds the lock now; undefined when nobody does. A holder on another machine counts as alive. */
export const lockHolder = (path: string): ProcessIdentity | undefined => {
  const text = readText(path);
  const holder = text === undefined ? undefined : holderIn(text);
  return holder !== undefined && liveness(holder) !== 'dead' ? holder : undefined;
};

const stillHeld = (path: string, timeoutMs: number): StateError => {
  const holder = lockHolder(path);
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  const elsewhere = holder !== undefined && liveness(holder) === 'elsewhere';
  return new StateError(`waited ${timeoutMs / 1000} s for ${path}, held by ${who}`, {
    hint: elsewhere
      ? `if ${holder.host} is gone for good, delete the file`
      : 'another titrate command is at work on this home; wait for it, or end it',
  });
};

/** Waits for the lock. @throws StateError when it is still held after `timeoutMs` (default 60 s). */
export const acquireLock = async (
  path: string,
  { timeoutMs = 60_000, onWait }: LockOptions = {},
): Promise<FileLock> => {
  const end = Date.now() + timeoutMs;
  let waited = false;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (!waited) onWait?.(lockHolder(path));
    waited = true;
    if (Date.now() > end) throw stillHeld(path, timeoutMs);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
};

/** Runs `work` while holding the lock. */
export const withLock = async <T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  const lock = await acquireLock(path, options);
  try {
    return await work();
  } finally {
    lock.release();
  }
};
