/** The detached worker process of a home: found again by later commands, and started when it is not there. */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { StateError } from '../domain/errors.js';
import { lastLines, sizeOf } from '../host/atomic-files.js';
import { signalProcess, startDetached, waitUntilGone } from '../host/detached-process.js';
import { onDisk } from '../host/disk-errors.js';
import { withLock } from '../host/file-lock.js';
import { liveness } from '../host/process-identity.js';
import { SIGNING_KEY_VARIABLE } from '../ledger/signing-key.js';
import { copiedFrom, notItsOwn } from './copied-home.js';
import type { Home } from './home.js';
import { CONFIG_FILE_VARIABLE } from './own-server.js';
import { codeStamp, packageFile } from './package-version.js';
import { readKeyRing } from './payload-keys.js';
import { readJsonFile } from './server-record.js';
import { namedCli } from './temporal-cli.js';
import { workerFiles, WorkerRecord, type WorkerFiles, type WorkerTarget } from './worker-files.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface EnsureWorkerOptions {
  readonly env?: Environment;
  readonly log?: (line: string) => void;
  /** The worker ends by itself after this long without an open sweep (ms; default ten minutes). */
  readonly idleExitMs?: number;
  /** Leave a worker that runs as it is, whatever code it runs. */
  readonly onlyIfNone?: boolean;
}

export interface WorkerProcess {
  readonly pid: number;
  /** Was it started by this call? */
  readonly started: boolean;
  readonly log: string;
}

/** What is known of a home's worker process. */
export type WorkerStatus =
  | { readonly state: 'none'; readonly log: string }
  | { readonly state: 'starting' | 'polling'; readonly record: WorkerRecord; readonly log: string };

const IDLE_EXIT_MS = 10 * 60_000;
const READY_MS = 60_000; // about two seconds on an idle machine; without a built bundle it bundles first
const STOP_MS = 30_000;
const POLL_MS = 50;

/**
 * Reads the record of a worker that runs.
 * @throws StateError when nobody can tell from here whether it does, or it works for the home that this one is a copy of.
 */
const livingRecord = async (home: Home, files: WorkerFiles): Promise<WorkerRecord | undefined> => {
  const record = await readJsonFile(files.record, WorkerRecord);
  if (record === undefined) return undefined;
  const life = await liveness(record);
  if (life === 'dead') return undefined;
  if (life === 'alive') {
    const original = await copiedFrom(home, record.home);
    if (original === undefined) return record;
    throw notItsOwn('worker', home, original, 'titrate worker --stop');
  }
  throw new StateError(`nobody can tell from here whether the worker of this home runs: ${life.unknown}`, {
    hint: `stop it there; or, if it is gone for good, delete ${files.record} and ${files.lock}`,
  });
};

/** Says whether the home's worker process for this target runs. @throws StateError when that cannot be told. */
export const workerStatus = async (home: Home, target: WorkerTarget): Promise<WorkerStatus> => {
  const files = workerFiles(home, target);
  const record = await livingRecord(home, files);
  return record === undefined ? { state: 'none', log: files.log } : { state: record.state, record, log: files.log };
};

/** Names the home's last worker process as the server knows it, `pid@host`, when that is known to have ended. */
export const endedWorker = async (home: Home, target: WorkerTarget): Promise<string | undefined> => {
  const record = await readJsonFile(workerFiles(home, target).record, WorkerRecord);
  return record !== undefined && (await liveness(record)) === 'dead' ? `${record.pid}@${record.host}` : undefined;
};

/** The compiled entry, also when this module runs from source. */
const workerEntry = (): string => {
  const beside = fileURLToPath(new URL('./worker-main.js', import.meta.url));
  const entry = existsSync(beside) ? beside : packageFile('dist/temporal/worker-main.js');
  if (existsSync(entry)) return entry;
  throw new StateError(`expected the compiled worker; found none (${entry})`, { hint: 'npm run build' });
};

/** Name files. */
const PATH_VARIABLES = [
  CONFIG_FILE_VARIABLE,
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  SIGNING_KEY_VARIABLE,
] as const;

/** The environment for a process in another folder, where a path that is relative to this one would lead elsewhere. */
const placedEnvironment = (env: Environment): Environment => {
  const named = PATH_VARIABLES.flatMap((name) => (env[name] ? [[name, resolve(env[name])] as const] : []));
  const kubeconfigs = env['KUBECONFIG']?.split(delimiter).map((path) => path && resolve(path));
  return {
    ...env,
    ...Object.fromEntries(named),
    ...(kubeconfigs && { KUBECONFIG: kubeconfigs.join(delimiter) }),
    TITRATE_TEMPORAL_CLI: namedCli(env),
  };
};

