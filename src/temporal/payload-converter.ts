/** How clients and workers of ours turn values into what Temporal keeps: encrypted, when there are keys. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WorkflowClient, type Client } from '@temporalio/client';
import { defaultPayloadConverter, type DataConverter, type PayloadCodec } from '@temporalio/common';
import { packageFile } from './package-version.js';
import { createPayloadCodec } from './payload-codec.js';
import { readKeyRing, type KeyRing } from './payload-keys.js';

/** The compiled module, also when this one runs from source: the SDK loads it by its path. */
const failureConverterPath = (): string => {
  const beside = fileURLToPath(new URL('./payload-failures.js', import.meta.url));
  return existsSync(beside) ? beside : packageFile('dist/temporal/payload-failures.js');
};

/**
 * Adds our encryption to what a team has set itself. A team with codecs of its own keeps them and gets none of ours: whoever
 * encrypts already need not do it twice, and the form of what is encrypted would not tell whose it is. Without keys nothing is
 * encrypted, and what is encrypted is told with the key that it needs.
 */
export const withEncryption = (ring: KeyRing | undefined, team: DataConverter = {}): DataConverter => {
  if ((team.payloadCodecs ?? []).length > 0) return team;
  const failures = ring === undefined ? {} : { failureConverterPath: failureConverterPath() };
  return { ...failures, ...team, payloadCodecs: [createPayloadCodec(ring)] };
};

/** Reads the keys that the environment names. @throws InputError when they cannot be used. */
export const dataConverterFor = (env?: Readonly<Record<string, string | undefined>>): DataConverter =>
  withEncryption(readKeyRing(env));

/** Tells nothing of what it is given: lists need no memos, and those of others may be encrypted with keys of theirs. */
const WITHHELD: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) => payloads.map(() => defaultPayloadConverter.toPayload(null) ?? {}),
};

/** A client for lists: it opens no memo, so that a key that is missing is no reason to list nothing. */
export const listingClient = ({ connection }: Pick<Client, 'connection'>, namespace: string): WorkflowClient =>
  new WorkflowClient({ connection, namespace, dataConverter: { payloadCodecs: [WITHHELD] } });
