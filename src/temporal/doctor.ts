import { existsSync } from 'node:fs';
import { access, constants, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isTitrateError } from '../domain/errors.js';
import { findGo } from './build-temporal-cli.js';
import { connect, type TitrateConnection } from './client.js';
import { serverStatus } from './embedded-server.js';
import { isNamedQueue, type Home } from './home.js';
import { visibilityReady } from './namespace.js';
import { countOrphans } from './orphans.js';
import { findOwnServer } from './own-server.js';
import { grpcCode } from './sweep-errors.js';
import { ENCRYPTION_KEYS_VARIABLE, readKeyRing } from './payload-keys.js';
import { openFolders } from './privacy.js';
import { clockAhead, countOpenWorkflows, isWorkerPolling } from './task-queue.js';
import { findTemporalCli } from './temporal-cli.js';
import { endedWorker, workerStatus } from './worker-process.js';

/** One thing that must be right, and how to mend it when it is not. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do; absent when all is well. */
  readonly mend?: string;
}

export interface DoctorOptions {
  readonly home: Home;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const NODE_MAJOR = 20;
const NODE_MINOR = 19; // package.json: engines
const DISK_NEEDED_MB = 500; // a new server's files, records and reports, with room to run
const GRPC_NOT_FOUND = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAUTHENTICATED = 16;
const CLOCK_TOLERATED_MS = 2000; // what a slow call may seem to make of two clocks that agree

const good = (name: string, detail: string): Check => ({ name, ok: true, detail });
const bad = (name: string, detail: string, mend: string): Check => ({ name, ok: false, detail, mend });

const failed = (name: string, error: unknown, mend: string): Check =>
  isTitrateError(error) ? bad(name, error.message, error.hint ?? mend) : bad(name, errorText(error), mend);

/** What to do about a call that the server answered with an error; `mend` where it answered that a thing is not there. */
const unmade = (name: string, error: unknown, namespace: string, mend: string): Check => {
  const code = grpcCode(error);
  if (code === GRPC_NOT_FOUND) return failed(name, error, mend);
  const isDenied = code === GRPC_PERMISSION_DENIED || code === GRPC_UNAUTHENTICATED;
  const allowed = `the API key or client certificate in use must be allowed into namespace ${namespace}; TEMPORAL_NAMESPACE names another`;
  return failed(name, error, isDenied ? allowed : 'titrate doctor once more; the server’s own log may say why');
};

const checkNode = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > NODE_MAJOR || (major === NODE_MAJOR && minor >= NODE_MINOR);
  const wanted = `${NODE_MAJOR}.${NODE_MINOR}`;
  return isNewEnough ? good('node', process.version) : bad('node', process.version, `install Node ${wanted} or newer`);
};

const nearestFolder = async (path: string): Promise<string> => {
  for (let folder = path; ; folder = join(folder, '..')) {
    const isThere = await access(folder).then(
      () => true,
      () => false,
    );
    if (isThere || folder === join(folder, '..')) return folder;
  }
};

const checkHome = async (home: Home): Promise<Check> => {
  const folder = await nearestFolder(home.root);
  const mend = 'make the folder writable, or choose another with --home or TITRATE_HOME';
  try {
    await access(folder, constants.W_OK);
    const trial = await mkdtemp(join(folder, '.titrate-doctor-'));
    try {
      await writeFile(join(trial, 'write'), 'x');
    } finally {
      await rm(trial, { recursive: true, force: true });
    }
    return good('home', folder === home.root ? home.root : `${home.root} (to be made)`);
  } catch (error) {
    return failed('home', error, mend);
  }
};

const checkDisk = async (home: Home): Promise<Check> => {
  const folder = await nearestFolder(home.root);
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024);
  const detail = `${freeMb} MB free at ${folder}`;
  return freeMb >= DISK_NEEDED_MB ? good('disk', detail) : bad('disk', detail, `free at least ${DISK_NEEDED_MB} MB`);
};

const checkCli = async (env: DoctorOptions['env']): Promise<Check> => {
  try {
    const { route, path, cliVersion, serverVersion } = await findTemporalCli({ env: { ...env }, mayBuild: false });
    return good('temporal cli', `${path} (${route}, ${cliVersion}, server ${serverVersion})`);
  } catch (error) {
    const go = env?.['TITRATE_TEMPORAL_CLI'] ? undefined : await findGo({ ...env });
    if (go !== undefined)
      return good('temporal cli', `none yet; the first start builds one with ${go}, in about four minutes`);
    return failed('temporal cli', error, 'install the Temporal CLI');
  }
};

/** Is the home's own server the one in use? Settings that cannot be read are for the check of the server to tell. */
const usesEmbedded = (env: NonNullable<DoctorOptions['env']>): boolean => {
  try {
    return findOwnServer(env) === undefined;
  } catch (error) {
    if (isTitrateError(error)) return false;
    throw error;
  }
};

/** Is a binary for the home's own server of use now? A state that cannot be read is for the check of the server to tell. */
const mayStartOne = async (home: Home, env: NonNullable<DoctorOptions['env']>): Promise<boolean> => {
  if (!usesEmbedded(env)) return false;
  const status = await serverStatus(home).catch(() => undefined);
  return status !== undefined && status.state !== 'running';
};

/** The server of a home that never had one comes with the first command that needs it. */
const isFirstToCome = async ({ home, env = process.env }: DoctorOptions): Promise<boolean> =>
  usesEmbedded(env) && !existsSync(home.server.database) && (await serverStatus(home)).state === 'none';

