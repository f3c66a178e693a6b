import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { startDetached } from '../host/detached-process.js';
import { errnoOf } from '../host/disk-errors.js';
import type { JobFiles } from './job-folder.js';
import type { ExitRecord } from './job-records.js';
import { FOLDER_VARIABLE, INPUT_VARIABLE, log, TOKEN_VARIABLE, type WrapperInput } from './wrapper-input.js';

const LONGEST_TIMER_MS = 3_600_000; // Node's timers overflow at 2^31 ms, 25 days: wait an hour at a time

const environmentOf = (input: WrapperInput): NodeJS.ProcessEnv => {
  const {
    [INPUT_VARIABLE]: _,
    [FOLDER_VARIABLE]: folder,
    TITRATE_JOB_KEY,
    [TOKEN_VARIABLE]: token,
    ...inherited
  } = process.env;
  return { ...inherited, ...input.env, [FOLDER_VARIABLE]: folder, TITRATE_JOB_KEY, [TOKEN_VARIABLE]: token };
};

const checkWorkingFolder = (cwd: string): void => {
  // spawn() says that the program is missing when it is the working folder.
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`the working folder ${cwd} does not exist`);
};

/** Starts the command with its output going straight to files. @throws when it cannot be started */
export const spawnCommand = async (files: JobFiles, input: WrapperInput): Promise<ChildProcess> => {
  const cwd = input.cwd ?? files.folder;
  checkWorkingFolder(cwd);
  const [program = '', ...args] = input.command;
  return startDetached({ program, args, cwd, env: environmentOf(input), stdout: files.stdout, stderr: files.stderr });
};

const signalGroup = (leader: number, ...signals: readonly NodeJS.Signals[]): void => {
  for (const signal of signals) {
    try {
      process.kill(-leader, signal);
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') log(`cannot send ${signal} to group ${leader}: ${String(error)}`);
    }
  }
};

/** Calls back once, after any number of seconds. */
const after = (seconds: number, action: () => unknown): void => {
  const end = performance.now() + seconds * 1000;
  const tick = (): void => {
    const left = end - performance.now();
    if (left <= 0) action();
    else setTimeout(tick, Math.min(left, LONGEST_TIMER_MS)).unref();
  };
  tick();
};

interface Ending {
  timedOut: boolean;
  terminated: boolean;
}

/** Waits for the command; ends its group when told to, or after its longest time. */
export const superviseCommand = (child: ChildProcess, input: WrapperInput, asked: AbortSignal): Promise<ExitRecord> =>
  new Promise((resolve) => {
    const startedAt = Date.now();
    const leader = child.pid ?? 0;
    const ending: Ending = { timedOut: false, terminated: false };
    let isGone = false;
    const end = (reason: keyof Ending): void => {
      if (isGone || ending.timedOut || ending.terminated) return;
      ending[reason] = true;
      signalGroup(leader, 'SIGTERM', 'SIGCONT'); // a frozen process takes its signal only when it goes on
      after(input.graceSeconds, () => isGone || signalGroup(leader, 'SIGKILL'));
    };
    child.once('exit', (code, signal) => {
      isGone = true;
      // At once: while anyone is left in the group, the pid of its leader is not given out again.
      signalGroup(leader, 'SIGKILL');
      resolve({ kind: 'exited', code, signal, ...ending, startedAt, endedAt: Date.now() });
    });
    if (input.timeoutSeconds !== undefined) after(input.timeoutSeconds, () => end('timedOut'));
    if (asked.aborted) end('terminated');
    asked.addEventListener('abort', () => end('terminated'));
  });
