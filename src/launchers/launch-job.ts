/**
 * The launch protocol. Each step may be the last one of this process; the next launch of the key goes on from the files.
 *
 * 1. The intent (`job.json`) is created once. Another spec under the same key is refused.
 * 2. A job with a lock is or was with a wrapper: it is found, never started.
 * 3. Otherwise a wrapper is started. Several may come up (racing launches, a launch that died here): the lock lets one
 *    of them start the command, the others leave.
 * 4. The reference is written once the lock is there, from the lock: every launch gives back the same one.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from '../domain/errors.js';
import type { SecretRef } from '../domain/notices.js';
import type { JobRef, JobSpec } from '../domain/ports.js';
import { createOnce, isThere, makeFolder, readTail } from '../host/atomic-files.js';
import { startDetached } from '../host/detached-process.js';
import { readJobSecrets } from '../host/read-secret.js';
import { entryFile } from './entry-file.js';
import { JOB_FOLDER_MODE, type JobFiles } from './job-folder.js';
import { writeIntent } from './job-intent.js';
import { LockRecord, readJobRecord } from './job-records.js';
import { printable } from './printable.js';
import {
  FOLDER_VARIABLE,
  INPUT_VARIABLE,
  TOKEN_VARIABLE,
  type GpuRequest,
  type WrapperInput,
} from './wrapper-input.js';

/** Points at which a test may kill the launching process. */
export type LaunchStep = 'folder-made' | 'intent-written' | 'wrapper-started' | 'lock-seen' | 'reference-written';

interface LaunchSettings {
  readonly input: WrapperInput;
  /** What the job waits for, asked when it is started and not when it is found. @throws LauncherError when this process may not give it */
  readonly gpus?: (() => GpuRequest) | undefined;
  /** Variables whose values are read when a job is started, and written nowhere. */
  readonly secrets?: Readonly<Record<string, SecretRef>> | undefined;
  /** Program and arguments that run the wrapper; the job's folder is added. */
  readonly wrapper: readonly string[];
  readonly onStep: (step: LaunchStep) => void;
}

const LOCK_WAIT_MS = 60_000; // a wrapper is up within a second; on a machine that swaps, within a minute
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 200;
const LOG_TAIL_BYTES = 2_000;

/** Names the command that runs the wrapper: compiled, or, when we run from sources, through tsx. */
export const wrapperCommand = (): readonly string[] => {
  const entry = entryFile(new URL('./job-wrapper.js', import.meta.url));
  if (entry.endsWith('.js')) return [process.execPath, entry];
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return [process.execPath, '--import', tsx, entry];
};

interface StartedWrapper {
  /** How it ended, once it has. */
  exit: string | undefined;
}

/** What every local job finds in its environment, whatever the sweep file says. */
export const ownVariables = ({ folder }: Pick<JobFiles, 'folder'>, key: string): Record<string, string> => ({
  [FOLDER_VARIABLE]: folder,
  TITRATE_JOB_KEY: key,
});

/** Starts a wrapper that nothing ties to this process. @throws the system's own error when it cannot be started */
const startWrapper = async (files: JobFiles, key: string, settings: LaunchSettings): Promise<StartedWrapper> => {
  const [program = '', ...args] = settings.wrapper;
  const wrapper = await startDetached({
    program,
    args: [...args, files.folder],
    cwd: files.folder,
    env: {
      ...process.env,
      ...ownVariables(files, key),
      [TOKEN_VARIABLE]: randomUUID(),
      [INPUT_VARIABLE]: JSON.stringify(settings.input),
    },
    stdout: files.wrapperLog,
    stderr: files.wrapperLog,
  });
  const started: StartedWrapper = { exit: undefined };
  wrapper.once('exit', (code, signal) => {
    started.exit = `it left (${signal ?? `exit status ${code}`})`;
  });
  wrapper.unref();
  return started;
};

const logTail = async (files: JobFiles): Promise<string> =>
  printable((await readTail(files.wrapperLog, LOG_TAIL_BYTES)) ?? '', LOG_TAIL_BYTES);

/** Waits for the lock of this wrapper or of another; undefined when a stop ended the wrapper before it took one. */
const waitForLock = async (files: JobFiles, wrapper: StartedWrapper): Promise<LockRecord | undefined> => {
  const end = performance.now() + LOCK_WAIT_MS;
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(2 * wait, LONGEST_LOOK_MS)) {
    const { exit } = wrapper; // before the look: a wrapper that left may have seen a lock that came just now
    const lock = await readJobRecord(files.lock, LockRecord);
    if (lock !== undefined) return lock;
    if (exit !== undefined && (await isThere(files.stopped))) return undefined;
    if (exit !== undefined || performance.now() > end) {
      throw new LauncherError(
        `the job's wrapper did not take its lock: ${exit ?? 'no sign of it yet'} (${files.folder})`,
        {
          hint: `launch it again: it starts at most once. The wrapper says: ${(await logTail(files)) || 'nothing'}`,
          values: { folder: files.folder },
        },
      );
    }
    await sleep(wait);
  }
};

const attachOrStart = async (
  files: JobFiles,
  key: string,
  settings: LaunchSettings,
): Promise<LockRecord | undefined> => {
  const lock = await readJobRecord(files.lock, LockRecord);
  if (lock !== undefined) return lock;
  if (await isThere(files.stopped)) return undefined;
  const { input, secrets } = settings;
  const env = { ...input.env, ...(await readJobSecrets(secrets)) };
  const wrapper = await startWrapper(files, key, { ...settings, input: { ...input, env, gpus: settings.gpus?.() } });
  settings.onStep('wrapper-started');
  return waitForLock(files, wrapper);
};

/** Starts the job of this key in its folder, or finds it. @throws LauncherError when the key is another job's */
export const launchJob = async (files: JobFiles, spec: JobSpec, settings: LaunchSettings): Promise<JobRef> => {
  await makeFolder(files.folder, JOB_FOLDER_MODE);
  settings.onStep('folder-made');
  await writeIntent(files, spec);
  settings.onStep('intent-written');
  const lock = await attachOrStart(files, spec.key, settings);
  const native = lock === undefined ? 'stopped before its start' : `pid ${lock.pid} on ${lock.host}`;
  if (lock !== undefined) settings.onStep('lock-seen');
  const reference: JobRef = { key: spec.key, launcher: 'local', folder: files.folder, native };
  if (!(await isThere(files.reference))) await createOnce(files.reference, `${JSON.stringify(reference)}\n`);
  settings.onStep('reference-written');
  return reference;
};
