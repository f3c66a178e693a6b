/** Secrets that a sweep, its jobs, its notices and its server need, looked for in everything that is left behind or said. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Sweep } from '../../src/domain/sweep.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { startServer } from '../../src/temporal/embedded-server.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import { writeNewKey } from '../../src/temporal/payload-keys.js';
import * as sweeps from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from './real-server.js';
import { smallSweep } from './small-sweep.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SWEEP = 'secretive';
const secret = (): string => randomBytes(12).toString('hex');
const SECRETS = { hookPath: secret(), hookToken: secret(), signingKey: secret(), job: secret(), api: secret() };

const JOB = `
  const { readFileSync, writeFileSync } = require('node:fs');
  if (!process.env.JOB_SECRET || !process.env.FILE_SECRET) process.exit(3);
  const { checkpoints } = JSON.parse(readFileSync('job.json', 'utf8'));
  const line = (step) => JSON.stringify({ step, metrics: { book_ce: 1 } }) + '\\n';
  writeFileSync('metrics.jsonl', checkpoints.map(line).join(''));`;

let home: Home;
let vault: string;
let keyText: string;
let env: Record<string, string | undefined>;
let on: TitrateConnection;
let hook: Server;
const asked: { readonly path: string; readonly authorization: string }[] = [];

beforeAll(async () => {
  home = await temporaryHome();
  vault = await mkdtemp(join(tmpdir(), 'titrate-vault-'));
  const keys = join(vault, 'titrate.keys');
  await writeNewKey(keys, new Date());
  keyText = (await readFile(keys, 'utf8')).trim().split(' ')[1] ?? '';
  await writeFile(join(vault, 'hook-token'), `${SECRETS.hookToken}\n`, { mode: 0o600 });
  hook = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '' });
    response.writeHead(404).end(); // refused for good, so that the failure is recorded
  });
  await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
  const { port } = hook.address() as AddressInfo;
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
  const { address } = await startServer(home, { env: own, log: () => undefined });
  env = {
    ...own,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_API_KEY: SECRETS.api,
    TEMPORAL_TLS: 'false',
    TITRATE_HOME: home.root,
    TITRATE_ENCRYPTION_KEYS: keys,
    HOOK: `http://127.0.0.1:${port}/${SECRETS.hookPath}`,
    HOOK_KEY: SECRETS.signingKey,
    JOB_VAULT: SECRETS.job,
  };
  on = await connect({ home, env });
  await ensureWorker(home, on, { env });
  const sweep: Sweep = {
    ...smallSweep(),
    launcher: {
      kind: 'local',
      command: [process.execPath, '-e', JOB],
      env: {},
      secrets: { JOB_SECRET: 'env:JOB_VAULT', FILE_SECRET: `file:${vault}/hook-token` },
    },
    notify: [{ webhook: 'env:HOOK', token: `file:${vault}/hook-token`, signingKey: 'env:HOOK_KEY' }],
  };
  await sweeps.start(on, { sweepId: SWEEP, sweep });
  await sweeps.result(on, SWEEP);
});
afterAll(async () => {
  await stopWorker(home, on);
  await on.close();
  await removeHome(home);
  hook.close();
  await rm(vault, { recursive: true, force: true });
});

const holders = (where: string, bytes: Buffer): string[] =>
  [...Object.entries(SECRETS), ['encryption key', keyText] as const]
    .filter(([, value]) => bytes.includes(value))
    .map(([name]) => `${where} holds ${name}`);

it('the jobs and the webhook had their secrets', async () => {
  const record = await readFile(sweepPaths(home, SWEEP).record, 'utf8');
  expect(record).toContain('"completed"');
  expect(asked[0]).toEqual({ path: `/${SECRETS.hookPath}`, authorization: `Bearer ${SECRETS.hookToken}` });
});

it('no file of the home holds one: record, jobs, logs, the server’s database', async () => {
  const names = await readdir(home.root, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files.some((file) => file.endsWith('temporal.db')) && files.some((file) => file.endsWith('job.json'))).toBe(
    true,
  );
  const found = await Promise.all(files.map(async (file) => holders(file, await readFile(file))));
  expect(found.flat()).toEqual([]);
});

it('no command shows one, nor does the report', async () => {
  const run = promisify(execFile);
  const page = join(home.root, 'page.html');
  const said: string[] = [];
  for (const args of [
    ['status', SWEEP],
    ['log', SWEEP],
    ['explain', SWEEP, '1'],
    ['report', SWEEP, '--out', page],
    ['doctor'],
  ]) {
    const { stdout, stderr } = await run(process.execPath, [MAIN, ...args, '--json'], { env, maxBuffer: 1 << 26 });
    said.push(...holders(`titrate ${args.join(' ')}`, Buffer.from(stdout + stderr)));
    expect(stdout.length).toBeGreaterThan(10);
  }
  said.push(...holders('the report', await readFile(page)));
  expect(said).toEqual([]);
});
