import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorCodeOf, storageError } from './storage-errors.js';

/** What `server.json` says: where this home's server runs, or ran last. */
export const ServerRecord = z.object({
  /** `stopped`: a person stopped it, and nothing but a command may start it again. */
  wanted: z.enum(['running', 'stopped']),
  pid: z.number().int(),
  startTime: z.string(),
  bootId: z.string(),
  host: z.string(),
  address: z.string(),
  uiAddress: z.string(),
  port: z.number().int(),
  uiPort: z.number().int(),
  cli: z.object({ route: z.string(), path: z.string(), cliVersion: z.string(), serverVersion: z.string() }),
  /** When it was started (ISO 8601). */
  startedAt: z.string(),
  /** Have the namespace's retention and search attributes been set up? */
  prepared: z.boolean(),
});
export type ServerRecord = z.infer<typeof ServerRecord>;

/** Which server version wrote the database beside it. */
export const DatabaseVersion = z.object({ serverVersion: z.string(), cliVersion: z.string() });
export type DatabaseVersion = z.infer<typeof DatabaseVersion>;

/** Writes JSON whole or not at all. @throws StateError when the disk refuses. */
export const writeJsonFile = async (path: string, value: unknown): Promise<void> => {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw storageError(error, path);
  }
};

/** Reads and checks a JSON file of ours; undefined when it is missing, torn or of another shape. */
export const readJsonFile = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCodeOf(error) === 'ENOENT' || errorCodeOf(error) === 'ENOTDIR')
      return undefined;
    throw error;
  }
};
