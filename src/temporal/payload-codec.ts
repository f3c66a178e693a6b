/**
 * Encrypts payloads before they leave a process of ours, by AES-256-GCM, in the form of Temporal's own samples: encoding
 * `binary/encrypted`, the key's id in `encryption-key-id`, and as data the nonce (12 bytes), the encrypted payload (its
 * protobuf) and the tag (16 bytes). Other tools that know that form can open it with the key.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { StateError } from '../domain/errors.js';
import { ENCRYPTION_KEYS_VARIABLE, readKeyFile, type EncryptionKey, type KeyRing } from './payload-keys.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ENCRYPTED = 'binary/encrypted';
const KEY_ID_METADATA = 'encryption-key-id';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12; // what GCM is made for: NIST SP 800-38D, 5.2.1.1
const TAG_BYTES = 16; // the full tag

const metadataText = ({ metadata }: Payload, name: string): string | undefined => {
  const value = metadata?.[name];
  return value === undefined ? undefined : Buffer.from(value).toString('utf8');
};

/** Names the key that a payload is encrypted with; undefined when it is plain. */
export const keyIdOf = (payload: Payload): string | undefined =>
  metadataText(payload, 'encoding') === ENCRYPTED ? (metadataText(payload, KEY_ID_METADATA) ?? '') : undefined;

const encrypt = (payload: Payload, { id, secret }: EncryptionKey): Payload => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID_METADATA]: Buffer.from(id) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
};

const undecipherable = (id: string, cause?: unknown): StateError =>
  new StateError(`expected a payload that the key ${JSON.stringify(id)} opens; found one that it does not`, {
    hint: 'it is damaged, or was encrypted with another key of the same id: an id names one key for ever',
    values: { keyId: id },
    cause,
  });

const decrypt = ({ data }: Payload, { id, secret }: EncryptionKey): Payload => {
  const bytes = Buffer.from(data ?? []);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw undecipherable(id);
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const { metadata, data: inner } = PayloadMessage.decode(plain);
    return { metadata, data: inner };
  } catch (cause) {
    throw undecipherable(id, cause);
  }
};

/** What lacks a key says which, and what to do. */
const missingKey = (id: string, ring: KeyRing | undefined): StateError => {
  const found = ring === undefined ? 'no keys' : `${ring.keys.map((key) => key.id).join(', ')} (${ring.file})`;
  const what = id === '' ? 'a key whose id the payload does not tell' : `the key ${JSON.stringify(id)}`;
  return new StateError(`what Temporal keeps is encrypted with ${what}; found ${found}`, {
    hint: `set ${ENCRYPTION_KEYS_VARIABLE} to a file that has it, for workers and commands alike; nothing is lost meanwhile`,
    values: { keyId: id },
  });
};

/** Reads the file anew: a key may have been added since. A file that is gone or broken by now adds none. */
const addedKey = (id: string, { file }: KeyRing): EncryptionKey | undefined => {
  try {
    return readKeyFile(file).keys.find((key) => key.id === id);
  } catch {
    return undefined;
  }
};

const findKey = (id: string, ring: KeyRing | undefined): EncryptionKey => {
  const key = ring && (ring.keys.find((known) => known.id === id) ?? addedKey(id, ring));
  if (key === undefined) throw missingKey(id, ring);
  return key;
};

/**
 * Creates the codec of every client and worker. Without keys it encrypts nothing. Payloads that are not encrypted pass as they
 * are, so that sweeps which began in plain go on. Its `decode` throws StateError when a key is missing or does not fit.
 */
export const createPayloadCodec = (ring: KeyRing | undefined): PayloadCodec => ({
  encode: async (payloads) =>
    ring === undefined ? payloads : payloads.map((payload) => encrypt(payload, ring.keys[0])),
  decode: async (payloads) =>
    payloads.map((payload) => {
      const id = keyIdOf(payload);
      return id === undefined ? payload : decrypt(payload, findKey(id, ring));
    }),
});
