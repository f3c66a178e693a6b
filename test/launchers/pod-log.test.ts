import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jobFiles } from '../../src/launchers/job-folder.js';
import type { Cluster } from '../../src/launchers/kubernetes/cluster.js';
import { createLogKeeper } from '../../src/launchers/kubernetes/pod-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-pod-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

const HOUR_MS = 3_600_000;

const pod = { name: 'pod', uid: 'uid' };
const metricsLine = (step: number): string => JSON.stringify({ step, metrics: { loss: 10 - step } });

/** A keeper over a log that grows, as its node gives it. */
const growingLog = () => {
  const log: { at: number; text: string }[] = [];
  const readLog: Cluster['readLog'] = async (_pod, _container, lastSeconds = Infinity) =>
    log
      .filter(({ at }) => at >= Date.now() - 1000 * lastSeconds)
      .map(({ text }) => text)
      .join('');
  const keeper = createLogKeeper(() => ({ readLog }) as Partial<Cluster> as Cluster);
  const files = jobFiles(folder);
  return {
    keeper,
    say: (text: string, at = Date.now()) => log.push({ at, text: `${new Date(at).toISOString()} ${text}\n` }),
    fetch: () => keeper.fetch(files, pod, true),
    metrics: async (): Promise<string> => {
      await keeper.settle(files, [pod.uid]);
      return readFile(files.metrics, 'utf8');
    },
    progress: () => keeper.progress(files, pod.uid),
  };
};

it('a line that is longer than any that counts hides none of those after it', async () => {
  const { say, fetch, metrics, progress } = growingLog();
  say(metricsLine(1));
  await fetch();
  say('#'.repeat(3_000_000));
  await fetch(); // ends with that line
  say(metricsLine(2));
  await fetch();
  expect(await progress()).toMatchObject({ steps: 2 });
  expect(await metrics()).toBe(`${metricsLine(1)}\n${metricsLine(2)}\n`);
});

it('a metrics line counts behind a progress bar that its node cut within a line, and not behind other words', async () => {
  const { say, fetch, metrics } = growingLog();
  const bar = Array.from({ length: 40 }, (_, i) => `\r ${i}%|## | ${i}/100 [00:0`).join('');
  say(`${bar}${metricsLine(1)}`);
  say(bar);
  await fetch();
  say(`DEBUG would write ${metricsLine(2)}`);
  say(`${bar}${metricsLine(3)}\r`);
  await fetch();
  expect(await metrics()).toBe(`${metricsLine(1)}\n${metricsLine(3)}\n`);
});

it('what a node says in the place of a log is no line of it', async () => {
  const { say, fetch, metrics } = growingLog();
  const readLog: Cluster['readLog'] = async () => 'unable to retrieve container logs\n';
  await createLogKeeper(() => ({ readLog }) as Partial<Cluster> as Cluster).fetch(jobFiles(folder), pod, true);
  say(metricsLine(1));
  await fetch();
  expect(await metrics()).toBe(`${metricsLine(1)}\n`);
});

it('a log that is longer than one answer is kept whole when its pod has ended', async () => {
  const metrics = Array.from({ length: 9 }, (_, step) => metricsLine(step));
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
  await keeper.fetch(files, pod, true);
  await keeper.settle(files, ['uid']);
  expect(await readFile(files.metrics, 'utf8')).toBe(metrics.map((line) => `${line}\n`).join(''));
});
