import { resolve } from 'node:path';
import { InputError } from '../domain/errors.js';
import { isSecretRef } from '../domain/notices.js';
import { readSecret } from '../host/read-secret.js';
import { serverStatus } from '../temporal/embedded-server.js';
import { resolveHome } from '../temporal/home.js';
import { createPayloadCodec } from '../temporal/payload-codec.js';
import { ENCRYPTION_KEYS_VARIABLE, readKeyRing, writeNewKey, type KeyRing } from '../temporal/payload-keys.js';
import { servePayloads } from '../temporal/payload-server.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';

const DEFAULT_PORT = 8234; // beside 8233, where the web page of `temporal server start-dev` is
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const HIGHEST_PORT = 65_535;

const misused = (path: string, expected: string, found: string): InputError =>
  new InputError('this command line cannot be used', [{ path, expected, found }]);

const newKey = async (given: string): Promise<Outcome> => {
  const file = resolve(given);
  const keyId = await writeNewKey(file, new Date());
  const text = [
    `${file} holds the new key ${keyId}, readable by you alone`,
    `encrypt with it: ${ENCRYPTION_KEYS_VARIABLE}=${file}, for workers and commands alike`,
    'another key in use already? docs/security.md says how to change keys; keep the old ones',
  ].join('\n');
  return { exitCode: EXIT.ok, json: { file, keyId }, text };
};

const portOf = (invocation: Invocation): number => {
  const given = textFlag(invocation, 'port');
  const port = given === undefined ? DEFAULT_PORT : Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= HIGHEST_PORT) return port;
  throw misused('--port', `a port, 0 (any free one) to ${HIGHEST_PORT}`, JSON.stringify(given));
};

const tokenOf = async (invocation: Invocation): Promise<string | undefined> => {
  const ref = textFlag(invocation, 'token');
  if (ref === undefined) return undefined;
  if (!isSecretRef(ref))
    throw misused('--token', 'env:NAME or file:/absolute/path, where the token is found', 'neither');
  return readSecret(ref, { where: 'here', hint: 'set it, or give --token another place' });
};

const hostOf = (invocation: Invocation, token: string | undefined): string => {
  const host = textFlag(invocation, 'host') ?? '127.0.0.1';
  if (LOOPBACK.has(host) || token !== undefined) return host;
  throw misused('--host', 'a --token too, since other machines can reach this address', JSON.stringify(host));
};

/** The page that may ask: the one named, else that of the home's embedded server. */
const originsOf = async (invocation: Invocation): Promise<string[]> => {
  const given = textFlag(invocation, 'origin');
  if (given !== undefined) {
    if (URL.canParse(given) && new URL(given).origin === given) return [given];
    throw misused('--origin', 'an origin such as https://temporal.example.org', JSON.stringify(given));
  }
  const status = await serverStatus(resolveHome({ flag: textFlag(invocation, 'home') }));
  if (status.state !== 'running') return [];
  const { origin, port } = new URL(status.record.uiAddress);
  return [...new Set([origin, `http://localhost:${port}`, `http://127.0.0.1:${port}`])];
};

const ringOf = (): KeyRing => {
  const ring = readKeyRing();
  if (ring !== undefined) return ring;
  throw new InputError(
    'there is nothing to open payloads with',
    [{ path: ENCRYPTION_KEYS_VARIABLE, expected: 'the name of a file of keys', found: 'nothing' }],
    { hint: 'titrate codec-server --new-key FILE makes one' },
  );
};

const untilStopped = (): Promise<void> =>
  new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });

/** `titrate codec-server`. */
export const codecServer = async (invocation: Invocation): Promise<Outcome> => {
  const file = textFlag(invocation, 'new-key');
  if (file !== undefined) return newKey(file);
  const { io } = invocation;
  const port = portOf(invocation);
  const token = await tokenOf(invocation);
  const host = hostOf(invocation, token);
  const ring = ringOf();
  const origins = await originsOf(invocation);
  const server = await servePayloads({ host, port }, { codec: createPayloadCodec(ring), origins, token });
  const at = `http://${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`;
  io.note(`opening payloads at ${at} with the keys of ${ring.file}: ${ring.keys.map(({ id }) => id).join(', ')}`);
  io.note(
    origins.length === 0 ? 'no web page may ask: name one with --origin' : `pages that may ask: ${origins.join(', ')}`,
  );
  if (token === undefined) io.note('every user of this machine may ask: --token env:NAME asks for a token');
  await untilStopped();
  await server.close();
  return { exitCode: EXIT.ok, json: { address: at, stopped: true }, text: 'codec server stopped' };
};
