import { resolve } from 'node:path';
import { writeKeyPair } from '../ledger/signing-key.js';
import type { Invocation, Outcome } from './command.js';
import { EXIT } from './exit-codes.js';

/** `titrate keygen FILE`. */
export const keygen = async ({ positionals }: Invocation): Promise<Outcome> => {
  const file = resolve(positionals[0] ?? '');
  const { publicFile, fingerprint } = await writeKeyPair(file);
  const text = [
    `${file} signs: keep it where the owners of sweep folders cannot read it`,
    `${publicFile} checks: give it to whoever verifies`,
    `fingerprint ${fingerprint}`,
  ].join('\n');
  return { exitCode: EXIT.ok, json: { privateKey: file, publicKey: publicFile, fingerprint }, text };
};
