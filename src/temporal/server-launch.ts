import type { ChildProcess } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError } from '../domain/errors.js';
import { lastLines, sizeOf } from '../host/atomic-files.js';
import { startDetached } from '../host/detached-process.js';
import { diskError } from '../host/disk-errors.js';
import { identify, liveness } from '../host/process-identity.js';
import type { Home } from './home.js';
import { answers } from './server-probe.js';
import { writeJsonFile, type ServerRecord } from './server-record.js';
import { serverArguments, type ServerPorts } from './server-settings.js';
import type { TemporalCli } from './temporal-cli.js';

export type LaunchOutcome =
  | { readonly started: true; readonly record: ServerRecord }
  | { readonly started: false; readonly reason: 'port-taken' | 'failed'; readonly error: StateError };

const READY_MS = 60_000; // it answers after half a second; a busy machine may take far longer
const POLL_MS = 50;
const SPACE_NEEDED_BYTES = 64 * 1024 * 1024; // a new database with its write-ahead log takes some 10 MB

/** Refuses to start on a disk that is nearly full: SQLite would only say so later. @throws StateError. */
const checkSpace = async (folder: string): Promise<void> => {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= SPACE_NEEDED_BYTES) return;
  const left = Math.floor((bavail * bsize) / 1024 / 1024);
  throw new StateError(`cannot start a server in ${folder}: the disk is full (${left} MB left, 64 MB needed)`, {
    hint: 'free some space, or choose another folder with --home or TITRATE_HOME',
  });
};

const startProcess = async (home: Home, cli: TemporalCli, ports: ServerPorts): Promise<ChildProcess> => {
  try {
    return await startDetached({
      program: cli.path,
      args: serverArguments(home.server.database, ports),
      cwd: home.server.folder,
      env: process.env,
      stdout: home.server.log,
      stderr: home.server.log,
      logMode: 0o600,
    });
  } catch (error) {
    throw diskError(error, `run ${cli.path}`, home.server.folder);
  }
};

/** Writes down what was started, before it answers: a command that dies here leaves a server that the next one finds. */
const recordProcess = async (
  home: Home,
  child: ChildProcess,
  cli: TemporalCli,
  { port, uiPort }: ServerPorts,
): Promise<ServerRecord | undefined> => {
  const identity = await identify(child.pid ?? 0);
  if (identity === undefined) return undefined;
  const record: ServerRecord = {
    wanted: 'running',
    ...identity,
    address: `127.0.0.1:${port}`,
    uiAddress: `http://127.0.0.1:${uiPort}`,
    port,
    uiPort,
    cli,
    startedAt: new Date().toISOString(),
    prepared: false,
    home: home.root,
  };
  await writeJsonFile(home.server.record, record);
  return record;
};

/** Goes by what the log says from byte `from` on: before that, it tells of earlier starts. */
const failure = async (home: Home, what: string, from: number): Promise<LaunchOutcome> => {
  const said = await lastLines(home.server.log, 5, from);
  if (/address already in use|can't set frontend port|can't set UI port|bind:/i.test(said)) {
    const error = new StateError(`${what}: its port was taken by another process`, { hint: `see ${home.server.log}` });
    return { started: false, reason: 'port-taken', error };
  }
  if (/disk is full|no space left|disk I\/O error/i.test(said)) {
    const error = new StateError(`${what}: the disk is full`, {
      hint: 'free some space and try again; nothing is lost',
    });
    return { started: false, reason: 'failed', error };
  }
  const error = new StateError(`${what}:\n${said}`, { hint: `the whole log: ${home.server.log}` });
  return { started: false, reason: 'failed', error };
};

const awaitAnswer = async (
  home: Home,
  child: ChildProcess,
  record: ServerRecord,
  from: number,
): Promise<LaunchOutcome> => {
  const end = performance.now() + READY_MS;
  while (!(await answers(record.address, 1000))) {
    if ((await liveness(record)) === 'dead') return failure(home, 'the Temporal server ended while starting', from);
    if (performance.now() > end) {
      child.kill('SIGKILL');
      return failure(home, `the Temporal server did not answer within ${READY_MS / 1000} s`, from);
    }
    await sleep(POLL_MS);
  }
  // Something else may have taken the port and answered in our server's place.
  const isGone = (await liveness(record)) === 'dead';
  return isGone ? failure(home, 'the Temporal server ended while starting', from) : { started: true, record };
};

/** Starts one server process and waits until it answers. @throws StateError when files cannot be written. */
export const launchServer = async (home: Home, cli: TemporalCli, ports: ServerPorts): Promise<LaunchOutcome> => {
  await checkSpace(home.server.folder);
  const from = await sizeOf(home.server.log);
  const child = await startProcess(home, cli, ports);
  let record: ServerRecord | undefined;
  try {
    record = await recordProcess(home, child, cli, ports);
  } catch (error) {
    child.kill('SIGKILL'); // nobody would ever find it again
    throw error;
  }
  child.unref();
  return record === undefined
    ? failure(home, 'the Temporal server ended at once', from)
    : awaitAnswer(home, child, record, from);
};