/** Says how far the clock of a team's server is from this machine's: the record has the server's times. */
const clockNote = async (on: TitrateConnection): Promise<string> => {
  const ahead = on.kind === 'embedded' ? undefined : await clockAhead(on);
  if (ahead === undefined || Math.abs(ahead) < CLOCK_TOLERATED_MS) return '';
  return `; its clock is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s`;
};

const checkServer = async (options: DoctorOptions): Promise<{ check: Check; on?: TitrateConnection }> => {
  try {
    if (await isFirstToCome(options)) return { check: good('server', 'none yet: titrate run starts one') };
    const on = await connect({ ...options, onlyRunning: true });
    return { check: good('server', `${on.address} (${on.kind})${await clockNote(on)}`), on };
  } catch (error) {
    return { check: failed('server', error, 'titrate server start') };
  }
};

const checkNamespace = async ({ connection, namespace }: TitrateConnection): Promise<Check> => {
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    const days = Math.round(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400);
    return good('namespace', `${namespace}, closed workflows kept for ${days} days`);
  } catch (error) {
    const mend = `create namespace ${namespace}, or set TEMPORAL_NAMESPACE to one that is there`;
    return unmade('namespace', error, namespace, mend);
  }
};

const checkSearchAttributes = async ({ connection, namespace, kind }: TitrateConnection): Promise<Check> => {
  const name = 'search attributes';
  const mend =
    kind === 'embedded'
      ? 'titrate server stop, then titrate server start'
      : `temporal operator search-attribute create -n ${namespace} --name TitrateSweep --type Keyword --name TitrateStatus --type Keyword --name TitrateScale --type Keyword --name TitrateSpent --type Double --name TitrateHead --type Keyword`;
  try {
    return (await visibilityReady(connection, namespace))
      ? good(name, 'registered')
      : bad(name, 'missing: sweeps run, but cannot be searched for on the server', mend);
  } catch (error) {
    return unmade(name, error, namespace, `namespace ${namespace} comes first`);
  }
};

/** A key of the home's own worker that this environment lacks: what the worker encrypts cannot be read here. */
const keyLacked = async (on: TitrateConnection, { home, env }: DoctorOptions): Promise<string | undefined> => {
  const status = await workerStatus(home, on);
  const keys = status.state === 'none' ? [] : (status.record.keys ?? []);
  const ours = readKeyRing(env)?.keys.map(({ id }) => id) ?? [];
  return keys.find((id) => !ours.includes(id));
};

/** A worker of ours ends by itself when it is idle, and comes again with the next command that needs it. */
const checkAbsence = async (on: TitrateConnection, { env }: DoctorOptions): Promise<Check> => {
  const detail = `none polls task queue ${on.taskQueue}`;
  if (isNamedQueue(env)) return bad('worker', detail, 'start the one of yours that works for it');
  const open = await countOpenWorkflows(on);
  return open === 0
    ? good('worker', `${detail}: none is needed while no sweep is open`)
    : bad('worker', `${detail}, and sweeps are open`, 'titrate worker --detach; titrate run starts one too');
};

const checkWorker = async (on: TitrateConnection, options: DoctorOptions): Promise<Check> => {
  try {
    const ended = await endedWorker(options.home, on);
    if (!(await isWorkerPolling(on, ended))) return await checkAbsence(on, options);
    const key = await keyLacked(on, options);
    return key === undefined
      ? good('worker', `polls task queue ${on.taskQueue}`)
      : bad(
          'worker',
          `it has the encryption key "${key}", which this command lacks`,
          `set ${ENCRYPTION_KEYS_VARIABLE} to a file that has it, for workers and commands alike`,
        );
  } catch (error) {
    return unmade('worker', error, on.namespace, `namespace ${on.namespace} comes first`);
  }
};

/** Tells whether others may read what lies in the home. */
const checkPrivacy = async (home: Home): Promise<Check> => {
  const name = 'privacy';
  const mend = `chmod -R go-rwx ${home.root}`;
  try {
    const open = await openFolders(home);
    if (open.length === 0) return good(name, 'only you may enter the home');
    const more = open.length > 1 ? ` and ${open.length - 1} more` : '';
    return bad(name, `others may enter ${open[0]}${more}`, mend);
  } catch (error) {
    return failed(name, error, mend);
  }
};

/** Tells what the last look for orphans left in quarantine. */
const checkOrphans = async (home: Home): Promise<Check> => {
  const name = 'orphans';
  try {
    const found = await countOrphans(home);
    if (found === 0) return good(name, 'none in quarantine');
    return bad(name, `${found} ${found === 1 ? 'job' : 'jobs'} that no trial owns`, 'titrate doctor --orphans');
  } catch (error) {
    return failed(name, error, 'titrate doctor --orphans');
  }
};

/** Checks everything that a sweep needs, changing nothing: Node, home, disk, privacy, orphans, CLI, server, namespace, worker. */
export const examine = async (options: DoctorOptions): Promise<Check[]> => {
  const { home, env = process.env } = options;
  const checks = [checkNode(), await checkHome(home), await checkDisk(home), await checkPrivacy(home)];
  checks.push(await checkOrphans(home));
  if (await mayStartOne(home, env)) checks.push(await checkCli(env));
  const { check, on } = await checkServer(options);
  checks.push(check);
  if (on === undefined) return checks;
  try {
    checks.push(await checkNamespace(on), await checkSearchAttributes(on), await checkWorker(on, options));
  } finally {
    await on.close();
  }
  return checks;
};
