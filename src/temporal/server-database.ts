/**
 * Was the embedded server's database ever whole? The server makes its tables in many steps at its first start; killed among
 * them, or stopped by a full disk, it leaves a database that it can neither use nor mend. Nothing was told to it yet then.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { errnoOf, onDisk } from '../host/disk-errors.js';
import type { Home } from './home.js';
import { DatabaseVersion, readJsonFile, writeJsonFile, type ServerRecord } from './server-record.js';

const FILES = ['', '-wal', '-shm']; // of one SQLite database

/** Notes that the database is whole, and which server version wrote it. To be done before anything is told to the server. */
export const noteWhole = (home: Home, { serverVersion, cliVersion }: ServerRecord['cli']): Promise<void> =>
  writeJsonFile(home.server.version, { serverVersion, cliVersion } satisfies DatabaseVersion);

/** Returns the server version that wrote the database; undefined when there is none, or it was never whole. */
export const databaseVersion = async (home: Home): Promise<DatabaseVersion | undefined> =>
  existsSync(home.server.database) ? readJsonFile(home.server.version, DatabaseVersion) : undefined;

/**
 * Moves a database aside that was never whole, so that the next start makes a new one; `last` is the server that ran last.
 * Returns where it went; undefined when there was nothing to be done. @throws StateError when the disk refuses.
 */
export const setAsideUnfinished = async (home: Home, last: ServerRecord | undefined): Promise<string | undefined> => {
  const { database, version } = home.server;
  if (!existsSync(database) || existsSync(version) || last?.prepared === true) return undefined;
  const aside = `${database}.unfinished-${Date.now()}`;
  for (const suffix of FILES.toReversed()) {
    await onDisk('move the file', `${database}${suffix}`, async () => {
      await rename(`${database}${suffix}`, `${aside}${suffix}`).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
    });
  }
  return aside;
};
