/**
 * A small sweep, played for real but for Temporal: decisions by the activities that workers carry out, jobs by the
 * simulator in folders of their own, the record by `RecordFile`. Two jobs at once, one of them preempted and run again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decisionActivities } from '../../src/activities/decision-activities.js';
import type { AuditOptions } from '../../src/audit/audit.js';
import { recomputeHere } from '../../src/audit/recompute.js';
import type { PricedRun } from '../../src/domain/approval.js';
import { costOf } from '../../src/domain/cost.js';
import type { PendingTrial } from '../../src/domain/observation.js';
import type { JobSpec, World } from '../../src/domain/ports.js';
import type { RecordEvent, RecordHead, RecordLine } from '../../src/domain/record-event.js';
import { seedOf } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { createSimulatorLauncher } from '../../src/launchers/simulator.js';
import { RecordFile } from '../../src/ledger/record-file.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { lossOf, makeSweep } from '../policy/sweeps.js';
import { recommendedEvent } from '../../src/workflows/sweep-events.js';

const VERSION = '0.1.0';

export const SWEEP_ID = 'small-1a2b3c4d';

/** An audit of all there is, by the version that made it. */
export const AUDIT_OPTIONS: AuditOptions = {
  withoutJobs: false,
  anchors: [],
  recompute: recomputeHere,
  version: VERSION,
  node: process.version,
};

const WORLD: World = {
  name: 'bowl',
  metrics: ['loss'],
  train: ({ mixture, scale, checkpoints }) =>
    checkpoints.map((steps) => ({ steps, metrics: { loss: lossOf(mixture, scale, steps) } })),
};

const RUNS = 5;
const APPROVED = 3; // decision that a person may change
const PREEMPTED = 2; // decision whose first generation ends at its first checkpoint

type Decided = Extract<RecordEvent, { type: 'decided' }>;
type Run = Omit<PricedRun, 'cost'>;

/** Plays the sweep into a folder. */
class Player {
  readonly #file: RecordFile;
  readonly #work: ReturnType<typeof decisionActivities>;
  readonly #jobs: string;
  readonly #pending: (PendingTrial & { readonly decided: Decided })[] = [];
  #head: RecordHead = { seq: 0, hash: '' };
  #clock = Date.UTC(2026, 10, 20, 8);
  #decisions = 0;
  #spent = 0;

  constructor(
    readonly folder: string,
    readonly sweep: Sweep,
  ) {
    this.#file = new RecordFile(join(folder, 'record.jsonl'));
    this.#jobs = join(folder, 'jobs');
    const proposer = {
      propose: ({ observations, seed, pending }: { observations: never; seed: number; pending: never }) =>
        Promise.resolve(propose(sweep, observations, { seed, pending })),
      recommend: ({ observations, ...options }: { observations: never; seed: number }) =>
        Promise.resolve(recommend(sweep, observations, options)),
      close: () => Promise.resolve(),
    };
    this.#work = decisionActivities({ recordFor: () => this.#file, proposer, version: VERSION } as never);
  }

