/** Runs sweeps for the benchmark of long life, and looks at what they cost from outside. */
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSweep } from '../src/domain/parse-sweep.js';
import { SWEEP_WORKFLOW, sweepWorkflowId } from '../src/domain/messages.js';
import type { Sweep } from '../src/domain/sweep.js';
import { connect, type TitrateConnection } from '../src/temporal/client.js';
import { serverStatus, stopServer } from '../src/temporal/embedded-server.js';
import { sweepPaths, type Home } from '../src/temporal/home.js';
import { progress, result, start } from '../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../src/temporal/worker-process.js';

/** A look at what runs. */
export interface Sample {
  /** Since the start (s). */
  readonly seconds: number;
  readonly decisions: number;
  /** Resident memory (MB). */
  readonly workerMb: number;
  readonly serverMb: number;
}

export interface Figures {
  readonly trials: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  readonly events: number;
  readonly longestHistory: number;
  readonly historyMb: number;
  readonly longestHistoryMb: number;
  /** Runs of sweep workflows: one more than they continued as new. */
  readonly sweepRuns: number;
  readonly recordMb: number;
  readonly databaseMb: number;
}

export interface Place {
  readonly home: Home;
  readonly on: TitrateConnection;
  /** Process ids. */
  readonly worker: number;
  readonly server: number;
}

const MB = 1024 * 1024;
const LOOK_MS = 1000;
const DOMAINS = ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'];

/** Random search at the cheapest fidelity: deciding takes next to no time, and so does a job. */
const cheapSweep = (trials: number, parallel: number): Sweep =>
  parseSweep({
    name: 'long-life',
    objective: { minimize: 'book_ce' },
    domains: Object.fromEntries(DOMAINS.map((name) => [name, {}])),
    scales: { '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [2000] } },
    target: { scale: '20M', steps: 2000 },
    cost: { kind: 'table', perStep: { '20M': 1 / 2000 } },
    budget: { cost: trials },
    parallel,
    policy: 'random',
    launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0 },
  });

const residentMb = (pid: number): number => {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  } catch {
    return Number.NaN; // it ended
  }
};

/** Starts server and worker in a home, works, and stops them. */
export const withHome = async <T>(home: Home, work: (place: Place) => Promise<T>): Promise<T> => {
  const log = (line: string): void => console.error(line);
  const on = await connect({ home, env: {}, log });
  try {
    const { pid: worker } = await ensureWorker(home, on, { log });
    const server = await serverStatus(home);
    if (server.state !== 'running') throw new Error('the server does not run');
    return await work({ home, on, worker, server: server.record.pid });
  } finally {
    await stopWorker(home, on);
    await on.close();
    await stopServer(home);
  }
};

/** Looks every second until the work is done. */
const whileLooking = async (
  { worker, server }: Place,
  decisions: () => Promise<number>,
  work: Promise<unknown>,
): Promise<Sample[]> => {
  const began = performance.now();
  const samples: Sample[] = [];
  const state = { isDone: false };
  const done = work.finally(() => (state.isDone = true));
  const look = async (): Promise<void> => {
    const seconds = (performance.now() - began) / 1000;
    samples.push({
      seconds,
      decisions: await decisions(),
      workerMb: residentMb(worker),
      serverMb: residentMb(server),
    });
  };
  while (!state.isDone) {
    await look();
    await Promise.race([sleep(LOOK_MS), done.catch(() => undefined)]);
  }
  await done;
  await look();
  return samples;
};

const fileMb = async (file: string): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size / MB;

const countHistories = async ({ on }: Place, prefix: string) => {
  await sleep(2000); // the visibility store lags behind by a moment
  let [events, longestHistory, bytes, longestBytes, sweepRuns] = [0, 0, 0, 0, 0];
  for await (const info of on.client.workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` })) {
    const size = Number(info.raw.historySizeBytes ?? 0);
    events += info.historyLength;
    bytes += size;
    if (info.type === SWEEP_WORKFLOW) sweepRuns += 1;
    longestHistory = Math.max(longestHistory, info.historyLength);
    longestBytes = Math.max(longestBytes, size);
  }
  return { events, longestHistory, historyMb: bytes / MB, longestHistoryMb: longestBytes / MB, sweepRuns };
};

const databaseMb = async ({ home }: Place): Promise<number> =>
  (await fileMb(home.server.database)) + (await fileMb(`${home.server.database}-wal`));

/** One sweep of so many trials. */
export const runOneSweep = async (
  place: Place,
  { trials, parallel }: { readonly trials: number; readonly parallel: number },
): Promise<Figures> => {
  const { on, home } = place;
  await start(on, { sweepId: 'long', sweep: cheapSweep(trials, parallel) });
  let last = 0;
  const decisions = async (): Promise<number> =>
    (last = await progress(on, 'long', { timeoutMs: 30_000 }).then(
      (found) => found.decisions,
      () => last, // a busy worker: the next look sees it
    ));
  const samples = await whileLooking(place, decisions, result(on, 'long'));
  const recordMb = await fileMb(sweepPaths(home, 'long').record);
  const histories = await countHistories(place, sweepWorkflowId('long'));
  const seconds = samples.at(-1)?.seconds ?? 0;
  return { trials, seconds, samples, ...histories, recordMb, databaseMb: await databaseMb(place) };
};

/** Many sweeps at once on one worker. */
export const runManySweeps = async (
  place: Place,
  { sweeps, trials, parallel }: { readonly sweeps: number; readonly trials: number; readonly parallel: number },
): Promise<Figures> => {
  const { on, home } = place;
  const ids = Array.from({ length: sweeps }, (_, i) => `many-${i}`);
  let ended = 0;
  const run = async (sweepId: string): Promise<void> => {
    await start(on, { sweepId, sweep: cheapSweep(trials, parallel), timeoutMs: 120_000 });
    await result(on, sweepId);
    ended += 1;
  };
  const samples = await whileLooking(place, async () => ended * trials, Promise.all(ids.map(run)));
  const sizes = await Promise.all(ids.map((id) => fileMb(sweepPaths(home, id).record)));
  const recordMb = sizes.reduce((sum, mb) => sum + mb, 0);
  const histories = await countHistories(place, sweepWorkflowId('many-'));
  const seconds = samples.at(-1)?.seconds ?? 0;
  return { trials: sweeps * trials, seconds, samples, ...histories, recordMb, databaseMb: await databaseMb(place) };
};
