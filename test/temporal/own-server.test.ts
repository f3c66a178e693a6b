import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '../../src/temporal/doctor.js';
import { homeAt, readHomeId } from '../../src/temporal/home.js';
import { findOwnServer } from '../../src/temporal/own-server.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'titrate-own-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = (toml: string): string => {
  const path = join(folder, 'temporal.toml');
  writeFileSync(path, toml);
  return path;
};
const none = (): string => settings('[profile.other]\naddress = "other.example:7233"\n');

describe('a team’s own server', () => {
  it('is not meant when nothing is set', () => {
    expect(findOwnServer({ TEMPORAL_CONFIG_FILE: none() })).toBeUndefined();
  });

  it('is not meant by an empty configuration file', () => {
    expect(findOwnServer({ TEMPORAL_CONFIG_FILE: settings('') })).toBeUndefined();
    expect(findOwnServer({ TEMPORAL_CONFIG_FILE: '/dev/null', TEMPORAL_ADDRESS: 'a:1' })?.address).toBe('a:1');
  });

  it('is not left out silently when the configuration file that is named is not there', () => {
    const absent = join(folder, 'absent.toml');
    expect(() => findOwnServer({ TEMPORAL_CONFIG_FILE: absent })).toThrow(
      `TEMPORAL_CONFIG_FILE: expected the path of a file; found ${absent}`,
    );
  });

  it('whose settings cannot be read is one of the doctor’s findings, beside all others', async () => {
    const env = {
      TEMPORAL_CONFIG_FILE: none(),
      TEMPORAL_ADDRESS: 'a:1',
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'absent.pem'),
    };
    const checks = await examine({ home: homeAt(join(folder, 'home')), env });
    expect(checks.map(({ name }) => name)).toEqual(['node', 'home', 'disk', 'privacy', 'orphans', 'server']);
    expect(checks.at(-1)).toMatchObject({ ok: false, detail: expect.stringContaining('absent.pem') });
  });

  it('is not missed by the doctor in a home that never had a server: the first command that needs one starts it', async () => {
    const home = homeAt(join(folder, 'new-home'));
    const serverOf = async () =>
      (await examine({ home, env: { TEMPORAL_CONFIG_FILE: none() } })).find(({ name }) => name === 'server');
    expect(await serverOf()).toEqual({ name: 'server', ok: true, detail: 'none yet: titrate run starts one' });
    mkdirSync(home.server.folder, { recursive: true });
    writeFileSync(home.server.database, '');
    expect(await serverOf()).toMatchObject({ ok: false, mend: 'titrate server start' });
  });

  it('is looked for by the doctor beside files of the home that cannot be read, which it tells like all else', async () => {
    const env = { TEMPORAL_CONFIG_FILE: none() };
    const home = homeAt(join(folder, 'closed-home'));
    mkdirSync(home.server.record, { recursive: true }); // like a file of another user: it is there, and cannot be read
    const checks = await examine({ home, env });
    const detail = `cannot read the file: the system refuses, EISDIR (${home.server.record})`;
    expect(checks.at(-1)).toMatchObject({ name: 'server', ok: false, detail });
    mkdirSync(home.idFile);
    await expect(readHomeId(home)).rejects.toMatchObject({ code: 'StateError', values: { path: home.idFile } });
  });

  it.each([
    [5, 'Namespace mixing is not found.', /^create namespace mixing/, /^namespace mixing comes first$/],
    [7, 'Request unauthorized.', /^the API key or client certificate/, /^the API key or client certificate/],
    [13, 'out of order', /^titrate doctor once more/, /^titrate doctor once more/],
  ])('that answers %i is not mended by what would mend another answer', async (status, message, mend, then) => {
    const server: Http2Server = createServer();
    server.on('stream', (stream, headers) => {
      const isGreeting = headers[':path']?.endsWith('/GetSystemInfo'); // older servers do not know it: 12
      const answer = { 'grpc-status': isGreeting ? '12' : `${status}`, 'grpc-message': message };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer }, { endStream: true });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const env = { TEMPORAL_CONFIG_FILE: none(), TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'mixing' };
      const checks = await examine({ home: homeAt(join(folder, 'home')), env });
      const found = Object.fromEntries(checks.map((check) => [check.name, check]));
      const detail = expect.stringContaining(message) as string;
      expect(found['server']?.ok).toBe(true);
      expect(found['namespace']).toMatchObject({ ok: false, detail, mend: expect.stringMatching(mend) as string });
      expect(found['search attributes']).toMatchObject({
        ok: false,
        detail,
        mend: expect.stringMatching(then) as string,
      });
      expect(found['worker']).toMatchObject({ ok: false, detail, mend: expect.stringMatching(then) as string });
    } finally {
      await new Promise((done) => server.close(done));
    }
  });

  it('is named by TEMPORAL_ADDRESS, in namespace default', () => {
    const own = findOwnServer({ TEMPORAL_CONFIG_FILE: none(), TEMPORAL_ADDRESS: 'temporal.example:7233' });
    expect(own).toMatchObject({ address: 'temporal.example:7233', namespace: 'default' });
  });

  it('is the local default when only a namespace is named', () => {
    const own = findOwnServer({ TEMPORAL_CONFIG_FILE: none(), TEMPORAL_NAMESPACE: 'mixing' });
    expect(own).toMatchObject({ address: '127.0.0.1:7233', namespace: 'mixing' });
  });

  it('is read from a profile of the CLI’s file, and an API key brings TLS', () => {
    const path = settings('[profile.cloud]\naddress = "x.tmprl.cloud:7233"\nnamespace = "x.y"\napi_key = "secret"\n');
    const own = findOwnServer({ TEMPORAL_CONFIG_FILE: path, TEMPORAL_PROFILE: 'cloud' });
    expect(own).toMatchObject({
      address: 'x.tmprl.cloud:7233',
      namespace: 'x.y',
      options: { apiKey: 'secret', tls: true },
    });
  });

  it('is refused with a hint when its profile is not there', () => {
    const env = { TEMPORAL_CONFIG_FILE: none(), TEMPORAL_PROFILE: 'absent' };
    expect(() => findOwnServer(env)).toThrow(/Profile 'absent' not found/);
  });

  it('is refused when only half of a client’s certificate and key is named, which the SDK would leave out unsaid', () => {
    const file = none();
    const half = (name: string): (() => unknown) => {
      const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: 'a:1', [`TEMPORAL_TLS_CLIENT_${name}_PATH`]: file };
      return () => findOwnServer(env);
    };
    expect(half('CERT')).toThrow('TEMPORAL_TLS_CLIENT_KEY_PATH: expected the client key beside the client certificate');
    expect(half('KEY')).toThrow('TEMPORAL_TLS_CLIENT_CERT_PATH: expected the client certificate beside the client key');
    const pair = { TEMPORAL_TLS_CLIENT_CERT_PATH: file, TEMPORAL_TLS_CLIENT_KEY_PATH: file };
    const own = findOwnServer({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: 'a:1', ...pair });
    expect(own?.options.tls).toMatchObject({ clientCertPair: { crt: expect.anything(), key: expect.anything() } });
  });
});
