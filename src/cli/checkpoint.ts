import { join, resolve } from 'node:path';
import { InputError, StateError } from '../domain/errors.js';
import { addCheckpoint, CHECKPOINTS_FILE, signHead } from '../ledger/checkpoints.js';
import { readRecord } from '../ledger/record-file.js';
import { readPrivateKey, SIGNING_KEY_VARIABLE } from '../ledger/signing-key.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { recordIn } from './find-sweep.js';
import { recordFolder } from './record-folder.js';

const keyFile = (invocation: Invocation): string => {
  const file = textFlag(invocation, 'key') ?? process.env[SIGNING_KEY_VARIABLE];
  if (file !== undefined && file !== '') return resolve(file);
  throw new InputError('this command line cannot be used', [
    { path: '--key', expected: `a private key’s file, or ${SIGNING_KEY_VARIABLE} to name one`, found: 'neither' },
  ]);
};

/** `titrate checkpoint [SWEEP|FOLDER] --key FILE`. */
export const checkpoint = async (invocation: Invocation): Promise<Outcome> => {
  const key = await readPrivateKey(keyFile(invocation));
  const folder = await recordFolder(invocation);
  const { lines } = await readRecord(recordIn(folder));
  const last = lines.at(-1);
  const first = lines[0]?.event;
  if (last === undefined || first?.type !== 'started') {
    throw new StateError(`the record has no line yet (${folder})`, { hint: 'sign it when the sweep has begun' });
  }
  const file = join(folder, CHECKPOINTS_FILE);
  const made = await addCheckpoint(file, signHead(first.sweepId, last, new Date().toISOString(), key));
  const text = [
    `${first.sweepId}: line ${made.seq} signed by ${made.key.slice(0, 12)}... (${file})`,
    `Keep a note of it elsewhere too: ${made.seq}:${made.hash}`,
  ].join('\n');
  return { exitCode: EXIT.ok, json: { ...made, file }, text };
};
