/** What a server keeps of an encrypted sweep, what a change of keys does, and what a process without the key says. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import proto from '@temporalio/proto';
import { HEAD_MEMO, sweepWorkflowId, trialWorkflowId } from '../../src/domain/messages.js';
import { anchoredHead } from '../../src/temporal/anchored-head.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { examine } from '../../src/temporal/doctor.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import { ENCRYPTION_KEYS_VARIABLE, writeNewKey } from '../../src/temporal/payload-keys.js';
import * as sweeps from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from './real-server.js';
import { smallSweep } from './small-sweep.js';

const plainEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_') && name !== ENCRYPTION_KEYS_VARIABLE),
);
let home: Home;
let keys: string;
let env: Record<string, string | undefined>;
let plain: TitrateConnection;
let on: TitrateConnection;
let firstKey: string;

beforeAll(async () => {
  home = await temporaryHome();
  plain = await connect({ home, env: plainEnv });
  keys = join(home.root, 'titrate.keys');
  env = { ...plainEnv, [ENCRYPTION_KEYS_VARIABLE]: keys };
});
afterAll(async () => {
  await stopWorker(home, plain);
  await on?.close();
  await plain.close();
  await removeHome(home);
});

const WORDS = ['arxiv', 'stackexchange', 'book_ce', 'slimpajama', 'why-not'];

/** Everything that the server keeps of a workflow: its history, memo, and what it lists. */
const kept = async (workflowId: string): Promise<Buffer> => {
  const handle = plain.client.workflow.getHandle(workflowId);
  const history = proto.temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish();
  const described = await plain.connection.workflowService.describeWorkflowExecution({
    namespace: plain.namespace,
    execution: { workflowId },
  });
  const answer = proto.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.encode(described).finish();
  return Buffer.concat([history, answer]);
};

const wordsIn = (bytes: Buffer): string[] => WORDS.filter((word) => bytes.includes(word));

it('a sweep that began in plain goes on, and ends, under a worker that encrypts', async () => {
  await ensureWorker(home, plain, { env: plainEnv });
  await sweeps.start(plain, { sweepId: 'began-plain', sweep: smallSweep({ secondsPerUnit: 0.02 }) });
  firstKey = await writeNewKey(keys, new Date());
  on = await connect({ home, env });
  const lines: string[] = [];
  await ensureWorker(home, on, { env, log: (line) => lines.push(line) });
  expect(lines.join('\n')).toContain(`lacks the encryption key ${firstKey}; starting it anew`);
  expect(await sweeps.result(on, 'began-plain')).toMatchObject({ status: 'completed' });
});

it('the server keeps no name of a domain, metric or world of an encrypted sweep, nor a reason that a person gave', async () => {
  await sweeps.start(on, { sweepId: 'closed', sweep: smallSweep({ secondsPerUnit: 0.01 }) });
  await sweeps.act(on, 'closed', 'pause', { by: 'test', reason: 'why-not' });
  expect((await sweeps.progress(on, 'closed')).status).toBe('paused');
  await sweeps.act(on, 'closed', 'resume', { by: 'test' });
  expect(await sweeps.result(on, 'closed')).toMatchObject({ status: 'completed' });
  expect(await anchoredHead(on, 'closed')).toMatchObject({ seq: expect.any(Number) as number });

  const record = await readFile(sweepPaths(home, 'closed').record, 'utf8');
  expect(WORDS.filter((word) => !record.includes(word))).toEqual([]); // they are there to be found
  const shown = await kept(sweepWorkflowId('closed'));
  expect(wordsIn(shown)).toEqual([]);
  expect(wordsIn(await kept(trialWorkflowId('closed', 't0001', 1)))).toEqual([]);
  expect(shown.includes('binary/encrypted') && shown.includes(firstKey)).toBe(true);
  expect(shown.includes(HEAD_MEMO)).toBe(true); // names of memos and search attributes stay plain
  expect(wordsIn(await kept(sweepWorkflowId('began-plain'))).length).toBeGreaterThan(0); // the search would find them
});

it('failures of an encrypted sweep are kept encrypted, and are told to whoever has the key', async () => {
  const broken = {
    ...smallSweep(),
    launcher: { kind: 'simulator', world: '/no/why-not.csv', secondsPerUnit: 0 },
  } as const;
  await sweeps.start(on, { sweepId: 'broken', sweep: broken });
  for (const end = Date.now() + 30_000; (await sweeps.progress(on, 'broken')).status !== 'paused';) {
    if (Date.now() > end) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const progress = await sweeps.progress(on, 'broken');
  expect(wordsIn(await kept(sweepWorkflowId('broken')))).toEqual([]);
  expect(JSON.stringify(progress) + (await readFile(sweepPaths(home, 'broken').record, 'utf8'))).toContain('why-not');
  await sweeps.act(on, 'broken', 'cancel', { by: 'test' });
  await sweeps.result(on, 'broken');
});

it('without the key, commands say which one is missing, lists still list, and no worker takes the work', async () => {
  await sweeps.start(on, { sweepId: 'rotated', sweep: smallSweep({ secondsPerUnit: 0.05 }) });
  await expect(sweeps.progress(plain, 'rotated')).rejects.toMatchObject({
    message: expect.stringContaining(firstKey) as string,
  });
  await expect(sweeps.act(plain, 'rotated', 'pause', { by: 'test' })).rejects.toThrow(firstKey);
  expect((await sweeps.progress(on, 'rotated')).status).not.toBe('paused'); // what cannot be answered is not done either
  expect((await sweeps.list(plain)).map(({ sweepId }) => sweepId)).toContain('rotated');
  const failing = async (environment: typeof env): Promise<(string | undefined)[]> =>
    (await examine({ home, env: environment })).filter(({ ok }) => !ok).map(({ detail }) => detail);
  expect(await failing(env)).toEqual([]);
  expect(await failing(plainEnv)).toEqual([`it has the encryption key "${firstKey}", which this command lacks`]);
  await stopWorker(home, on);
  await expect(ensureWorker(home, plain, { env: plainEnv })).rejects.toThrow(
    new RegExp(`encrypted with the key "${firstKey}"; found no keys[^]*TITRATE_ENCRYPTION_KEYS`),
  );
  await chmod(keys, 0o644);
  await expect(ensureWorker(home, plain, { env })).rejects.toThrow(/chmod 600/);
  await chmod(keys, 0o600);
});

it('after a change of keys the sweep goes on with both, and what is new needs the new one', async () => {
  const old = await readFile(keys, 'utf8');
  const added = `${keys}.new`;
  const secondKey = await writeNewKey(added, new Date());
  await writeFile(keys, (await readFile(added, 'utf8')) + old);
  await ensureWorker(home, on, { env });
  const both = await connect({ home, env });
  expect(await sweeps.result(both, 'rotated')).toMatchObject({ status: 'completed' });
  const shown = await kept(sweepWorkflowId('rotated'));
  expect([shown.includes(firstKey), shown.includes(secondKey)]).toEqual([true, true]);
  expect(wordsIn(shown)).toEqual([]);
  await both.close();
});
