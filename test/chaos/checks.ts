/** The six guarantees, each judged from outside: pure functions from evidence to what is wrong. docs/guarantees.md tells them. */
import { createHash } from 'node:crypto';
import type { RecordLine } from '../../src/domain/record-event.js';
import { linesOf, timed, type JobEvidence, type SweepEvidence } from './evidence.js';

/** A promise that was broken. */
export interface Violation {
  readonly guarantee: 1 | 2 | 3 | 4 | 5 | 6;
  readonly lane: string;
  readonly sweepId: string;
  readonly what: string;
}

type Check = (sweep: SweepEvidence, controls: ReadonlyMap<string, SweepEvidence>) => readonly string[];

const SLACK = 1e-9; // relative: sums of costs are rounded
const CLOCK_MS = 5; // of one machine, read by three programs
const GENESIS = '0'.repeat(64);
const FIRST_GENERATION = 1;

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

const generationOf = (key: string): number => Number(key.slice(key.lastIndexOf('.g') + 2));

/** Is a further generation of a trial in the record as a decision, before anything else speaks of it? */
const isDecided = (lines: readonly RecordLine[], key: string): boolean => {
  const first = lines.find(({ event }) => 'key' in event && event.key === key);
  return first !== undefined && first.event.type !== 'launched' && first.event.type !== 'observed';
};

/** 1. A job key is launched at most once; a further generation exists only by a recorded decision. */
const launchedOnce: Check = (sweep) => {
  const lines = linesOf(sweep);
  return sweep.jobs.flatMap(({ key, account }) => [
    ...(account.starts.length > 1 ? [`${key} was started ${account.starts.length} times`] : []),
    ...(generationOf(key) > FIRST_GENERATION && !isDecided(lines, key)
      ? [`${key} is a further generation that no recorded decision asked for`]
      : []),
  ]);
};

const curveProblems = ({ key, file, metrics }: JobEvidence, curve: readonly { readonly steps: number }[]): string[] => {
  const written = new Set(metrics?.steps ?? []);
  const wanted = (file?.checkpoints ?? []).filter((step) => written.has(step));
  const recorded = curve.map(({ steps }) => steps);
  return wanted.join() === recorded.join()
    ? []
    : [`${key} wrote the checkpoints ${wanted.join(', ')}; the record has ${recorded.join(', ') || 'none'}`];
};

/** 2. What a job wrote is in the record, torn or not. */
const nothingLost: Check = (sweep) => {
  const observed = new Map(timed(linesOf(sweep), 'observed').map(({ event }) => [event.key, event]));
  return sweep.jobs.flatMap((job) => {
    const { key, account, metrics, stillRuns } = job;
    if (account.starts.length === 0 || stillRuns) return [];
    const event = observed.get(key);
    if (event === undefined) return [`${key} ran, and the record has no observation of it`];
    const digest = account.ends.at(-1)?.digest ?? metrics?.digest ?? '';
    const isSaid = metrics?.isTorn !== true || event.warnings.some((warning) => warning.includes('cut off'));
    return [
      ...(event.digest === digest ? [] : [`${key} wrote ${digest || 'nothing'}; the record says ${event.digest}`]),
      ...(isSaid ? [] : [`the torn last line of ${key} is not mentioned`]),
      ...curveProblems(job, event.curve),
    ];
  });
};

const chainProblems = (lines: readonly RecordLine[]): string[] =>
  lines.flatMap((line, i) => {
    const { hash, ...body } = line;
    const found = createHash('sha256').update(sortedJson(body)).digest('hex');
    return [
      ...(line.seq === i + 1 ? [] : [`line ${i + 1} of the record has the number ${line.seq}`]),
      ...(line.prev === (lines[i - 1]?.hash ?? GENESIS) ? [] : [`line ${i + 1} does not follow the one before it`]),
      ...(hash === found ? [] : [`line ${i + 1} is not what its hash says`]),
    ];
  });

