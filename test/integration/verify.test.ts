/** What a real sweep leaves behind, audited: its record, its jobs, its anchor in Temporal and its signed end. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditFolder, type AuditOptions } from '../../src/audit/audit.js';
import { recomputeHere } from '../../src/audit/recompute.js';
import { readAnchors } from '../../src/cli/anchors.js';
import { createIo } from '../../src/cli/io.js';
import { readPublicKey, SIGNING_KEY_VARIABLE, writeKeyPair } from '../../src/ledger/signing-key.js';
import { anchoredHead } from '../../src/temporal/anchored-head.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import { packageVersion } from '../../src/temporal/package-version.js';
import * as sweeps from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from './real-server.js';
import { smallSweep } from './small-sweep.js';

const SWEEP = 'audited';
let home: Home;
let on: TitrateConnection;
let key: string;

beforeAll(async () => {
  home = await temporaryHome();
  key = join(home.root, 'team.key');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
  on = await connect({ home, env });
  await writeKeyPair(key);
  await ensureWorker(home, on, { env: { ...env, [SIGNING_KEY_VARIABLE]: key } });
  await sweeps.start(on, { sweepId: SWEEP, sweep: { ...smallSweep({ policy: 'titrate' }), confirm: 1 } });
  await sweeps.result(on, SWEEP);
});
afterAll(async () => {
  await stopWorker(home, on);
  await on.close();
  await removeHome(home);
});

const options = async (): Promise<AuditOptions> => ({
  withoutJobs: false,
  anchors: [{ ...(await anchoredHead(on, SWEEP)), from: 'Temporal' }],
  publicKey: await readPublicKey(`${key}.pub`),
  recompute: recomputeHere,
  version: packageVersion(),
  node: process.version,
});

it('a sweep’s record holds in every check, to the last bit, and is vouched for by Temporal and by the team’s key', async () => {
  const audit = await auditFolder(sweepPaths(home, SWEEP).folder, await options());
  expect(audit.checks.flatMap(({ faults }) => faults)).toEqual([]);
  expect(audit.checks.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
    'chain: holds',
    'anchors: holds',
    'story: holds',
    'budget: holds',
    'decisions: holds',
    'jobs: holds',
  ]);
  expect(audit.head).toEqual(await anchoredHead(on, SWEEP));
});

it('Temporal is asked about a copy by what its record says, and about a sweep of the home by its name there', async () => {
  const anchors = (folder: string) =>
    readAnchors({ positionals: [], flags: { anchor: 'temporal', home: home.root }, io: createIo(false) }, folder);
  const head = await anchoredHead(on, SWEEP);
  const copy = join(home.root, 'copies', 'of-today');
  await cp(sweepPaths(home, SWEEP).folder, copy, { recursive: true });
  expect(await anchors(copy)).toMatchObject([head]);
  const posing = sweepPaths(home, 'posing').folder;
  await cp(copy, posing, { recursive: true });
  await expect(anchors(posing)).rejects.toThrow('found no sweep "posing"');
  await rm(posing, { recursive: true });
});

it('a record that lost its end is told by both', async () => {
  const { record, folder } = sweepPaths(home, SWEEP);
  const text = await readFile(record, 'utf8');
  const lines = text.trimEnd().split('\n');
  await writeFile(record, lines.slice(0, -1).join('\n') + '\n');
  const { checks } = await auditFolder(folder, { ...(await options()), withoutJobs: true });
  await writeFile(record, text);
  const faults = checks.find(({ name }) => name === 'anchors')?.faults ?? [];
  expect(faults.map(({ looksLike, where }) => [looksLike, where])).toEqual([
    ['cut tail', `line ${lines.length}`],
    ['cut tail', `line ${lines.length}`],
  ]);
});
