/**
 * What a trial costs in wall time and history events when its job takes no time: a sweep of simulated trials against a
 * bare Temporal workflow with the same children and as many activities, on the same server in one go.
 *
 *     npm run bench:orchestration -- [--trials 60] [--parallel 4]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { parseSweep } from '../src/domain/parse-sweep.js';
import { sweepWorkflowId } from '../src/domain/messages.js';
import type { Sweep } from '../src/domain/sweep.js';
import { connect } from '../src/temporal/client.js';
import { stopServer } from '../src/temporal/embedded-server.js';
import { homeAt } from '../src/temporal/home.js';
import { result, start } from '../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../src/temporal/worker-process.js';

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '60' }, parallel: { type: 'string', default: '4' } },
});
const trials = Number(values.trials);
const parallel = Number(values.parallel);
const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });

/** Random search at the cheapest fidelity: deciding takes next to no time, so that what is left is orchestration. */
const benchSweep = (): Sweep =>
  parseSweep({
    name: 'bench',
    objective: { minimize: 'book_ce' },
    domains: Object.fromEntries(['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'].map((name) => [name, {}])),
    scales: { '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [2000] } },
    target: { scale: '20M', steps: 2000 },
    cost: { kind: 'table', perStep: { '20M': 1 / 2000 } },
    budget: { cost: trials },
    parallel,
    policy: 'random',
    launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0 },
  });

/** Counts the events of all workflows whose id begins with a prefix. */
const countEvents = async (client: Client, prefix: string): Promise<number> => {
  let events = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query: `WorkflowId STARTS_WITH "${prefix}"` })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    events += history.events?.length ?? 0;
  }
  return events;
};

interface Figure {
  readonly seconds: number;
  readonly events: number;
}

const timed = async (client: Client, prefix: string, work: () => Promise<unknown>): Promise<Figure> => {
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  // The visibility store lags behind by a moment.
  await new Promise((done) => setTimeout(done, 2000));
  return { seconds, events: await countEvents(client, prefix) };
};

const runBare = async (client: Client, connection: NativeConnection, namespace: string): Promise<Figure> => {
  const workflowsPath = path.resolve(import.meta.dirname, 'bare-workflows.ts');
  const taskQueue = 'bare';
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }),
    activities: { nothing: async () => {} },
  });
  const execute = (workflowId: string, count: number): Promise<unknown> =>
    client.workflow.execute('bareSweep', { workflowId, taskQueue, args: [count, parallel] });
  return worker.runUntil(async () => {
    await execute('warm-up', parallel);
    return timed(client, 'bare', () => execute('bare', trials));
  });
};

const main = async (): Promise<void> => {
  const home = homeAt(await mkdtemp(path.join(tmpdir(), 'titrate-bench-')));
  const log = (line: string): void => console.error(line);
  const on = await connect({ home, env: {}, log });
  const connection = await NativeConnection.connect({ address: on.address });
  try {
    await ensureWorker(home, on, { log });
    const execute = async (sweepId: string, sweep: Sweep): Promise<void> => {
      await start(on, { sweepId, sweep });
      await result(on, sweepId);
    };
    const sweep = benchSweep();
    await execute('warm-up', { ...sweep, budget: parallel });
    const ours = await timed(on.client, sweepWorkflowId('bench'), () => execute('bench', sweep));
    await stopWorker(home, on);
    print(ours, await runBare(on.client, connection, on.namespace));
  } finally {
    await connection.close();
    await on.close();
    await stopWorker(home, on);
    await stopServer(home);
    await rm(home.root, { recursive: true, force: true });
  }
};

const print = (ours: Figure, bare: Figure): void => {
  const line = (name: string, { seconds, events }: Figure): void => {
    const perTrial = ((1000 * seconds) / trials).toFixed(0);
    console.log(
      `${name.padEnd(24)} ${perTrial.padStart(6)} ms/trial ${(events / trials).toFixed(1).padStart(6)} events/trial`,
    );
  };
  console.log(`${trials} simulated trials of no length, ${parallel} at once, one machine, one server`);
  line('titrate', ours);
  line('bare Temporal workflow', bare);
  const ratio = (ours.seconds / bare.seconds).toFixed(2);
  console.log(
    `ours: ${ratio} times the bare workflow; ${((1000 * (ours.seconds - bare.seconds)) / trials).toFixed(0)} ms a trial on top`,
  );
};

await main();