  async record(key: string, event: RecordEvent): Promise<void> {
    this.#clock += 1000;
    const at = new Date(this.#clock).toISOString();
    ({ head: this.#head } = await this.#file.append([{ key, at, event }]));
  }

  async decide(approved?: Run): Promise<Decided> {
    const decision = (this.#decisions += 1);
    const seed = seedOf('decision', this.sweep.seed, decision);
    const pending = this.#pending.map(({ decided: _, ...one }) => one);
    const output = await this.#work.titratePropose({ sweepId: SWEEP_ID, head: this.#head, pending, seed });
    if (output.proposal === null) throw new Error('the small sweep has money for every run');
    const { proposal, resume, ...saw } = output;
    const trial = `t${String(decision).padStart(4, '0')}`;
    const event: Decided = {
      type: 'decided',
      decision,
      trial,
      purpose: 'search',
      ...proposal,
      ...(resume === null ? {} : { resume }),
      seed,
      ...saw,
    };
    return this.start(event, approved);
  }

  /** Records and launches a decision; `approved`: it waits for a person, who has another run made. */
  async start(decided: Decided, approved?: Run): Promise<Decided> {
    await this.record(`decided:${decided.decision}`, decided);
    const event = approved === undefined ? decided : await this.approve(decided, approved);
    const { trial, mixture, scale, steps, cost, continues } = event;
    const from = continues === undefined ? {} : { continues };
    this.#pending.push({ trial, mixture, scale, steps, cost, ...from, decided: event });
    await this.launch(event, 1);
    return event;
  }

  async approve(event: Decided, approved: Run): Promise<Decided> {
    const { decision, trial, mixture, scale, steps, cost } = event;
    const asked = { decision, trial, mixture, scale, steps, cost, reasons: ['it is at scale L'], why: 'a test' };
    await this.record(`approval-requested:${decision}`, { type: 'approval-requested', ...asked });
    const run = { ...approved, cost: costOf(this.sweep, approved) };
    await this.record('act:3', { type: 'act', act: 'approve', trial, by: 'mira', run });
    return { ...event, ...run };
  }

  jobOf({ trial, mixture, scale, steps, cost }: Decided, generation: number): JobSpec {
    const { parameters, tokensPerStep, steps: all } = this.sweep.scales.find(({ name }) => name === scale)!;
    const checkpoints = all.filter((step) => step <= steps);
    const key = `${SWEEP_ID}.${trial}.g${generation}`;
    const seed = seedOf('job', this.sweep.seed, trial);
    const run = { mixture, scale, steps, parameters, tokensPerStep, checkpoints, seed, cost };
    return { key, sweep: SWEEP_ID, trial, generation, ...run };
  }

  launcher() {
    return createSimulatorLauncher({ world: WORLD, jobsFolder: this.#jobs, secondsPerUnit: 0, now: () => this.#clock });
  }

  async launch(event: Decided, generation: number, rest: Partial<JobSpec> = {}): Promise<void> {
    const job = { ...this.jobOf(event, generation), ...rest };
    const { key, native, folder } = await this.launcher().launch(job);
    await this.record(`launched:${key}`, { type: 'launched', trial: event.trial, key, native, folder });
  }

  /** A first generation that was told to go after its first checkpoint, and the one that went on from there. */
  async preempt(event: Decided): Promise<void> {
    const { trial, scale, mixture } = event;
    const key = `${SWEEP_ID}.${trial}.g1`;
    const [steps = 0] = this.jobOf(event, 1).checkpoints;
    const metrics = { loss: lossOf(mixture, scale, steps) };
    const text = `${JSON.stringify({ step: steps, metrics })}\n`;
    await writeFile(join(this.#jobs, key, 'metrics.jsonl'), text);
    const cost = costOf(this.sweep, { scale, steps });
    const digest = createHash('sha256').update(text).digest('hex');
    const told = {
      ending: 'preempted',
      stepsReached: steps,
      curve: [{ steps, metrics }],
      scale,
      cost,
      digest,
    } as const;
    await this.record(`attempted:${key}`, { type: 'attempted', trial, key, generation: 1, ...told, warnings: [] });
    this.#spent += cost;
    const next = `${SWEEP_ID}.${trial}.g2`;
    const rest = costOf(this.sweep, event, steps);
    const resume = { key, trial, steps };
    const again = { trial, key: next, generation: 2, reason: 'rerun 1 after preempted', resume };
    await this.record(`rerun:${next}`, { type: 'rerun', ...again, cost: rest, waitSeconds: 0 });
    await this.launch(event, 2, { resume, cost: rest });
    const at = this.#pending.findIndex((one) => one.trial === trial);
    this.#pending.splice(at, 1, { ...this.#pending[at]!, cost: rest + cost });
  }

  async observe(event: Decided, generation = 1): Promise<void> {
    const { key, trial, mixture, scale, steps } = this.jobOf(event, generation);
    const { status, metrics, curve, digest, warnings } = await this.launcher().collect({ key } as never);
    const paid = generation === 1 ? 0 : costOf(this.sweep, { scale, steps: curve[0]!.steps });
    const cost = event.cost - paid;
    const from = event.continues === undefined ? {} : { continues: event.continues };
    const run = { trial, key, mixture, scale, steps, ...from, status, metrics, curve, cost, digest, warnings };
    await this.record(`observed:${trial}`, { type: 'observed', ...run });
    this.#spent += cost;
    this.#pending.splice(
      this.#pending.findIndex((one) => one.trial === trial),
      1,
    );
  }

  retract(number: number, trial: string): Promise<void> {
    const reason = 'it was evaluated on the wrong split';
    return this.record(`act:${number}`, { type: 'act', act: 'retract', trial, by: 'mira', reason });
  }

  async recommend(when: 'search' | 'final', prefer?: Decided['mixture'], search = 1) {
    const request = { sweepId: SWEEP_ID, head: this.#head, seed: this.sweep.seed };
    const output = await this.#work.titrateRecommend(prefer === undefined ? request : { ...request, prefer });
    const { key, event } = recommendedEvent(when, output, search);
    await this.record(key, event);
    return output;
  }

  async confirm({ recommendation, sawDigest, sawObservations }: Awaited<ReturnType<Player['recommend']>>) {
    const decision = (this.#decisions += 1);
    const event: Decided = {
      type: 'decided',
      decision,
      trial: `t${String(decision).padStart(4, '0')}`,
      purpose: 'confirm',
      mixture: recommendation.mixture,
      ...this.sweep.target,
      cost: costOf(this.sweep, this.sweep.target),
      seed: seedOf('decision', this.sweep.seed, decision),
      sawDigest,
      sawObservations,
      sawPending: [],
      explanation: {
        policy: this.sweep.policy.name,
        reason: 'this run measures the recommended mixture',
        phase: 'test-recommendation',
        committed: this.#spent,
        hyperparameters: {},
        trust: [],
        considered: [],
        excluded: [],
      },
    };
    await this.start(event);
    await this.observe(event);
  }

  end(): Promise<void> {
    const reason = 'nothing that is left to run is affordable and worth its cost';
    return this.record('ended', { type: 'ended', status: 'completed', spent: this.#spent, reason });
  }
}

export interface SmallRecord {
  readonly folder: string;
  readonly lines: readonly RecordLine[];
}

/**
 * Plays the small sweep into a folder that is there; the same folder name gives the same record. `approved`: what a person
 * has run in the place of decision 3. `revised`: a result is taken back after it, and another one after the confirmation.
 */
export const playSmallSweep = async (
  folder: string,
  changes: Partial<Sweep> = {},
  approved?: Run,
  revised = false,
): Promise<SmallRecord> => {
  const sweep = makeSweep({ policy: { name: 'random' }, budget: 700, parallel: 2, confirm: 1, ...changes });
  await mkdir(join(folder, 'jobs'), { recursive: true });
  const player = new Player(folder, sweep);
  await player.record('started', {
    type: 'started',
    sweepId: SWEEP_ID,
    sweep,
    version: VERSION,
    node: process.version,
  });
  let before: { readonly event: Decided; readonly generation: number } | undefined;
  for (let n = 1; n <= RUNS; n++) {
    const event = await player.decide(n === APPROVED ? approved : undefined);
    if (before !== undefined) await player.observe(before.event, before.generation);
    if (n === PREEMPTED) await player.preempt(event);
    if (n === 3) await player.record('act:1', { type: 'act', act: 'pause', by: 'mira', reason: 'maintenance, Zürich' });
    if (n === 3) await player.record('act:2', { type: 'act', act: 'resume', by: 'mira' });
    if (revised && n === 3) await player.retract(4, 't0001');
    before = { event, generation: n === PREEMPTED ? 2 : 1 };
  }
  if (before !== undefined) await player.observe(before.event, before.generation);
  let found = await player.recommend('search');
  await player.confirm(found);
  if (revised) {
    await player.retract(5, 't0003');
    found = await player.recommend('search', found.recommendation.mixture, 2);
    await player.confirm(found);
  }
  await player.recommend('final', found.recommendation.mixture);
  await player.end();
  const text = await readFile(join(folder, 'record.jsonl'), 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordLine);
  return { folder, lines };
};
