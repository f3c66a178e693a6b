import { LauncherError } from '../domain/errors.js';
import { createOnce, isThere, makeFolder } from '../host/atomic-files.js';
import { signalProcess } from '../host/detached-process.js';
import type { ProcessIdentity } from '../host/process-identity.js';
import { examineJob, jobProcesses } from './examine-job.js';
import { JOB_FOLDER_MODE, type JobFiles } from './job-folder.js';
import { askToEnd, findByFolder, waitUntilGone, type FindProcesses } from './job-processes.js';
import { LockRecord, readJobRecord } from './job-records.js';

const WRAPPER_MARGIN_MS = 1_000; // the wrapper kills the command itself after the grace; it gets this long to write so
const LAST_WAIT_MS = 15_000; // a killed process goes within milliseconds, unless the kernel holds it

/** The wrapper, which passes on to the command's group what it is told; with the wrapper dead or unknown, every process itself. */
const toAsk = (lock: LockRecord | undefined, processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] => {
  const wrapper = processes.filter(({ pid }) => pid === lock?.pid);
  return wrapper.length > 0 ? wrapper : processes;
};

const killAll = async (find: FindProcesses, lock: LockRecord | undefined): Promise<void> => {
  const others = (await find()).filter(({ pid }) => pid !== lock?.pid);
  for (const identity of others)
    await signalProcess(identity, 'SIGKILL', isGroupLeader(identity.pid) ? 'group' : 'process');
  // The wrapper last: it writes down how the command ended.
  if (await waitUntilGone(find, WRAPPER_MARGIN_MS)) return;
  for (const identity of await find()) await signalProcess(identity, 'SIGKILL');
};

const isGroupLeader = (pid: number): boolean => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

const endAll = async (
  { folder }: JobFiles,
  find: FindProcesses,
  lock: LockRecord | undefined,
  graceMs: number,
): Promise<void> => {
  await askToEnd(toAsk(lock, await find()));
  if (await waitUntilGone(find, graceMs + WRAPPER_MARGIN_MS)) return;
  await killAll(find, lock);
  if (await waitUntilGone(find, LAST_WAIT_MS)) return;
  throw new LauncherError(`processes of the job do not end, not even killed (${folder})`, {
    hint: 'the kernel holds them, most often for a device or a network file system: look with ps, stop again later',
    values: { pids: (await find()).map(({ pid }) => pid) },
  });
};

/**
 * Stops the job, or prevents its start for ever, and waits until its processes are gone.
 * @throws LauncherError when they cannot be seen from here, or do not go
 */
export const stopJob = async (files: JobFiles, graceMs: number, now: () => number): Promise<void> => {
  const before = await examineJob(files);
  if (before.state === 'ended') return;
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  if (!(await isThere(files.stopped))) await createOnce(files.stopped, `${JSON.stringify({ at: now() })}\n`);
  const lock = await readJobRecord(files.lock, LockRecord); // after the mark: see run-job.ts, 2
  if (lock === undefined) {
    // Never launched, or its folder was removed while it ran: its processes know where that was.
    if (before.state === 'absent') await endAll(files, () => findByFolder(files.folder), lock, graceMs);
    return;
  }
  const standing = await examineJob(files);
  if (standing.state === 'unknown') {
    throw new LauncherError(`cannot stop the job of ${files.folder}: ${standing.reason}`, {
      hint: 'stop it from a worker on that machine, with the same home',
      values: { folder: files.folder },
    });
  }
  await endAll(files, () => jobProcesses(files), lock, graceMs);
};