const spawnWorker = (
  home: Home,
  files: WorkerFiles,
  { env = process.env, idleExitMs = IDLE_EXIT_MS }: EnsureWorkerOptions,
): Promise<ChildProcess> =>
  onDisk('start the worker', files.log, () =>
    startDetached({
      program: process.execPath,
      args: [workerEntry(), '--home', home.root, '--idle-exit', String(idleExitMs)],
      cwd: home.root,
      env: placedEnvironment(env),
      stdout: files.log,
      stderr: files.log,
      logMode: 0o600,
    }),
  );

/**
 * Waits until some worker process of this target polls.
 * @throws StateError when none does, with the end of what its log says from byte `from` on: before that, it tells of others.
 */
const awaitPolling = async (
  home: Home,
  files: WorkerFiles,
  hasEnded: () => boolean,
  from = 0,
): Promise<WorkerRecord> => {
  const end = performance.now() + READY_MS;
  for (;;) {
    const record = await livingRecord(home, files);
    if (record?.state === 'polling') return record;
    if ((record === undefined && hasEnded()) || performance.now() > end) {
      throw new StateError(`the worker did not come up:\n${await lastLines(files.log, 8, from)}`, {
        hint: `the whole log: ${files.log}`,
      });
    }
    await sleep(POLL_MS);
  }
};

const end = async (record: WorkerRecord): Promise<void> => {
  await signalProcess(record, 'SIGTERM');
  if (await waitUntilGone(record, STOP_MS)) return;
  throw new StateError(`the worker (process ${record.pid}) is still there ${STOP_MS / 1000} s after SIGTERM`, {
    hint: `kill -9 ${record.pid} loses nothing: jobs are detached from it`,
  });
};

/** Makes sure that a worker of this code could go on with what is open, before another one is ended for it. */
const checkSuccessor = async (home: Home, { env = process.env }: EnsureWorkerOptions): Promise<void> => {
  const args = [workerEntry(), '--home', home.root, '--check'];
  const { failed, stderr } = await execa(process.execPath, args, { env, extendEnv: false, reject: false });
  if (!failed) return;
  throw new StateError(
    `the worker that runs stays; one of this code and environment cannot take its place:\n${stderr.trim()}`,
    {
      hint: 'use the version of titrate that the worker runs until its sweeps have ended; titrate worker --stop ends it',
    },
  );
};

/** Says why a worker that runs cannot do what one that is started now could; undefined when it can. */
const outdated = (
  { code, keys = [] }: WorkerRecord,
  { env = process.env }: EnsureWorkerOptions,
): string | undefined => {
  if (code !== codeStamp()) return 'runs other code of titrate';
  const lacks = readKeyRing(env)?.keys.find(({ id }) => !keys.includes(id));
  return lacks && `lacks the encryption key ${lacks.id}`;
};

const startWorker = async (home: Home, files: WorkerFiles, options: EnsureWorkerOptions): Promise<WorkerProcess> => {
  const running = await livingRecord(home, files);
  const why = running && options.onlyIfNone !== true ? outdated(running, options) : undefined;
  if (running !== undefined && why === undefined) {
    const { pid } = running.state === 'polling' ? running : await awaitPolling(home, files, () => false);
    return { pid, started: false, log: files.log };
  }
  if (running !== undefined) {
    await checkSuccessor(home, options);
    options.log?.(`the worker (process ${running.pid}) ${why}; starting it anew`);
    await end(running);
  }
  const from = await sizeOf(files.log);
  const child = await spawnWorker(home, files, options);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.unref();
  const { pid } = await awaitPolling(home, files, () => ended, from);
  options.log?.(`worker: process ${pid}, log ${files.log}`);
  return { pid, started: true, log: files.log };
};

/**
 * Makes sure that a worker process of this home works for the target: finds it, or starts it detached, so that it
 * survives the terminal. Two at once give one; one that runs other code of titrate, or lacks an encryption key that this
 * process has, is replaced (jobs go on meanwhile) unless only a missing one is to be started.
 * @throws StateError with the end of its log when it does not come up.
 */
export const ensureWorker = (
  home: Home,
  target: WorkerTarget,
  options: EnsureWorkerOptions = {},
): Promise<WorkerProcess> => {
  const files = workerFiles(home, target);
  return withLock(`${files.lock}.start`, () => startWorker(home, files, options), { timeoutMs: READY_MS + STOP_MS });
};

/**
 * Ends the home's worker process gracefully; false when there is none. Sweeps wait for the next one.
 * @throws StateError when it stays, or cannot be judged from here.
 */
export const stopWorker = async (home: Home, target: WorkerTarget): Promise<boolean> => {
  const record = await livingRecord(home, workerFiles(home, target));
  if (record === undefined) return false;
  await end(record);
  return true;
};
