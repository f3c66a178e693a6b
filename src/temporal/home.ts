import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StateError } from '../domain/errors.js';
import { createOnce, makeFolder } from '../host/atomic-files.js';
import { diskError, errnoOf, isMissing, onDisk } from '../host/disk-errors.js';

/** Where everything of one home lies; absolute paths. */
export interface Home {
  readonly root: string;
  /** Names this home for ever: 12 hex digits. */
  readonly idFile: string;
  readonly server: {
    readonly folder: string;
    readonly database: string;
    /** Which server version wrote the database. */
    readonly version: string;
    readonly log: string;
    /** Where the server runs now. */
    readonly record: string;
    readonly lock: string;
  };
  readonly worker: { readonly folder: string };
  /** Which local jobs have which GPUs; a file for each boot of a machine. */
  readonly gpus: string;
  /** Jobs that no trial owns. */
  readonly quarantine: string;
  readonly sweeps: string;
}

/** Where one sweep's files lie. */
export interface SweepPaths {
  readonly folder: string;
  readonly sweepFile: string;
  readonly record: string;
  /** Earlier runs that wait for the record to be opened. */
  readonly imports: string;
  readonly report: string;
  readonly jobs: string;
  /** Which server it runs on. */
  readonly server: string;
}

export interface HomeChoice {
  /** The value of `--home`. */
  readonly flag?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const DEFAULT_FOLDER = '.titrate';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Lays out a home's paths; touches nothing. */
export const homeAt = (root: string): Home => {
  const server = join(root, 'server');
  return {
    root,
    idFile: join(root, 'id'),
    server: {
      folder: server,
      database: join(server, 'temporal.db'),
      version: join(server, 'database-version.json'),
      log: join(server, 'server.log'),
      record: join(server, 'server.json'),
      lock: join(server, 'start.lock'),
    },
    worker: { folder: join(root, 'worker') },
    gpus: join(root, 'gpus'),
    quarantine: join(root, 'quarantine.jsonl'),
    sweeps: join(root, 'sweeps'),
  };
};

/** Chooses the home: `--home`, else TITRATE_HOME, else `.titrate` in the working folder; touches nothing. */
export const resolveHome = ({ flag, env = process.env, cwd = process.cwd() }: HomeChoice = {}): Home =>
  homeAt(resolve(cwd, flag || env['TITRATE_HOME'] || DEFAULT_FOLDER));

/** Lays out one sweep's paths. */
export const sweepPaths = (home: Home, sweepId: string): SweepPaths => {
  const folder = join(home.sweeps, sweepId);
  return {
    folder,
    sweepFile: join(folder, 'sweep.yaml'),
    record: join(folder, 'record.jsonl'),
    imports: join(folder, 'imports.jsonl'),
    report: join(folder, 'report.html'),
    jobs: join(folder, 'jobs'),
    server: join(folder, 'server.json'),
  };
};

/** Makes a folder that only its owner may enter, with its parents. @throws StateError when it cannot be written. */
export const makePrivateFolder = (path: string): Promise<void> =>
  onDisk('make the folder', path, async () => {
    if (await makeFolder(path, PRIVATE_FOLDER)) await chmod(path, PRIVATE_FOLDER); // the mask may have narrowed it
  });

/** Writes an id, unless another process has written one: the first of two at once wins. */
const writeNewId = async ({ idFile }: Home): Promise<void> => {
  const id = randomBytes(6).toString('hex');
  await onDisk('write the home’s id', idFile, () => createOnce(idFile, `${id}\n`, PRIVATE_FILE));
};

/** Reads the home's id; undefined when the home was never opened. @throws StateError when the file is not an id, or may not be read. */
export const readHomeId = async (home: Home): Promise<string | undefined> => {
  const text = await readFile(home.idFile, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw diskError(error, 'read the home’s id', home.idFile);
  });
  if (text === undefined) return undefined;
  const id = text.trim();
  if (/^[0-9a-f]{12}$/.test(id)) return id;
  throw new StateError(`expected 12 hex digits; found ${JSON.stringify(id.slice(0, 40))} (${home.idFile})`, {
    hint: 'put back the id that this home had: its sweeps run under it; or choose a new home',
  });
};

/**
 * Makes the home's folders (mode 0700) and its id where they are missing, and returns the id. Safe when several
 * processes do it at once. @throws StateError when the folder is read-only or the disk is full.
 */
export const openHome = async (home: Home): Promise<string> => {
  for (const folder of [home.root, home.server.folder, home.worker.folder, home.sweeps])
    await makePrivateFolder(folder);
  const known = await readHomeId(home);
  if (known !== undefined) return known;
  await writeNewId(home);
  const id = await readHomeId(home);
  if (id === undefined) throw new StateError(`expected an id; found none (${home.idFile})`);
  return id;
};

/** Names the task queue that this home's sweeps run on: TITRATE_TASK_QUEUE, else `titrate-<home id>`. */
export const taskQueueOf = (homeId: string, env: Readonly<Record<string, string | undefined>> = process.env): string =>
  env['TITRATE_TASK_QUEUE'] || `titrate-${homeId}`;

/** Is the task queue one that a person named, and may share with workflows that are not titrate's? */
export const isNamedQueue = (env: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  Boolean(env['TITRATE_TASK_QUEUE']);

/** Names what lies among a home's sweeps; nothing when there is no home yet. @throws StateError when it may not be looked into. */
export const sweepFolders = async ({ sweeps }: Home): Promise<string[]> => {
  try {
    return await readdir(sweeps);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw diskError(error, 'look for sweeps', sweeps);
  }
};
