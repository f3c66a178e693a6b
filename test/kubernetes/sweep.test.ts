import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { readRecord } from '../../src/ledger/record-file.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import * as sweeps from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from '../integration/real-server.js';
import { train, withLab } from './harness.js';
import { running } from './lab.js';

const NAMESPACE = 'sweeps';
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));

const lab = withLab();
let home: Home;
let on: TitrateConnection;
beforeAll(async () => {
  await lab().addNamespace(NAMESPACE);
  home = await temporaryHome();
  on = await connect({ home, env });
  await ensureWorker(home, on, { env });
}, 180_000);
afterAll(async () => {
  await stopWorker(home, on);
  await on.close();
  await removeHome(home);
});

/** Four runs, two at once, each of two seconds; the home lies where the nodes of the lab see it. */
const smallSweep = (): Sweep =>
  parseSweep({
    name: 'on-kubernetes',
    objective: { minimize: 'loss' },
    domains: { web: {}, code: {} },
    scales: { S: { parameters: 1000, tokensPerStep: 10, steps: [10, 20] } },
    target: { scale: 'S', steps: 20 },
    cost: { kind: 'table', perStep: { S: 0.1 } },
    budget: { targetRuns: 6 },
    parallel: 2,
    policy: 'random',
    retries: { backoff: { firstSeconds: 0.1, longestSeconds: 1 } },
    launcher: {
      kind: 'kubernetes',
      namespace: NAMESPACE,
      kubeconfig: lab().plane.kubeconfig,
      image: 'trainer',
      command: [...train()],
      sharedHome: { volume: { hostPath: { path: home.root } }, mountPath: home.root },
      graceSeconds: 1,
    },
  });

it('A sweep runs on Kubernetes to its end, through an eviction and a restart of the API server, and starts no key twice', async () => {
  const sweepId = 'on-kubernetes';
  await sweeps.start(on, { sweepId, sweep: smallSweep() });
  await lab().evict(await lab().waitForPod(NAMESPACE, running, 60_000));
  await lab().waitForPod(NAMESPACE, ({ metadata }) => metadata?.labels?.['titrate/generation'] === '2', 60_000);
  await lab().plane.restart();
  const result = await sweeps.result(on, sweepId);
  expect(result.status).toBe('completed');
  const { jobs, record } = sweepPaths(home, sweepId);
  const keys = (await readFile(join(jobs, 'starts.log'), 'utf8'))
    .split('\n')
    .flatMap((line) => line.split(' ')[0] || []);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.filter((key) => key.endsWith('.g2'))).toHaveLength(1);
  const observed = (await readRecord(record)).lines.flatMap(({ event }) => (event.type === 'observed' ? [event] : []));
  expect(observed.length).toBe(result.trials);
}, 300_000);
