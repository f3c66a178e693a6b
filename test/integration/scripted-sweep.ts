/** A sweep on a real server with scripted decisions and scripted jobs, to see what the workflows do with them. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach } from 'vitest';
import { createActivities, type Activities, type ActivityDeps } from '../../src/activities/activities.js';
import type { Proposer, ProposeTask, RecommendTask } from '../../src/activities/proposer.js';
import { costOf } from '../../src/domain/cost.js';
import type { Proposal, Recommendation } from '../../src/domain/decision.js';
import type { Fidelity } from '../../src/domain/fidelity.js';
import { SWEEP_WORKFLOW, sweepWorkflowId } from '../../src/domain/messages.js';
import type { SweepInput, SweepProgress, SweepResult } from '../../src/domain/messages.js';
import type { FoundJob, JobRef, JobResult, JobSpec, JobState, Launcher } from '../../src/domain/ports.js';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { RecordFile, readRecord } from '../../src/ledger/record-file.js';
import { findTrial } from '../../src/temporal/find-trial.js';
import { toySweep } from '../workflows/toy-sweep.js';
import type { RealServer } from './real-server.js';

/** Jobs that end by themselves at once, or when the test says so. */
export class ScriptedLauncher implements Launcher {
  readonly kind = 'local';
  /** Every job that was really started, in order: a second start of a key would stand here twice. */
  readonly started: JobSpec[] = [];
  readonly stopped: string[] = [];
  readonly #results = new Map<string, JobResult>();
  readonly #specs = new Map<string, JobSpec>();
  mostAtOnce = 0;

  constructor(
    /** Gives a job's result at its launch, or null for a job that runs until `end` or `stop`. */
    readonly outcome: (job: JobSpec) => Partial<JobResult> | null = () => ({}),
  ) {}

  running(): string[] {
    return [...this.#specs.keys()].filter((key) => !this.#results.has(key));
  }

  end(key: string, change: Partial<JobResult> = {}): void {
    const job = this.#specs.get(key);
    if (job === undefined) throw new Error(`no job ${key} was launched`);
    const metrics = { loss: 1 + (job.mixture['a'] ?? 0) };
    this.#results.set(key, {
      status: 'completed',
      metrics,
      curve: [{ steps: job.steps, metrics }],
      digest: 'd'.repeat(64),
      folder: `/jobs/${key}`,
      stepsReached: job.steps,
      warnings: [],
      ...change,
    });
  }

  async list(): Promise<FoundJob[]> {
    return [...this.#specs.keys()].map((key) => ({
      key,
      native: key,
      state: this.#results.has(key) ? 'ended' : 'running',
    }));
  }

  async launch(job: JobSpec): Promise<JobRef> {
    if (!this.#specs.has(job.key) && !this.#results.has(job.key)) {
      this.#specs.set(job.key, job);
      this.started.push(job);
      this.mostAtOnce = Math.max(this.mostAtOnce, this.running().length);
      const outcome = this.outcome(job);
      if (outcome !== null) this.end(job.key, outcome);
    }
    return { key: job.key, launcher: 'local', folder: `/jobs/${job.key}`, native: '1' };
  }

  async inspect({ key }: JobRef): Promise<JobState> {
    return this.#results.has(key) ? { state: 'ended' } : { state: 'running', progress: { steps: 3 } };
  }

  async collect({ key }: JobRef): Promise<JobResult> {
    const result = this.#results.get(key);
    if (result === undefined) throw new Error(`${key} has not ended`);
    return result;
  }

  async stop({ key }: JobRef): Promise<void> {
    this.stopped.push(key);
    if (this.#results.has(key)) return;
    const end = { status: 'cancelled', metrics: {}, stepsReached: 5 } as const;
    if (this.#specs.has(key)) return this.end(key, end);
    const nothing = { curve: [], digest: '', folder: '', warnings: [], detail: 'stopped before its start' };
    this.#results.set(key, { ...end, ...nothing, stepsReached: 0 });
  }
}

const share = (n: number): number => Math.round(((n * 0.618) % 1) * 1000) / 1000; // spreads well: golden ratio

/** Proposes mixtures one after the other at the fidelities of a list, then nothing. */
export class ScriptedProposer implements Proposer {
  /** Thrown by the next proposal, if set. */
  failure: Error | null = null;
  readonly tasks: ProposeTask[] = [];

  constructor(readonly plan: readonly Fidelity[]) {}

  async propose(task: ProposeTask): Promise<Proposal | null> {
    this.tasks.push(task);
    if (this.failure !== null) throw this.failure;
    const made = task.observations.length + task.pending.length;
    const fidelity = this.plan[made];
    if (fidelity === undefined) return null;
    const mixture = { a: share(made), b: 1 - share(made) };
    return { ...fidelity, mixture, cost: costOf(task.sweep, fidelity), explanation: explanation(made) };
  }

  async recommend({ observations }: RecommendTask): Promise<Recommendation> {
    const best = observations[0]?.mixture ?? { a: 0.5, b: 0.5 };
    const expected = { mean: 1, sd: 0.2 };
    return { mixture: best, mean: 1, sd: 0.1, expected, nearOptimal: [], shareRanges: {}, trust: [] };
  }

  async close(): Promise<void> {}
}

const explanation = (made: number): Proposal['explanation'] => ({
  policy: 'scripted',
  reason: `number ${made + 1} of the plan`,
  phase: 'search',
  committed: 0,
  hyperparameters: {},
  trust: [],
  considered: [],
  excluded: [],
});

export const small = (count: number): Fidelity[] =>
  Array.from({ length: count }, () => ({ scale: 'small', steps: 10 }));

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
const workflowsPath = path.resolve(import.meta.dirname, '../../src/workflows/index.ts');
const taskGuard = path.resolve(import.meta.dirname, '../../src/workflows/task-guard.ts');
/** The workflows as they are in the source tree, bundled once per test file. */
export const workflowBundle = (): Promise<WorkflowBundleWithSourceMap> =>
  (bundle ??= bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [taskGuard],
    logger: { ...console, log() {}, trace() {}, debug() {}, info() {} },
  }));

