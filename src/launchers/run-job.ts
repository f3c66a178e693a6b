/**
 * The life of one job, run in a process of its own (job-wrapper.ts) that outlives the worker. It loads little, since it
 * stays for days.
 *
 * 1. The lock is on disk before the command starts, and a folder with a lock is left alone: one start at most.
 * 2. A stop asked for before the lock was taken prevents the start: `stop` writes its mark and then looks for the lock,
 *    the wrapper takes the lock and then looks for the mark, so that one of them sees the other.
 * 3. An exit status that cannot be written (full disk) is kept and written when it can be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createOnce, isThere } from '../host/atomic-files.js';
import { errnoOf } from '../host/disk-errors.js';
import { identify, identifySelf } from '../host/process-identity.js';
import { spawnCommand, superviseCommand } from './command-process.js';
import { jobFiles, type JobFiles } from './job-folder.js';
import { endLeftovers } from './job-processes.js';
import type { ExitRecord, LockRecord } from './job-records.js';
import { waitForGpus } from './wait-for-gpus.js';
import { log, TOKEN_VARIABLE, type WrapperInput } from './wrapper-input.js';

/** Points at which a test may kill the wrapper. */
export type WrapperStep = 'up' | 'locked' | 'spawned' | 'child-recorded' | 'ended' | 'exit-recorded';

const FIRST_RETRY_MS = 200; // a full disk: again soon,
const LONGEST_RETRY_MS = 30_000; // then calmly, for as long as it takes

const json = (record: ExitRecord | LockRecord | object): string => `${JSON.stringify(record)}\n`;

const takeLock = async (files: JobFiles): Promise<boolean> => {
  const lock: LockRecord = { ...(await identifySelf()), token: process.env[TOKEN_VARIABLE] ?? '', at: Date.now() };
  return createOnce(files.lock, json(lock));
};

const recordExit = async (files: JobFiles, record: ExitRecord): Promise<void> => {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
    try {
      await createOnce(files.exit, json(record));
      return;
    } catch (error) {
      log(`cannot write exit.json, trying again: ${String(error)}`);
      if (errnoOf(error) === 'ENOENT') return; // the folder was deleted: nobody will ask
    }
    await sleep(wait);
  }
};

const recordChild = async (files: JobFiles, pid: number): Promise<void> => {
  try {
    const identity = await identify(pid);
    if (identity !== undefined) await createOnce(files.child, json(identity));
  } catch (error) {
    log(`cannot write child.json: ${String(error)}`); // its token finds it all the same
  }
};

/** Whoever is told of a bad end may start the run again at once: nothing of this one may be at work then. */
const endRest = async (): Promise<void> => {
  try {
    await endLeftovers(process.env[TOKEN_VARIABLE] ?? '');
  } catch (error) {
    log(`cannot end what the command left: ${String(error)}`);
  }
};

/** With the GPUs that the job has now; undefined when it was told to end while it waited for them. */
const withGpus = async (
  { folder }: JobFiles,
  input: WrapperInput,
  asked: AbortSignal,
): Promise<WrapperInput | undefined> => {
  if (input.gpus === undefined) return input;
  const gpus = await waitForGpus({ request: input.gpus, folder }, asked);
  if (gpus === undefined) return undefined;
  log(`it has the GPUs ${gpus.join(', ')}`);
  return { ...input, env: { ...input.env, [input.gpus.variable]: gpus.join(',') } };
};

const runCommand = async (
  files: JobFiles,
  input: WrapperInput,
  asked: AbortSignal,
  onStep: (step: WrapperStep) => void,
): Promise<ExitRecord> => {
  if (await isThere(files.stopped)) return { kind: 'stopped-before-start', at: Date.now() };
  try {
    const ready = await withGpus(files, input, asked);
    if (ready === undefined) return { kind: 'stopped-before-start', at: Date.now() };
    const child = await spawnCommand(files, ready);
    const ended = superviseCommand(child, ready, asked);
    onStep('spawned');
    await recordChild(files, child.pid ?? 0);
    onStep('child-recorded');
    const exit = await ended;
    if (exit.kind === 'exited' && exit.code !== 0) await endRest();
    return exit;
  } catch (error) {
    return { kind: 'not-spawned', message: `${input.command[0] ?? ''}: ${(error as Error).message}`, at: Date.now() };
  }
};

/** Runs the job of this folder, unless some wrapper has it or had it; aborting `asked` ends it. */
export const runJob = async (
  folder: string,
  input: WrapperInput,
  asked: AbortSignal,
  onStep: (step: WrapperStep) => void = () => undefined,
): Promise<void> => {
  const files = jobFiles(folder);
  onStep('up');
  if (!(await takeLock(files))) return;
  onStep('locked');
  const exit = await runCommand(files, input, asked, onStep);
  onStep('ended');
  await recordExit(files, exit);
  onStep('exit-recorded');
};
