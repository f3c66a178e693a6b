/**
 * The development server of one home: detached, on loopback, with its database under the home. It survives the command
 * that started it and is found again through `server.json`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError } from '../domain/errors.js';
import { signalProcess, waitUntilGone } from '../host/detached-process.js';
import { withLock } from '../host/file-lock.js';
import { liveness } from '../host/process-identity.js';
import { copiedFrom, notItsOwn, worksFor } from './copied-home.js';
import { freePorts, isPortFree } from './free-port.js';
import { openHome, type Home } from './home.js';
import { databaseVersion, noteWhole, setAsideUnfinished } from './server-database.js';
import { launchServer } from './server-launch.js';
import { answers, prepareServer } from './server-probe.js';
import { readJsonFile, ServerRecord, writeJsonFile } from './server-record.js';
import type { ServerPorts } from './server-settings.js';
import { findTemporalCli, type CliSearch, type TemporalCli } from './temporal-cli.js';

export interface StartOptions extends Omit<CliSearch, 'serverVersion'> {
  /** A port that must be this one; another is chosen when it is absent. */
  readonly port?: number | undefined;
  readonly uiPort?: number | undefined;
  /** Do not start a server that a person has stopped. */
  readonly onlyIfWanted?: boolean;
}

/** What is known of a home's server. */
export type ServerStatus =
  | { readonly state: 'none' }
  | { readonly state: 'running' | 'unresponsive' | 'stopped' | 'crashed'; readonly record: ServerRecord }
  /** It cannot be judged from here; or it works for the home that this one is a copy of (`copyOf`). */
  | {
      readonly state: 'elsewhere';
      readonly record: ServerRecord;
      readonly reason: string;
      readonly copyOf?: string;
    };

const START_LOCK_MS = 45 * 60_000; // the first start may build the CLI
const WAKE_MS = 15_000;
const WAKE_POLL_MS = 100;
const STOP_MS = 20_000;
const PORT_ATTEMPTS = 5;

/** Says whether the home's server runs and answers. */
export const serverStatus = async (home: Home): Promise<ServerStatus> => {
  const record = await readJsonFile(home.server.record, ServerRecord);
  if (record === undefined) return { state: 'none' };
  const life = await liveness(record);
  if (life !== 'alive' && record.wanted === 'stopped') return { state: 'stopped', record };
  if (typeof life === 'object') return { state: 'elsewhere', record, reason: life.unknown };
  if (life === 'dead') return { state: 'crashed', record };
  const copyOf = await copiedFrom(home, record.home);
  if (copyOf !== undefined) return { state: 'elsewhere', record, copyOf, reason: worksFor(copyOf) };
  return { state: (await answers(record.address)) ? 'running' : 'unresponsive', record };
};

const running = async (home: Home): Promise<ServerRecord | undefined> => {
  const status = await serverStatus(home);
  return status.state === 'running' && status.record.prepared ? status.record : undefined;
};

/** Waits for a living server that does not answer yet. @throws StateError when it never does. */
const awaitAnswer = async (home: Home, record: ServerRecord): Promise<void> => {
  const end = performance.now() + WAKE_MS;
  while (!(await answers(record.address))) {
    if ((await liveness(record)) === 'dead') return;
    if (performance.now() > end) {
      throw new StateError(
        `the Temporal server (process ${record.pid}) runs but does not answer at ${record.address}`,
        {
          hint: `read ${home.server.log}; then titrate server stop, and start again`,
        },
      );
    }
    await sleep(WAKE_POLL_MS);
  }
};

const checkPorts = (options: StartOptions, record: ServerRecord): void => {
  for (const [flag, wanted, actual] of [
    ['port', options.port, record.port],
    ['ui-port', options.uiPort, record.uiPort],
  ] as const) {
    if (wanted === undefined || wanted === actual) continue;
    throw new StateError(`expected the server on ${flag} ${wanted}; it runs already on ${actual}`, {
      hint: 'titrate server stop first',
    });
  }
};

const choosePort = async (demanded: number | undefined, last: number | undefined, spare: number): Promise<number> => {
  if (demanded !== undefined) {
    if (await isPortFree(demanded)) return demanded;
    throw new StateError(`port ${demanded} on 127.0.0.1 is taken by another process`, {
      hint: 'choose another port, or leave it out and titrate finds a free one',
    });
  }
  return last !== undefined && (await isPortFree(last)) ? last : spare;
};

const choosePorts = async (options: StartOptions, last: ServerRecord | undefined): Promise<ServerPorts> => {
  const [spare = 0, spareUi = 0] = await freePorts(2);
  const port = await choosePort(options.port, last?.port, spare);
  return { port, uiPort: await choosePort(options.uiPort, last?.uiPort, spareUi) };
};

/** Finds a CLI that the database can be opened with. @throws StateError on a version mismatch. */
const chooseCli = async (home: Home, options: StartOptions): Promise<TemporalCli> => {
  const version = await databaseVersion(home);
  try {
    return await findTemporalCli({ ...options, serverVersion: version?.serverVersion });
  } catch (error) {
    if (version === undefined || !(error instanceof StateError)) throw error;
    const what = `${home.server.database} was written by Temporal server ${version.serverVersion}; its schema is not migrated`;
    const hint = `set TITRATE_TEMPORAL_CLI to a CLI with that server; or move ${home.server.folder} aside: records of sweeps stay, running sweeps do not`;
    throw new StateError(`${what}\n${error.message}`, { hint, cause: error });
  }
};

