import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobFiles } from '../../src/launchers/job-folder.js';
import type { Cluster } from '../../src/launchers/kubernetes/cluster.js';
import { createLogKeeper } from '../../src/launchers/kubernetes/pod-log.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-pod-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

const HOUR_MS = 3_600_000;

it('a log that is longer than one answer is kept whole when its pod has ended', async () => {
  const metrics = Array.from({ length: 9 }, (_, step) => JSON.stringify({ step, metrics: { loss: 10 - step } }));
  const began = Date.now() - 9 * HOUR_MS;
  const log = metrics.map((line, i) => ({
    at: began + i * HOUR_MS,
    line: `${new Date(began + i * HOUR_MS).toISOString()} ${line}`,
  }));
  const limit = 200; // three lines and a part of the fourth
  const readLog: Cluster['readLog'] = async (_pod, _container, lastSeconds = Infinity) => {
    const told = log.filter(({ at }) => at >= Date.now() - 1000 * lastSeconds).map(({ line }) => line);
    return told.join('\n').slice(0, limit); // the last line has no newline
  };
  const keeper = createLogKeeper(() => ({ readLog }) as Partial<Cluster> as Cluster);
  const files = jobFiles(folder);
  await keeper.fetch(files, { name: 'pod', uid: 'uid' }, true);
  await keeper.settle(files, ['uid']);
  expect(await readFile(files.metrics, 'utf8')).toBe(metrics.map((line) => `${line}\n`).join(''));
});
