/**
 * Opens payloads for Temporal's web page and command line (their "codec server" or "remote codec": POST /decode and /encode
 * with payloads as JSON). Whoever reaches it reads what was encrypted, so it answers web pages of one origin only, and with a
 * token only whoever has it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { isTitrateError, StateError } from '../domain/errors.js';

export interface PayloadServerOptions {
  readonly codec: PayloadCodec;
  /** Origins of the web pages that may ask, such as http://127.0.0.1:8233. */
  readonly origins: readonly string[];
  /** What callers must send as `Authorization: Bearer ...`; anybody who reaches the port may ask when absent. */
  readonly token?: string | undefined;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const MOST_BYTES = 32 * 1024 * 1024; // a page of events; the server sends at most 4 MiB in one answer, base64 adds a third
const QUIET_MS = 15_000; // a caller that sends nothing for so long is cut off

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const Body = z.object({
  payloads: z.array(z.looseObject({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() })),
});

/** An answer that is no success. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in a time that tells nothing of where they differ. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const readBody = async (request: IncomingMessage): Promise<z.infer<typeof Body>> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new Refusal(413, `expected at most ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return Body.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    throw new Refusal(400, 'expected {"payloads": [{"metadata": {...}, "data": "..."}]}, bytes in base64');
  }
};

const asJson = ({ metadata, data }: Payload): object => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  ...(data ? { data: Buffer.from(data).toString('base64') } : {}),
});

const allowOrigin = (request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void => {
  const { origin } = request.headers;
  if (origin === undefined) return; // no web page
  if (!origins.includes(origin))
    throw new Refusal(403, 'pages of this origin may not ask: titrate codec-server --origin');
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'authorization, content-type, x-namespace');
  response.setHeader('access-control-allow-credentials', 'true');
};

const checkToken = ({ headers }: IncomingMessage, token: string | undefined): void => {
  if (token === undefined || isSame(headers.authorization ?? '', `Bearer ${token}`)) return;
  throw new Refusal(401, 'expected the token of this server as Authorization: Bearer');
};

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins, token }: PayloadServerOptions,
): Promise<object | undefined> => {
  allowOrigin(request, response, origins);
  if (request.method === 'OPTIONS') return undefined; // a browser asks before it asks
  const [path = ''] = (request.url ?? '').split('?');
  const does = path.endsWith('/decode') ? 'decode' : path.endsWith('/encode') ? 'encode' : undefined;
  if (does === undefined) throw new Refusal(404, 'expected /decode or /encode');
  if (request.method !== 'POST') throw new Refusal(405, 'expected POST');
  checkToken(request, token);
  const { payloads } = await readBody(request);
  return { payloads: (await codec[does](payloads as Payload[])).map(asJson) };
};

const send = (response: ServerResponse, status: number, body: object | undefined): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};

const handle = async (request: IncomingMessage, response: ServerResponse, o: PayloadServerOptions): Promise<void> => {
  try {
    const body = await answer(request, response, o);
    send(response, body === undefined ? 204 : 200, body);
  } catch (error) {
    if (error instanceof Refusal) send(response, error.status, { message: error.message });
    else if (isTitrateError(error)) send(response, 400, { message: error.message, hint: error.hint });
    else send(response, 500, { message: 'the payloads could not be read' });
  }
};

const addressOf = (server: Server): { address: string; port: number } => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new StateError('the codec server has no port');
  return address;
};

/** Listens at `host` and `port` (0: any free one). @throws StateError when the port cannot be had. */
export const servePayloads = async (
  at: { readonly host: string; readonly port: number },
  options: PayloadServerOptions,
): Promise<Listening> => {
  const server = createServer((request, response) => void handle(request, response, options));
  server.requestTimeout = QUIET_MS;
  await new Promise<void>((done, fail) => {
    server.once('error', (cause) =>
      fail(
        new StateError(`cannot listen at ${at.host}:${at.port}: ${cause.message}`, {
          hint: 'choose another --port',
          cause,
        }),
      ),
    );
    server.listen(at.port, at.host, done);
  });
  const { address, port } = addressOf(server);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { host: address, port, close };
};
