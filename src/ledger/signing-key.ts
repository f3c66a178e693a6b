/** The team's key for signed checkpoints: ed25519, in PEM files, by Node's own crypto. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputError } from '../domain/errors.js';
import { createOnce } from '../host/atomic-files.js';
import { errnoOf, onDisk } from '../host/disk-errors.js';

/** Environment variable that names the file of the key by which a worker signs the records of sweeps that end. */
export const SIGNING_KEY_VARIABLE = 'TITRATE_SIGNING_KEY';

const PRIVATE_FILE = 0o600;
const PUBLIC_FILE = 0o644;

const unusable = (file: string, expected: string, found: string, cause?: unknown): InputError =>
  new InputError('the key cannot be used', [{ path: file, expected, found }], {
    hint: 'titrate keygen FILE makes a pair: FILE signs, FILE.pub checks',
    cause,
  });

const readPem = async (file: string, expected: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unusable(file, expected, errnoOf(cause) ?? String(cause), cause);
  }
};

const CREATE = { private: createPrivateKey, public: createPublicKey } as const;

/** Which half of a pair a PEM holds, the private one if it holds any; Node would make a public key of either. */
export const halfOf = (pem: string): keyof typeof CREATE | undefined => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return 'private';
  return /-----BEGIN [A-Z ]*PUBLIC KEY-----/.test(pem) ? 'public' : undefined;
};

/** Reads one half of a pair, and refuses the other one and all but ed25519. */
const readKey = async (file: string, half: keyof typeof CREATE): Promise<KeyObject> => {
  const expected = `a ${half} ed25519 key in PEM`;
  const pem = await readPem(file, expected);
  const found = halfOf(pem);
  if (found !== undefined && found !== half) throw unusable(file, expected, `a ${found} key`);
  let key: KeyObject;
  try {
    key = CREATE[half](pem);
  } catch (cause) {
    throw unusable(file, expected, 'something else', cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw unusable(file, expected, `a key of type ${key.asymmetricKeyType ?? 'none'}`);
};

/** Reads a private key. @throws InputError when the file is no ed25519 key in PEM. */
export const readPrivateKey = (file: string): Promise<KeyObject> => readKey(file, 'private');

/** Reads a public key. @throws InputError when the file is no such key, or the private one, which is for its owner only. */
export const readPublicKey = (file: string): Promise<KeyObject> => readKey(file, 'public');

/** Names a key, private or public, for ever: SHA-256 of its public half (SPKI, DER), hex. */
export const fingerprintOf = (key: KeyObject): string => {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex');
};

/** Makes a pair of keys: `file` (mode 0600) signs, `file.pub` checks. @throws InputError when either file is there, StateError when the disk refuses. */
export const writeKeyPair = async (file: string): Promise<{ publicFile: string; fingerprint: string }> => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicFile = `${file}.pub`;
  const parts = [
    [file, privateKey.export({ type: 'pkcs8', format: 'pem' }), PRIVATE_FILE],
    [publicFile, publicKey.export({ type: 'spki', format: 'pem' }), PUBLIC_FILE],
  ] as const;
  for (const [path, pem, mode] of parts) {
    if (await onDisk('write the key', path, () => createOnce(path, pem.toString(), mode))) continue;
    throw new InputError('a key is never written over', [{ path, expected: 'no such file yet', found: 'a file' }]);
  }
  return { publicFile, fingerprint: fingerprintOf(publicKey) };
};
