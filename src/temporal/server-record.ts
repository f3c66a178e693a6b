import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { replaceFile } from '../host/atomic-files.js';
import { diskError, isMissing, onDisk } from '../host/disk-errors.js';
import { ProcessRecord } from '../host/process-record.js';

/** What `server.json` says: where this home's server runs, or ran last. */
export const ServerRecord = z.object({
  /** `stopped`: a person stopped it, and nothing but a command may start it again. */
  wanted: z.enum(['running', 'stopped']),
  ...ProcessRecord.shape,
  address: z.string(),
  uiAddress: z.string(),
  port: z.number().int(),
  uiPort: z.number().int(),
  cli: z.object({ route: z.string(), path: z.string(), cliVersion: z.string(), serverVersion: z.string() }),
  /** When it was started (ISO 8601). */
  startedAt: z.string(),
  /** Have the namespace's retention and search attributes been set up? */
  prepared: z.boolean(),
  /** The home's folder when it was started; absent from records of version 0.1.0. */
  home: z.string().exactOptional(),
});
export type ServerRecord = z.infer<typeof ServerRecord>;

/** Which server version wrote the database beside it. */
export const DatabaseVersion = z.object({ serverVersion: z.string(), cliVersion: z.string() });
export type DatabaseVersion = z.infer<typeof DatabaseVersion>;

const PRIVATE_FILE = 0o600;

/** Writes JSON whole or not at all. @throws StateError when the disk refuses. */
export const writeJsonFile = async (path: string, value: unknown): Promise<void> => {
  await onDisk('write the file', path, () => replaceFile(path, `${JSON.stringify(value, null, 2)}\n`, PRIVATE_FILE));
};

/** Reads and checks a JSON file of ours; undefined when it is missing, torn or of another shape. @throws StateError when it may not be read. */
export const readJsonFile = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw diskError(error, 'read the file', path);
  }
};
