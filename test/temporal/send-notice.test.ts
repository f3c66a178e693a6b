import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/domain/notices.js';
import { sendNotice } from '../../src/temporal/send-notice.js';

const notice: Notice = {
  kind: 'approval-needed',
  sweep: 'toy',
  at: '2026-01-01T00:00:00.000Z',
  about: 't0001',
  text: 'Trial t0001 waits for approval.',
  command: 'titrate approve toy t0001',
};

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly body: string;
}

describe('a notice', () => {
  let server: Server;
  let address: string;
  let folder: string;
  let status: number;
  const heard: Heard[] = [];

  beforeEach(async () => {
    status = 204;
    heard.length = 0;
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-notice-'));
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        heard.push({ headers: request.headers, url: request.url ?? '', body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/planted-secret`;
    process.env['TITRATE_TEST_HOOK'] = address;
  });

  afterEach(async () => {
    delete process.env['TITRATE_TEST_HOOK'];
    await new Promise((done) => server.close(done));
    await rm(folder, { recursive: true });
  });

  it('is posted as JSON, signed, to an address that only the environment and a file know', async () => {
    const keyFile = path.join(folder, 'key');
    await writeFile(keyFile, 'planted-key\n');
    await sendNotice(
      { webhook: 'env:TITRATE_TEST_HOOK', token: `file:${keyFile}`, signingKey: `file:${keyFile}` },
      notice,
    );
    const [{ headers, url, body } = { headers: {}, url: '', body: '' }] = heard;
    expect(url).toBe('/hook/planted-secret');
    expect(JSON.parse(body)).toEqual(notice);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['authorization']).toBe('Bearer planted-key');
    const signature = createHmac('sha256', 'planted-key').update(body).digest('hex');
    expect(headers['x-titrate-signature']).toBe(`sha256=${signature}`);
  });

  it('is tried again after what passes and not after what stays, and no error names the address', async () => {
    status = 503;
    const failure = await sendNotice({ webhook: 'env:TITRATE_TEST_HOOK' }, notice).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'StateError', message: 'the webhook answered 503' });
    status = 404;
    const refusal = await sendNotice({ webhook: 'env:TITRATE_TEST_HOOK' }, notice).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'InputError' });
    process.env['TITRATE_TEST_HOOK'] = 'http://127.0.0.1:1/planted-secret';
    const lost = await sendNotice({ webhook: 'env:TITRATE_TEST_HOOK' }, notice).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'StateError' });
    for (const error of [failure, refusal, lost]) {
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('planted-secret');
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it('says which variable or file is missing', async () => {
    await expect(sendNotice({ webhook: 'env:TITRATE_NO_SUCH' }, notice)).rejects.toThrow(
      'the environment variable TITRATE_NO_SUCH is not set where the worker runs',
    );
    await expect(sendNotice({ webhook: 'env:TITRATE_TEST_HOOK', token: 'file:/no/such/file' }, notice)).rejects.toThrow(
      'the file /no/such/file cannot be read',
    );
    process.env['TITRATE_TEST_HOOK'] = address.replace('://', '://ada:planted-secret@');
    await expect(sendNotice({ webhook: 'env:TITRATE_TEST_HOOK' }, notice)).rejects.toThrow(
      /^env:TITRATE_TEST_HOOK holds an address with a user or password in it, which cannot be used$/,
    );
    expect(heard).toEqual([]);
  });

  it('is given to a command on its standard input, and a command that fails is tried again', async () => {
    const file = path.join(folder, 'told.json');
    const script = `process.stdin.pipe(require('node:fs').createWriteStream(${JSON.stringify(file)}))`;
    await sendNotice({ command: [process.execPath, '-e', script] }, notice);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(notice);
    await expect(sendNotice({ command: [process.execPath, '-e', 'process.exit(7)'] }, notice)).rejects.toMatchObject({
      code: 'StateError',
      message: `the command ${process.execPath} ended with 7`,
    });
    await expect(sendNotice({ command: ['/no/such/program'] }, notice)).rejects.toThrow('could not be run: ENOENT');
  });
});
