/**
 * What a trial costs in wall time and history events when its job takes no time: a sweep of simulated trials against a
 * bare Temporal workflow with the same children that runs the same activities, in turns on one worker and one server.
 *
 *     npm run bench:orchestration -- [--trials 60] [--parallel 4] [--rounds 3]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, bundleWorkflowCode } from '@temporalio/worker';
import { parseSweep } from '../src/domain/parse-sweep.js';
import { sweepWorkflowId } from '../src/domain/messages.js';
import type { Sweep } from '../src/domain/sweep.js';
import { connect } from '../src/temporal/client.js';
import { stopServer } from '../src/temporal/embedded-server.js';
import { homeAt } from '../src/temporal/home.js';
import { packageFile } from '../src/temporal/package-version.js';
import { result, start } from '../src/temporal/sweeps.js';
import type * as worker from '../src/temporal/worker.js';
import type { bareSweep } from './bare-workflows.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '60' },
    parallel: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
});
const trials = Number(values.trials);
const parallel = Number(values.parallel);
const rounds = Number(values.rounds);
const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });

/** Random search at the cheapest fidelity: deciding takes next to no time, so that what is left is orchestration. */
const benchSweep = (count: number): Sweep =>
  parseSweep({
    name: 'bench',
    objective: { minimize: 'book_ce' },
    domains: Object.fromEntries(['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'].map((name) => [name, {}])),
    scales: { '20M': { parameters: 20e6, tokensPerStep: 524288, steps: [2000] } },
    target: { scale: '20M', steps: 2000 },
    cost: { kind: 'table', perStep: { '20M': 1 / 2000 } },
    budget: { cost: count },
    parallel,
    policy: 'random',
    launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0 },
  });

/** Counts the events of a workflow in all its runs and of its children. */
const countEvents = async (client: Client, workflowIds: string): Promise<number> => {
  await new Promise((done) => setTimeout(done, 2000)); // the visibility store lags behind by a moment
  let events = 0;
  for await (const { historyLength } of client.workflow.list({ query: workflowIds })) events += historyLength;
  return events;
};

interface Figure {
  readonly seconds: number;
  readonly events: number;
}

interface Place {
  readonly client: Client;
  run(name: string, count: number): Promise<void>;
  /** Visibility query for a run's workflows. */
  workflowsOf(name: string): string;
}

const timed = async ({ client, run, workflowsOf }: Place, name: string): Promise<Figure> => {
  const began = performance.now();
  await run(name, trials);
  const seconds = (performance.now() - began) / 1000;
  return { seconds, events: await countEvents(client, workflowsOf(name)) };
};

const median = (figures: readonly Figure[]): Figure =>
  figures.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(figures.length / 2)] ?? { seconds: NaN, events: NaN };

/** Runs both in turns, so that whatever else the machine does falls upon both. */
const compare = async (ours: Place, bare: Place): Promise<void> => {
  for (const place of [ours, bare]) await place.run('warm-up', parallel);
  const figures: { readonly ours: Figure[]; readonly bare: Figure[] } = { ours: [], bare: [] };
  for (let round = 1; round <= rounds; round += 1) {
    figures.ours.push(await timed(ours, `round-${round}`));
    figures.bare.push(await timed(bare, `round-${round}`));
  }
  print(figures.ours, figures.bare);
};

/** Titrate's own worker as it was compiled, with the bare workflows beside titrate's. */
const createBenchWorker = async (
  place: { home: ReturnType<typeof homeAt>; namespace: string; taskQueue: string },
  connection: NativeConnection,
) => {
  const { createWorker } = (await import(packageFile('dist/temporal/worker.js'))) as typeof worker;
  const workflowsPath = path.resolve(import.meta.dirname, 'bare-workflows.ts');
  return createWorker({ ...place, connection, workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }) });
};

const main = async (): Promise<void> => {
  const home = homeAt(await mkdtemp(path.join(tmpdir(), 'titrate-bench-')));
  const on = await connect({ home, env: {}, log: (line) => console.error(line) });
  const connection = await NativeConnection.connect({ address: on.address });
  const { client, namespace, taskQueue } = on;
  const ours: Place = {
    client,
    run: async (name, count) => {
      await start(on, { sweepId: `ours-${name}`, sweep: benchSweep(count) });
      await result(on, `ours-${name}`);
    },
    workflowsOf: (name) => `WorkflowId STARTS_WITH "${sweepWorkflowId(`ours-${name}`)}"`,
  };
  const bare: Place = {
    client,
    run: async (name, count) => {
      const args: Parameters<typeof bareSweep> = [`bare-${name}`, benchSweep(count), count];
      await client.workflow.execute('bareSweep', { workflowId: `bare-${name}`, taskQueue, args });
    },
    workflowsOf: (name) => `WorkflowId = "bare-${name}" OR RootWorkflowId = "bare-${name}"`,
  };
  try {
    const worker = await createBenchWorker({ home, namespace, taskQueue }, connection);
    await worker.runUntil(() => compare(ours, bare));
  } finally {
    await connection.close();
    await on.close();
    await stopServer(home);
    await rm(home.root, { recursive: true, force: true });
  }
};

const print = (ours: readonly Figure[], bare: readonly Figure[]): void => {
  const line = (name: string, figures: readonly Figure[]): void => {
    const { seconds, events } = median(figures);
    const each = figures.map((figure) => ((1000 * figure.seconds) / trials).toFixed(0)).join(', ');
    const perTrial = ((1000 * seconds) / trials).toFixed(0);
    const eventsPerTrial = (events / trials).toFixed(1);
    console.log(
      `${name.padEnd(24)} ${perTrial.padStart(6)} ms/trial ${eventsPerTrial.padStart(6)} events/trial  (${each})`,
    );
  };
  console.log(
    `${trials} simulated trials of no length, ${parallel} at once, one machine, one server, one worker; medians of ${rounds}`,
  );
  line('titrate', ours);
  line('bare Temporal workflow', bare);
  const [a, b] = [median(ours).seconds, median(bare).seconds];
  console.log(
    `ours: ${(a / b).toFixed(2)} times the bare workflow; ${((1000 * (a - b)) / trials).toFixed(0)} ms a trial on top`,
  );
};

await main();
