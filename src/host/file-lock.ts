/**
 * A lock between processes: a file, made once, that names its holder. A holder that has died is found out by its
 * identity, and its lock is broken under a second, short lock, so that two breakers never remove a living one. A holder
 * that cannot be judged from here (another machine, another container) keeps its lock.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError } from '../domain/errors.js';
import { createOnce } from './atomic-files.js';
import { onDisk } from './disk-errors.js';
import { identifySelf, liveness, type ProcessIdentity } from './process-identity.js';
import { ProcessRecord } from './process-record.js';

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
const STRANGE_AFTER_MS = 5000; // a lock without a readable holder is not one of ours: given up after so long
const PRIVATE_FILE = 0o600;

const create = (path: string, text: string): Promise<boolean> =>
  onDisk('take the lock', path, () => createOnce(path, text, PRIVATE_FILE));

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const holderIn = (text: string): ProcessIdentity | undefined => {
  try {
    return ProcessRecord.safeParse(JSON.parse(text)).data;
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

const isAbandoned = async (path: string, text: string): Promise<boolean> => {
  const holder = holderIn(text);
  return holder === undefined ? ageMs(path) > STRANGE_AFTER_MS : (await liveness(holder)) === 'dead';
};

/** Removes the lock if it still says this: one look and one removal, with nothing of ours between them. */
const removeIf = (path: string, text: string): void => {
  if (readText(path) === text) rmSync(path, { force: true });
};

const breakAbandoned = async (path: string, text: string): Promise<void> => {
  const breaking = `${path}.breaking`;
  if (ageMs(breaking) > STRANGE_AFTER_MS) rmSync(breaking, { force: true });
  if (!(await create(breaking, ''))) return;
  try {
    removeIf(path, text);
  } finally {
    rmSync(breaking, { force: true });
  }
};

/** Takes the lock if it is free or its holder has died; undefined when it is held. @throws StateError on a disk error. */
export const tryLock = async (path: string): Promise<FileLock | undefined> => {
  const text = JSON.stringify({ ...(await identifySelf()), token: randomUUID() });
  const existing = readText(path);
  if (existing !== undefined) {
    if (!(await isAbandoned(path, existing))) return undefined;
    await breakAbandoned(path, existing);
  }
  if (!(await create(path, text))) return undefined;
  return { path, release: () => removeIf(path, text) };
};

/** Names who holds the lock now; undefined when nobody does. A holder that cannot be judged counts as alive. */
export const lockHolder = async (path: string): Promise<ProcessIdentity | undefined> => {
  const text = readText(path);
  const holder = text === undefined ? undefined : holderIn(text);
  return holder !== undefined && (await liveness(holder)) !== 'dead' ? holder : undefined;
};

const stillHeld = async (path: string, timeoutMs: number): Promise<StateError> => {
  const holder = await lockHolder(path);
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  const life = holder === undefined ? 'alive' : await liveness(holder);
  return new StateError(`waited ${timeoutMs / 1000} s for ${path}, held by ${who}`, {
    hint:
      typeof life === 'object'
        ? `${life.unknown}; if it is gone for good, delete the file`
        : 'another titrate command is at work on this home; wait for it, or end it',
  });
};

/** Waits for the lock. @throws StateError when it is still held after `timeoutMs` (default 60 s). */
export const acquireLock = async (
  path: string,
  { timeoutMs = 60_000, onWait }: LockOptions = {},
): Promise<FileLock> => {
  const end = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    if (isFirst) onWait?.(await lockHolder(path));
    if (performance.now() > end) throw await stillHeld(path, timeoutMs);
    await sleep(POLL_MS);
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