export interface SweepSetup {
  readonly sweep?: Sweep;
  readonly proposer: ScriptedProposer;
  readonly launcher: ScriptedLauncher;
  readonly continueAfterEvents?: number;
  readonly maxCachedWorkflows?: number;
  readonly notify?: ActivityDeps['notify'];
  readonly reconcile?: ActivityDeps['reconcile'];
  /** Changes what its worker carries out. */
  readonly around?: (activities: Activities) => Activities;
  /** It is started without its worker, for `startWorker` to start. */
  readonly isAsleep?: boolean;
}

/** A sweep that has been started, with its worker. */
export interface StartedSweep {
  readonly handle: WorkflowHandle;
  readonly sweepId: string;
  /** Where its record is. */
  readonly folder: string;
  progress(): Promise<SweepProgress>;
  result(): Promise<SweepResult>;
  record(): Promise<readonly RecordLine[]>;
  events<T extends RecordEvent['type']>(type: T): Promise<Extract<RecordEvent, { type: T }>[]>;
  stopWorker(): Promise<void>;
  /** Starts another worker after `stopWorker`. */
  startWorker(): Promise<void>;
}

/** Starts a worker with the scripted parts, and a sweep on it. */
export const startScripted = async (server: RealServer, setup: SweepSetup): Promise<StartedSweep> => {
  const sweepId = `toy-${randomUUID().slice(0, 8)}`;
  const folder = path.join(server.home.root, 'sweeps', sweepId);
  const file = path.join(folder, 'record.jsonl');
  const recordFile = new RecordFile(file);
  const { around = (activities) => activities } = setup;
  const activities = createActivities({
    version: '0.0.0-test',
    askedAt: () => Context.current().info.scheduledTimestampMs,
    proposer: setup.proposer,
    recordFor: () => recordFile,
    launcherFor: async () => setup.launcher,
    findTrial,
    notify: setup.notify ?? (() => Promise.resolve()),
    reconcile: setup.reconcile ?? (() => Promise.reject(new Error('this test looks for no orphans'))),
  });
  const taskQueue = `queue-${sweepId}`;
  const runWorker = async (): Promise<() => Promise<void>> => {
    const connection = await NativeConnection.connect({ address: server.address });
    const worker = await Worker.create({
      connection,
      namespace: server.namespace,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities: around(activities),
      maxCachedWorkflows: setup.maxCachedWorkflows ?? 50,
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
      await connection.close();
    };
  };
  let endWorker = setup.isAsleep === true ? () => Promise.resolve() : await runWorker();
  const input: SweepInput = {
    sweepId,
    sweep: setup.sweep ?? toySweep(),
    ...(setup.continueAfterEvents === undefined ? {} : { continueAfterEvents: setup.continueAfterEvents }),
  };
  const workflowId = sweepWorkflowId(sweepId);
  await server.client.workflow.start(SWEEP_WORKFLOW, { workflowId, taskQueue, args: [input] });
  const handle = server.client.workflow.getHandle(workflowId);
  const record = async (): Promise<readonly RecordLine[]> => (await readRecord(file)).lines;
  return {
    handle,
    sweepId,
    folder,
    progress: () => handle.query<SweepProgress>('progress'),
    result: () => handle.result() as Promise<SweepResult>,
    record,
    events: async (type) =>
      (await record())
        .map(({ event }) => event)
        .filter((event): event is Extract<RecordEvent, { type: typeof type }> => event.type === type),
    stopWorker: () => endWorker(),
    startWorker: async () => {
      endWorker = await runWorker();
    },
  };
};

/** As `startScripted`, with each sweep and its worker ended after the test; call it in a `describe`. */
export const scriptedSweeps = (server: () => RealServer): ((setup: SweepSetup) => Promise<StartedSweep>) => {
  const started: StartedSweep[] = [];
  afterEach(async () => {
    for (const sweep of started.splice(0)) {
      await sweep.handle.terminate().catch(() => undefined);
      await sweep.stopWorker();
    }
  });
  return async (setup) => {
    const sweep = await startScripted(server(), setup);
    started.push(sweep);
    return sweep;
  };
};
