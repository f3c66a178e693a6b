/** A sweep from its file to its recommendation: real server, real worker, real cluster, with a killed worker and a frozen controller. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { readRecord } from '../../src/ledger/record-file.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import { progress, result, start } from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from '../integration/real-server.js';
import { startLab, until, type SlurmLab } from './lab.js';

const TRIALS = 6;
const job = path.resolve(import.meta.dirname, '../fixtures/jobs/short-job.mjs');

let lab: SlurmLab;
let home: Home;
let on: TitrateConnection;
let shared: string;
const log = (line: string): void => console.log(line);

const sweep = () =>
  parseSweep({
    name: 'on-slurm',
    objective: { minimize: 'loss' },
    domains: { a: {}, b: {} },
    scales: { '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [1000, 2000] } },
    target: { scale: '20M', steps: 2000 },
    cost: { kind: 'table', perStep: { '20M': 1 / 2000 } },
    budget: { cost: TRIALS },
    parallel: 2,
    policy: 'random',
    launcher: { kind: 'slurm', command: [process.execPath, job], folder: shared, partition: 'urgent', time: 10 },
    seed: 3,
  });

beforeAll(async () => {
  lab = await startLab({ accounting: true });
  home = await temporaryHome();
  shared = await mkdtemp(path.join(tmpdir(), 'titrate-shared-'));
  on = await connect({ home, env: {}, log });
});
afterAll(async () => {
  await on?.close();
  if (home !== undefined) {
    if (on !== undefined) await stopWorker(home, on);
    await removeHome(home);
  }
  await lab?.stop();
  await rm(shared, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('runs on Slurm, loses nothing to a killed worker and a frozen controller, and starts every job once', async () => {
  const env = { ...process.env, ...lab.env };
  await ensureWorker(home, on, { log, env });
  await start(on, { sweepId: 'on-slurm', sweep: sweep() });
  const observed = async (): Promise<number> => (await progress(on, 'on-slurm', { timeoutMs: 60_000 })).observations;
  await until('an observation', async () => (await observed()) >= 1, 150_000);
  const { pid } = await ensureWorker(home, on, { env });
  process.kill(pid, 'SIGKILL');
  await until('the killed worker to be gone', async () => !isThere(pid)); // one that is dying still counts as running
  await ensureWorker(home, on, { log, env });
  await until('more observations', async () => (await observed()) >= 3, 150_000);
  lab.freeze('slurmctld');
  await sleep(8_000); // longer than the cluster's clients wait
  lab.thaw('slurmctld');
  expect(await result(on, 'on-slurm')).toMatchObject({ status: 'completed', trials: TRIALS, spent: TRIALS });
  const { lines } = await readRecord(sweepPaths(home, 'on-slurm').record);
  const launched = lines.flatMap(({ event }) => (event.type === 'launched' ? [event] : []));
  expect(launched).toHaveLength(TRIALS);
  expect(launched.every(({ native }) => /^slurm job \d+$/.test(native))).toBe(true);
  const jobs = path.join(shared, 'on-slurm/jobs');
  for (const key of await readdir(jobs)) {
    expect((await readFile(path.join(jobs, key, 'starts.log'), 'utf8')).trim().split('\n'), key).toHaveLength(1);
  }
}, 500_000);
