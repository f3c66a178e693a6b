/** Certificates of test/fixtures/tls: for one key, signed by ca.pem, good until 2120 but for the expired one. */
import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { whyUnreachable, type Unreachable } from '../../src/temporal/why-unreachable.js';

const pem = (name: string): Buffer => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
const key = pem('key');

let server: Http2SecureServer | Server;
const sockets = new Set<Socket>();
const close = (): Promise<void> => {
  for (const socket of sockets) socket.destroy();
  return new Promise((done) => server.close(() => done()));
};
afterEach(close);

const listen = (): Promise<string> =>
  new Promise((done) => {
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1', () => done(`localhost:${(server.address() as AddressInfo).port}`));
  });

/** A server that takes one API key. */
const serve = (certificate: string, options: SecureServerOptions = {}): Promise<string> => {
  const serving = createSecureServer({ key, cert: pem(certificate), ...options });
  serving.on('stream', (stream, { authorization }) => {
    const isKnown = authorization === 'Bearer the-key';
    const answer = isKnown ? { 'grpc-status': '12' } : { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer }, { endStream: true });
  });
  server = serving;
  return listen();
};

const ask = (address: string, authority: string, more: object = {}): Promise<Unreachable | undefined> =>
  whyUnreachable({ address, tls: { serverRootCACertificate: pem(authority), ...more }, apiKey: 'another-key' });

const told = (found: RegExp, hint: string): unknown => ({
  found: expect.stringMatching(found) as string,
  hint: expect.stringContaining(hint) as string,
});

describe('why a server cannot be reached', () => {
  it('is an authority that did not sign its certificate', async () => {
    const why = await ask(await serve('localhost'), 'other');
    expect(why).toEqual(told(/^unable to verify the first certificate$/, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'));
  });

  it('is a certificate of another name', async () => {
    const why = await ask(await serve('elsewhere'), 'ca');
    expect(why).toEqual(told(/does not match.*localhost.*DNS:elsewhere\.example$/, 'TEMPORAL_TLS_SERVER_NAME'));
    const { port } = server.address() as AddressInfo;
    const named = await ask(`localhost:${port}`, 'ca', { serverNameOverride: 'elsewhere.example' });
    expect(named?.found).toMatch(/UNAUTHENTICATED/);
  });

  it('is a certificate that has expired', async () => {
    expect(await ask(await serve('expired'), 'ca')).toEqual(told(/^certificate has expired$/, 'renewed'));
  });

  it('is the lack of a client certificate, or one that it does not take', async () => {
    const address = await serve('localhost', { ca: pem('other'), requestCert: true, rejectUnauthorized: true });
    const hint = 'TEMPORAL_TLS_CLIENT_CERT_PATH';
    expect(await ask(address, 'ca')).toEqual(told(/certificate required|closes the connection/, hint));
    const clientCertPair = { crt: pem('localhost'), key };
    expect(await ask(address, 'ca', { clientCertPair })).toEqual(told(/alert|closes the connection/, hint));
  });

  it('is a client certificate beside another’s key', async () => {
    const clientCertPair = { crt: pem('ca'), key };
    const why = await ask(await serve('localhost'), 'ca', { clientCertPair });
    expect(why).toEqual(told(/key values mismatch/, 'TEMPORAL_TLS_CLIENT_KEY_PATH'));
  });

  it('is an API key that it does not take, which is not told', async () => {
    const why = await ask(await serve('localhost'), 'ca');
    expect(why).toEqual(told(/UNAUTHENTICATED: Request unauthorized\.$/, 'TEMPORAL_API_KEY'));
    expect(JSON.stringify(why)).not.toContain('another-key');
  });

  it('is TLS on one side only', async () => {
    expect(await whyUnreachable({ address: await serve('localhost') })).toEqual(told(/closes/, 'TEMPORAL_TLS=true'));
    await close();
    server = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await ask(await listen(), 'ca')).toEqual(told(/^TLS: wrong version number$/, 'speaks no TLS'));
  });

  it('is that nobody is there', async () => {
    const address = await serve('localhost');
    await close();
    expect(await ask(address, 'ca')).toEqual(told(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/, 'TEMPORAL_ADDRESS'));
    expect(await ask('nowhere.invalid:7233', 'ca')).toEqual(told(/^Name resolution failed/, 'TEMPORAL_ADDRESS'));
  });
});
