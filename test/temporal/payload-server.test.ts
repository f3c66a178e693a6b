import type { PayloadCodec } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPayloadCodec } from '../../src/temporal/payload-codec.js';
import { servePayloads, type Listening } from '../../src/temporal/payload-server.js';

const PAGE = 'http://127.0.0.1:8233';
const codec: PayloadCodec = createPayloadCodec({ file: '/none', keys: [{ id: 'a', secret: Buffer.alloc(32, 7) }] });
const b64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = { metadata: { encoding: b64('json/plain') }, data: b64('{"arxiv":0.5}') };

let open: Listening;
let guarded: Listening;
beforeAll(async () => {
  const at = { host: '127.0.0.1', port: 0 };
  open = await servePayloads(at, { codec, origins: [PAGE] });
  guarded = await servePayloads(at, { codec, origins: [PAGE], token: 'let-me-in' });
});
afterAll(() => Promise.all([open.close(), guarded.close()]));

const ask = (server: Listening, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

interface Answer {
  readonly payloads: readonly (typeof PLAIN)[];
}

it('encrypts and opens payloads in the JSON of Temporal’s codec servers', async () => {
  const closed = (await (await ask(open, '/encode', { payloads: [PLAIN] })).json()) as Answer;
  expect(closed.payloads[0]?.metadata.encoding).toBe(b64('binary/encrypted'));
  expect(JSON.stringify(closed)).not.toContain(PLAIN.data);
  const answer = await ask(open, '/decode', { payloads: [...closed.payloads, PLAIN] }, { 'x-namespace': 'default' });
  expect(await answer.json()).toEqual({ payloads: [PLAIN, PLAIN] });
});

it('tells the browser of the page that it may ask, and no other page anything', async () => {
  const preflight = { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'POST' } };
  const answer = await fetch(`http://127.0.0.1:${open.port}/decode`, preflight);
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(answer.headers.get('access-control-allow-headers')).toContain('x-namespace');
  for (const origin of ['http://evil.example', 'null', `${PAGE}0`]) {
    const refused = await ask(open, '/decode', { payloads: [PLAIN] }, { origin });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('with a token, answers nobody else', async () => {
  const body = { payloads: [PLAIN] };
  expect((await ask(guarded, '/decode', body)).status).toBe(401);
  expect((await ask(guarded, '/decode', body, { authorization: 'Bearer let-me-i' })).status).toBe(401);
  expect((await ask(guarded, '/decode', body, { authorization: 'Bearer let-me-in' })).status).toBe(200);
});

it('says what is wrong with a request, and what key is missing', async () => {
  const statuses = await Promise.all(
    ['{', '{}', '{"payloads":[{"data":"%%"}]}'].map(async (body) => (await ask(open, '/decode', body)).status),
  );
  expect(statuses).toEqual([400, 400, 400]);
  expect((await ask(open, '/elsewhere', { payloads: [] })).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${open.port}/decode`)).status).toBe(405);
  const lost = { encoding: b64('binary/encrypted'), 'encryption-key-id': b64('lost') };
  const answer = await ask(open, '/decode', { payloads: [{ metadata: lost, data: b64('x'.repeat(40)) }] });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining('"lost"') as string });
});
