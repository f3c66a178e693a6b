/** Kill -9 of the worker and of the server in the middle of sweeps whose jobs are real processes. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { SweepProgress } from '../../src/domain/messages.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { readRecord } from '../../src/ledger/record-file.js';
import { connect } from '../../src/temporal/client.js';
import type { TitrateConnection } from '../../src/temporal/client.js';
import { serverStatus, startServer } from '../../src/temporal/embedded-server.js';
import { sweepPaths } from '../../src/temporal/home.js';
import type { Home } from '../../src/temporal/home.js';
import { progress, result, start } from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { removeHome, temporaryHome } from './real-server.js';

const TRIALS = 8;
const job = path.resolve(import.meta.dirname, '../fixtures/jobs/short-job.mjs');

const launchers = {
  'local processes': { kind: 'local', command: [process.execPath, job] },
  'simulated jobs': { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 1.5 },
} as const;

const sweepOn = (launcher: keyof typeof launchers): Sweep => {
  const isReal = launcher === 'local processes';
  const domains = isReal ? ['a', 'b'] : ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'];
  return parseSweep({
    name: 'crash',
    objective: { minimize: isReal ? 'loss' : 'book_ce' },
    domains: Object.fromEntries(domains.map((name) => [name, {}])),
    scales: { '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [1000, 2000] } },
    target: { scale: '20M', steps: 2000 },
    cost: { kind: 'table', perStep: { '20M': 1 / 2000 } },
    budget: { cost: TRIALS },
    parallel: 2,
    policy: 'random',
    launcher: launchers[launcher],
    seed: 3,
  });
};

describe.each(['local processes', 'simulated jobs'] as const)('a sweep of %s', (kind) => {
  let home: Home;
  let on: TitrateConnection;
  const log = (line: string): void => console.log(line);

  beforeEach(async () => {
    home = await temporaryHome();
    on = await connect({ home, env: {}, log });
    await ensureWorker(home, on, { log });
    await start(on, { sweepId: 'crash', sweep: sweepOn(kind) });
  });
  afterEach(async () => {
    await on.close();
    await stopWorker(home, on);
    await removeHome(home);
  });

  const observed = async (count: number): Promise<SweepProgress> => {
    for (;;) {
      const now = await progress(on, 'crash', { timeoutMs: 60_000 });
      if (now.pause !== null) throw new Error(`the sweep paused: ${now.pause.reason}`);
      if (now.observations >= count || now.result !== null) return now;
      await sleep(50);
    }
  };

  const expectNothingLostOrDoubled = async (): Promise<void> => {
    const { lines } = await readRecord(sweepPaths(home, 'crash').record);
    const keys = lines.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    const of = (type: RecordEvent['type']): string[] => keys.filter((_, i) => lines[i]?.event.type === type);
    expect(of('decided')).toEqual(Array.from({ length: TRIALS }, (_, n) => `decided:${n + 1}`));
    expect(of('launched')).toHaveLength(TRIALS);
    expect(of('observed')).toHaveLength(TRIALS);
    expect(lines.at(-1)?.event).toMatchObject({ type: 'ended', status: 'completed', spent: TRIALS });
    const jobs = sweepPaths(home, 'crash').jobs;
    const folders = await readdir(jobs);
    expect(folders).toHaveLength(TRIALS);
    if (kind === 'simulated jobs') return;
    // Launches are counted by what the jobs themselves wrote.
    for (const folder of folders) {
      const starts = await readFile(path.join(jobs, folder, 'starts.log'), 'utf8');
      expect(starts.trim().split('\n'), folder).toHaveLength(1);
    }
  };

  it('goes on after kill -9 of its worker, launching nothing twice', async () => {
    for (const after of [1, 4]) {
      await observed(after);
      const { pid } = await ensureWorker(home, on);
      process.kill(pid, 'SIGKILL');
      await sleep(300);
      await ensureWorker(home, on, { log });
    }
    expect(await result(on, 'crash')).toMatchObject({ status: 'completed', trials: TRIALS, spent: TRIALS });
    await expectNothingLostOrDoubled();
  });

  it('goes on after kill -9 of its server, launching nothing twice', async () => {
    for (const after of [1, 4]) {
      await observed(after);
      const status = await serverStatus(home);
      if (status.state !== 'running') throw new Error('the server should run');
      process.kill(status.record.pid, 'SIGKILL');
      await sleep(300);
      await startServer(home, { log });
    }
    expect(await result(on, 'crash')).toMatchObject({ status: 'completed', trials: TRIALS, spent: TRIALS });
    await expectNothingLostOrDoubled();
  });
});
