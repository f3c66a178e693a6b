import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { StateError } from '../domain/errors.js';
import type { Home } from './home.js';
import { identify, isAlive } from './process-identity.js';
import { answers } from './server-probe.js';
import { writeJsonFile, type ServerRecord } from './server-record.js';
import { serverArguments, type ServerPorts } from './server-settings.js';
import { storageError } from './storage-errors.js';
import type { TemporalCli } from './temporal-cli.js';

export type LaunchOutcome =
  | { readonly started: true; readonly record: ServerRecord }
  | { readonly started: false; readonly reason: 'port-taken' | 'failed'; readonly error: StateError };

const READY_MS = 60_000; // it answers after half a second; a busy machine may take far longer
const POLL_MS = 50;
const LOG_TAIL_BYTES = 8192;
const SPACE_NEEDED_BYTES = 64 * 1024 * 1024; // a new database with its write-ahead log takes some 10 MB

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Reads the end of a log file; empty when there is none. */
export const readTail = async (path: string, bytes = LOG_TAIL_BYTES): Promise<string> => {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
};

/** Refuses to start on a disk that is nearly full: SQLite would only say so later. @throws StateError. */
const checkSpace = async (folder: string): Promise<void> => {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= SPACE_NEEDED_BYTES) return;
  const left = Math.floor((bavail * bsize) / 1024 / 1024);
  throw new StateError(`cannot start a server in ${folder}: the disk is full (${left} MB left, 64 MB needed)`, {
    hint: 'free some space, or choose another folder with --home or TITRATE_HOME',
  });
};

const spawnDetached = (home: Home, cli: TemporalCli, ports: ServerPorts): ChildProcess => {
  let log: number;
  try {
    log = openSync(home.server.log, 'a', 0o600);
  } catch (error) {
    throw storageError(error, home.server.log);
  }
  try {
    const child = spawn(cli.path, serverArguments(home.server.database, ports), {
      cwd: home.server.folder,
      detached: true, // a session of its own: closing the terminal does not end it
      stdio: ['ignore', log, log],
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

const recordOf = (pid: number, cli: TemporalCli, { port, uiPort }: ServerPorts): ServerRecord | undefined => {
  const identity = identify(pid);
  if (identity === undefined) return undefined;
  return {
    wanted: 'running',
    ...identity,
    address: `127.0.0.1:${port}`,
    uiAddress: `http://127.0.0.1:${uiPort}`,
    port,
    uiPort,
    cli,
    startedAt: new Date().toISOString(),
    prepared: false,
  };
};

const failure = async (home: Home, what: string): Promise<LaunchOutcome> => {
  const tail = await readTail(home.server.log);
  const lastLines = tail.trim().split('\n').slice(-5).join('\n');
  if (/address already in use|can't set frontend port|can't set UI port|bind:/i.test(lastLines)) {
    const error = new StateError(`${what}: its port was taken by another process`, { hint: `see ${home.server.log}` });
    return { started: false, reason: 'port-taken', error };
  }
  if (/disk is full|no space left|disk I\/O error/i.test(lastLines)) {
    const error = new StateError(`${what}: the disk is full`, {
      hint: 'free some space and try again; nothing is lost',
    });
    return { started: false, reason: 'failed', error };
  }
  const error = new StateError(`${what}:\n${lastLines}`, { hint: `the whole log: ${home.server.log}` });
  return { started: false, reason: 'failed', error };
};

/** Starts one server process and waits until it answers. @throws StateError when files cannot be written. */
export const launchServer = async (home: Home, cli: TemporalCli, ports: ServerPorts): Promise<LaunchOutcome> => {
  await checkSpace(home.server.folder);
  const child = spawnDetached(home, cli, ports);
  const spawnError = await new Promise<Error | undefined>((done) => {
    child.once('spawn', () => done(undefined));
    child.once('error', done);
  });
  if (spawnError !== undefined || child.pid === undefined) {
    const error = new StateError(`cannot run ${cli.path}`, { cause: spawnError });
    return { started: false, reason: 'failed', error };
  }
  const record = recordOf(child.pid, cli, ports);
  if (record === undefined) return failure(home, 'the Temporal server ended at once');
  // Written before it answers, so that a command that dies here leaves a server that the next one finds.
  await writeJsonFile(home.server.record, record);
  const end = Date.now() + READY_MS;
  while (!(await answers(record.address, 1000))) {
    if (!isAlive(record)) return failure(home, 'the Temporal server ended while starting');
    if (Date.now() > end) {
      process.kill(record.pid, 'SIGKILL');
      return failure(home, `the Temporal server did not answer within ${READY_MS / 1000} s`);
    }
    await pause(POLL_MS);
  }
  // Something else may have taken the port and answered in our server's place.
  return isAlive(record) ? { started: true, record } : failure(home, 'the Temporal server ended while starting');
};
