import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from '../domain/errors.js';
import { createOnce, isThere, makeFolder } from '../host/atomic-files.js';
import { signalProcess } from '../host/detached-process.js';
import type { ProcessIdentity } from '../host/process-identity.js';
import { examineJob, jobProcesses } from './examine-job.js';
import { JOB_FOLDER_MODE, type JobFiles } from './job-folder.js';
import { LockRecord, readJobRecord } from './job-records.js';

const LOOK_MS = 50;
const WRAPPER_MARGIN_MS = 1_000; // the wrapper kills the command itself after the grace; it gets this long to write so
const LAST_WAIT_MS = 15_000; // a killed process goes within milliseconds, unless the kernel holds it

/** Waits until no process of the job is left; false when some still are after `timeoutMs`. */
const waitUntilGone = async (files: JobFiles, timeoutMs: number): Promise<boolean> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if ((await jobProcesses(files)).length === 0) return true;
    if (performance.now() > end) return false;
    await sleep(LOOK_MS);
  }
};

/** Asks the wrapper, which passes it on to the command's group; with the wrapper dead, asks every process itself. */
const askToEnd = async (lock: ProcessIdentity, processes: readonly ProcessIdentity[]): Promise<void> => {
  const wrapper = processes.filter(({ pid }) => pid === lock.pid);
  for (const identity of wrapper.length > 0 ? wrapper : processes) {
    await signalProcess(identity, 'SIGTERM');
    await signalProcess(identity, 'SIGCONT'); // a frozen process takes its signal only when it goes on
  }
};

const killAll = async (files: JobFiles, lock: ProcessIdentity): Promise<void> => {
  const others = (await jobProcesses(files)).filter(({ pid }) => pid !== lock.pid);
  for (const identity of others)
    await signalProcess(identity, 'SIGKILL', isGroupLeader(identity.pid) ? 'group' : 'process');
  // The wrapper last: it writes down how the command ended.
  if (await waitUntilGone(files, WRAPPER_MARGIN_MS)) return;
  for (const identity of await jobProcesses(files)) await signalProcess(identity, 'SIGKILL');
};

const isGroupLeader = (pid: number): boolean => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * Stops the job, or prevents its start for ever, and waits until its processes are gone.
 * @throws LauncherError when they cannot be seen from here, or do not go
 */
export const stopJob = async (files: JobFiles, graceMs: number, now: () => number): Promise<void> => {
  if ((await examineJob(files)).state === 'ended') return;
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  if (!(await isThere(files.stopped))) await createOnce(files.stopped, `${JSON.stringify({ at: now() })}\n`);
  const lock = await readJobRecord(files.lock, LockRecord); // after the mark: see run-job.ts, 2
  if (lock === undefined) return;
  const standing = await examineJob(files);
  if (standing.state === 'unknown') {
    throw new LauncherError(`cannot stop the job of ${files.folder}: ${standing.reason}`, {
      hint: 'stop it from a worker on that machine, with the same home',
      values: { folder: files.folder },
    });
  }
  await askToEnd(lock, await jobProcesses(files));
  if (await waitUntilGone(files, graceMs + WRAPPER_MARGIN_MS)) return;
  await killAll(files, lock);
  if (await waitUntilGone(files, LAST_WAIT_MS)) return;
  throw new LauncherError(`processes of the job do not end, not even killed (${files.folder})`, {
    hint: 'the kernel holds them, most often for a device or a network file system: look with ps, stop again later',
    values: { pids: (await jobProcesses(files)).map(({ pid }) => pid) },
  });
};