const prepare = async (home: Home, record: ServerRecord): Promise<ServerRecord> => {
  if (record.prepared) return record;
  await noteWhole(home, record.cli);
  await prepareServer(record.address);
  const prepared = { ...record, prepared: true };
  await writeJsonFile(home.server.record, prepared);
  return prepared;
};

const launch = async (home: Home, options: StartOptions, last: ServerRecord | undefined): Promise<ServerRecord> => {
  const log = options.log ?? ((): void => {});
  const aside = await setAsideUnfinished(home, last);
  if (aside !== undefined) log(`the server's database was never finished; it is moved to ${aside}`);
  const cli = await chooseCli(home, options);
  log(`Temporal CLI: ${cli.path} (${cli.route}, ${cli.cliVersion}, server ${cli.serverVersion})`);
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(options, attempt === 1 ? last : undefined);
    const outcome = await launchServer(home, cli, ports);
    if (outcome.started) {
      log(`Temporal server: ${outcome.record.address}, web ${outcome.record.uiAddress}`);
      return prepare(home, outcome.record);
    }
    const retry = outcome.reason === 'port-taken' && options.port === undefined && attempt < PORT_ATTEMPTS;
    if (!retry) throw outcome.error;
  }
};

const unjudged = (home: Home, reason: string): StateError =>
  new StateError(`nobody can tell from here whether the Temporal server of ${home.root} runs: ${reason}`, {
    hint: `stop it there; or, if it is gone for good, delete ${home.server.record}`,
  });

/** Why nothing may be done with a server that is not to be judged from here, or another home's. */
export const elsewhere = (home: Home, { reason, copyOf }: Extract<ServerStatus, { state: 'elsewhere' }>): StateError =>
  copyOf === undefined ? unjudged(home, reason) : notItsOwn('Temporal server', home, copyOf, 'titrate server stop');

const startLocked = async (home: Home, options: StartOptions): Promise<ServerRecord | undefined> => {
  const status = await serverStatus(home);
  if (status.state === 'none') return launch(home, options, undefined);
  const { record } = status;
  if (status.state === 'elsewhere') throw elsewhere(home, status);
  if (status.state === 'unresponsive') await awaitAnswer(home, record);
  const isLiving =
    status.state === 'running' || (status.state === 'unresponsive' && (await liveness(record)) !== 'dead');
  if (isLiving) {
    checkPorts(options, record);
    return prepare(home, record);
  }
  if (options.onlyIfWanted === true && record.wanted === 'stopped') return undefined;
  if (status.state === 'crashed')
    options.log?.(`the Temporal server (process ${record.pid}) has died; starting it again`);
  return launch(home, options, record);
};

const start = async (home: Home, options: StartOptions): Promise<ServerRecord | undefined> => {
  const already = await running(home);
  if (already !== undefined) {
    checkPorts(options, already);
    return already;
  }
  await openHome(home);
  const onWait = (): void => options.log?.('another process is starting the Temporal server; waiting for it');
  return withLock(home.server.lock, () => startLocked(home, options), { timeoutMs: START_LOCK_MS, onWait });
};

/**
 * Starts the home's server, or finds it; two starts at once give one server. A server that crashed is started again on
 * the same file and, when it is free, the same port. @throws StateError when no CLI is found, a demanded port is taken,
 * the folder is read-only, the disk is full, or the database is of another server version.
 */
export const startServer = async (
  home: Home,
  options: Omit<StartOptions, 'onlyIfWanted'> = {},
): Promise<ServerRecord> => {
  const record = await start(home, options);
  if (record === undefined) throw new StateError('the server was not started');
  return record;
};

/** Starts the server again if it has died; leaves one that a person stopped, and then returns undefined. */
export const reviveServer = (home: Home, options: StartOptions = {}): Promise<ServerRecord | undefined> =>
  start(home, { ...options, onlyIfWanted: true });

const stopLocked = async (home: Home): Promise<boolean> => {
  const status = await serverStatus(home);
  if (status.state === 'none') return false;
  const { record } = status;
  if (status.state === 'elsewhere') throw elsewhere(home, status);
  await writeJsonFile(home.server.record, { ...record, wanted: 'stopped' });
  if (status.state === 'stopped' || status.state === 'crashed') return false;
  await signalProcess(record, 'SIGTERM');
  if (await waitUntilGone(record, STOP_MS)) return true;
  throw new StateError(`the Temporal server (process ${record.pid}) is still there ${STOP_MS / 1000} s after SIGTERM`, {
    hint: `kill -9 ${record.pid} loses nothing: the database keeps a write-ahead log`,
  });
};

/** Stops the home's server and waits until it is gone; false when it did not run. @throws StateError when it stays. */
export const stopServer = async (home: Home): Promise<boolean> => {
  const status = await serverStatus(home);
  if (status.state === 'none') return false;
  if (status.state === 'elsewhere') throw elsewhere(home, status);
  return withLock(home.server.lock, () => stopLocked(home));
};
