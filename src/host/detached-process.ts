/** Processes that outlive this one: how they are started, told and waited for. */
import { spawn, type ChildProcess } from 'node:child_process'; // not execa: see docs/decisions.md
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from './disk-errors.js';
import { liveness, type ProcessIdentity } from './process-identity.js';

export interface DetachedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files that its output is added to. A pipe would end it once the process that reads it is gone. */
  readonly stdout: string;
  readonly stderr: string;
  /** Of files that are made for its output; the mask narrows it. */
  readonly logMode?: number;
}

const LOG_MODE = 0o666; // what the system gives when nobody asks for less
const LOOK_MS = 50;

/**
 * Starts a process in a session of its own: closing the terminal does not end it. The caller, who may want to wait for
 * its end, is kept from ending until it calls `unref`. @throws the system's own error when it cannot be started
 */
export const startDetached = async (command: DetachedCommand): Promise<ChildProcess> => {
  const { program, args, cwd, env, stdout, stderr, logMode = LOG_MODE } = command;
  const out = openSync(stdout, 'a', logMode);
  let err = out;
  try {
    if (stderr !== stdout) err = openSync(stderr, 'a', logMode);
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', out, err] });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return child;
  } finally {
    closeSync(out);
    if (err !== out) closeSync(err);
  }
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
};

/**
 * Sends a signal to exactly this process, or to the group that it leads; to nobody when it is gone or cannot be judged.
 * Between the look and the signal lie microseconds in which the pid could be given out again; Node offers nothing closer.
 */
export const signalProcess = async (
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  whole: 'process' | 'group' = 'process',
): Promise<void> => {
  if ((await liveness(identity)) !== 'alive') return;
  send(whole === 'group' ? -identity.pid : identity.pid, signal);
};

/** Waits until the process is surely gone; false when it is not after `timeoutMs`. */
export const waitUntilGone = async (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  while ((await liveness(identity)) !== 'dead') {
    if (performance.now() > end) return false;
    await sleep(LOOK_MS);
  }
  return true;
};