const doubles = (names: readonly string[]): string[] =>
  names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${name} stands in the record twice`);

const matchesDecision = (sweep: SweepEvidence, lines: readonly RecordLine[]): string[] => {
  const decided = new Map(timed(lines, 'decided').map(({ event }) => [event.trial, event]));
  return sweep.jobs.flatMap(({ key, file, account }) => {
    const event = decided.get(file?.trial ?? '');
    if (event === undefined) return [`${key} has no decision`];
    const wanted = sortedJson([event.mixture, event.scale, event.steps]);
    const seen = [file, ...account.begins].filter((run) => run !== undefined);
    return seen.every(({ mixture, scale, steps }) => sortedJson([mixture, scale, steps]) === wanted)
      ? []
      : [`${key} ran something else than decision ${event.decision} says`];
  });
};

/** 3. The record has no gap, no double, and no decision that differs from the one acted upon. */
const recordWhole: Check = (sweep) => {
  const lines = linesOf(sweep);
  const written = sweep.record.split('\n').length - 1;
  const decisions = timed(lines, 'decided').map(({ event }) => event.decision);
  const last = lines.at(-1)?.event.type;
  return [
    ...(lines.length === written && sweep.record.endsWith('\n') ? [] : ['the record is not whole lines of JSON']),
    ...chainProblems(lines),
    ...doubles(lines.map(({ key }) => key)),
    ...(decisions.every((decision, i) => decision === i + 1) ? [] : [`the decisions are ${decisions.join(', ')}`]),
    ...(last === 'ended' ? [] : [`the record ends with ${last ?? 'nothing'}`]),
    ...matchesDecision(sweep, lines),
  ];
};

interface Entry {
  readonly at: number;
  readonly trial: string;
  readonly cost: number;
  readonly isFinal: boolean;
}

/** The most that was ever spent or in flight, over entries in this order. */
const highWater = (entries: readonly Entry[]): number => {
  const spent = new Map<string, number>();
  const flight = new Map<string, number>();
  let most = 0;
  for (const { trial, cost, isFinal } of entries) {
    if (isFinal) flight.delete(trial);
    (isFinal ? spent : flight).set(trial, cost + (isFinal ? (spent.get(trial) ?? 0) : 0));
    most = Math.max(
      most,
      [...spent.values(), ...flight.values()].reduce((sum, value) => sum + value, 0),
    );
  }
  return most;
};

/** 4. The budget is never exceeded, with jobs in flight at their worst case: by the record, and by when jobs began. */
const budgetKept: Check = (sweep) => {
  const lines = linesOf(sweep);
  const started = lines[0]?.event;
  if (started?.type !== 'started') return ['the record does not begin with the sweep'];
  const inRecord = lines.flatMap(({ at, event }): Entry[] => {
    const base = { at: Date.parse(at) };
    if (event.type === 'decided') return [{ ...base, trial: event.trial, cost: event.cost, isFinal: false }];
    return event.type === 'observed' ? [{ ...base, trial: event.trial, cost: event.cost, isFinal: true }] : [];
  });
  const begun = sweep.jobs.flatMap(({ key, file, account }): Entry[] =>
    account.begins.map(({ at, cost }) => ({ at, trial: file?.trial ?? key, cost, isFinal: false })),
  );
  const byJobs = [...begun, ...inRecord.filter(({ isFinal }) => isFinal)].toSorted((a, b) => a.at - b.at);
  const limit = started.sweep.budget * (1 + SLACK);
  return [
    ['by the record', highWater(inRecord)] as const,
    ['by the jobs that began', highWater(byJobs)] as const,
  ].flatMap(([how, most]) => (most <= limit ? [] : [`${most} of ${started.sweep.budget} were committed, ${how}`]));
};

const decisionsOf = (sweep: SweepEvidence): string[] =>
  timed(linesOf(sweep), 'decided').map(({ event }) => sortedJson(event).replaceAll(`"${sweep.sweepId}.t`, '"SWEEP.t'));

/** 5. One run at a time in a world without chance: the same decisions as a sweep of the same file left in peace. */
const sameDecisions: Check = (sweep, controls) => {
  const control = controls.get(sweep.file);
  if (!sweep.isSequential) return [];
  if (control === undefined) return [`no sweep of ${sweep.file} was left in peace to compare it with`];
  const [was, is] = [decisionsOf(control), decisionsOf(sweep)];
  const differing = Math.max(was.length, is.length) - was.filter((decision, i) => decision === is[i]).length;
  return differing === 0 ? [] : [`${differing} decisions differ from those of a sweep left in peace`];
};

const endingProblems = (job: JobEvidence, status: string, at: number): string[] => {
  const { key, account, hurtAt, stillRuns } = job;
  const end = account.ends.at(-1);
  const endedAt = end?.at ?? hurtAt[0];
  if (stillRuns) return [`${key} still runs and was recorded as ${status}`];
  if (end !== undefined && end.outcome !== status) return [`${key} ${end.outcome} and was recorded as ${status}`];
  if (end === undefined && hurtAt.length === 0) return [`${key} was recorded as ${status}; nothing had befallen it`];
  if (endedAt !== undefined && at < endedAt - CLOCK_MS) return [`${key} was recorded before it had ended`];
  return [];
};

/** 6. Unknown is never taken for failed: what the record says of a job is what the job says of itself. */
const unknownNotFailed: Check = (sweep) => {
  const observed = timed(linesOf(sweep), 'observed');
  return sweep.jobs.flatMap((job) => {
    const found = observed.find(({ event }) => event.key === job.key);
    return found === undefined ? [] : endingProblems(job, found.event.status, found.at);
  });
};

/** In the order of docs/guarantees.md. */
export const GUARANTEES: readonly { readonly title: string; readonly check: Check }[] = [
  { title: 'a key is launched at most once', check: launchedOnce },
  { title: 'what a job wrote is never lost', check: nothingLost },
  { title: 'the record has no gap, double or difference', check: recordWhole },
  { title: 'the budget is never exceeded', check: budgetKept },
  { title: 'an interrupted sweep decides the same', check: sameDecisions },
  { title: 'unknown is never taken for failed', check: unknownNotFailed },
];

/** Judges all sweeps. `controls`: a sweep left in peace by the name of its file. */
export const judge = (sweeps: readonly SweepEvidence[], controls: ReadonlyMap<string, SweepEvidence>): Violation[] =>
  GUARANTEES.flatMap(({ check }, i) =>
    sweeps.flatMap((sweep) =>
      check(sweep, controls).map((what): Violation => {
        const { lane, sweepId } = sweep;
        return { guarantee: (i + 1) as Violation['guarantee'], lane, sweepId, what };
      }),
    ),
  );
