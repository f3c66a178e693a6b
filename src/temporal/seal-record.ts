/** Signs the record of a sweep that ends, when the worker has a key for that. */
import { join } from 'node:path';
import { log } from '@temporalio/activity';
import { isTitrateError } from '../domain/errors.js';
import type { RecordLine } from '../domain/record-event.js';
import { addCheckpoint, CHECKPOINTS_FILE, signHead } from '../ledger/checkpoints.js';
import { readPrivateKey, SIGNING_KEY_VARIABLE } from '../ledger/signing-key.js';
import { sweepPaths, type Home } from './home.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the file of the worker's signing key; undefined when it has none. */
const keyFile = (env: Environment): string | undefined => env[SIGNING_KEY_VARIABLE] || undefined;

/** @throws InputError when a key is named that cannot be used: better when a worker starts than when a sweep ends. */
export const checkSigningKey = async (env: Environment = process.env): Promise<void> => {
  const file = keyFile(env);
  if (file !== undefined) await readPrivateKey(file);
};

/**
 * Signs the last line of a sweep's record; the same line again changes nothing. A sweep never waits for its signature: what
 * goes wrong is logged, and `titrate checkpoint` makes up for it.
 */
export const createSeal =
  (home: Home, env: Environment = process.env) =>
  async (sweepId: string, last: RecordLine): Promise<void> => {
    const file = keyFile(env);
    if (file === undefined) return;
    try {
      const key = await readPrivateKey(file);
      await addCheckpoint(
        join(sweepPaths(home, sweepId).folder, CHECKPOINTS_FILE),
        signHead(sweepId, last, last.at, key),
      );
    } catch (error) {
      if (!isTitrateError(error)) throw error;
      log.warn('the end of the record could not be signed; titrate checkpoint does it', {
        sweepId,
        why: error.message,
      });
    }
  };
