/** The six guarantees, each judged from outside: pure functions from evidence to what is wrong. docs/guarantees.md tells them. */
import { createHash } from 'node:crypto';
import { endings, linesOf, timed, type JobEvidence, type OutsideLine, type SweepEvidence } from './evidence.js';

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
const LEAVING_MS = 5_000; // a job is done before its process is gone, and a strike takes a while: then either word is true
const GENESIS = '0'.repeat(64);
const FIRST_GENERATION = 1;

const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

const generationOf = (key: string): number => Number(key.slice(key.lastIndexOf('.g') + 2));

/** When the record says that this further generation is to run; undefined when it does not. */
const rerunAt = (lines: readonly OutsideLine[], key: string): number | undefined =>
  timed(lines, 'rerun').find(({ event }) => event.key === key)?.at;

const generationProblems = (lines: readonly OutsideLine[], { key, account }: JobEvidence): string[] => {
  if (generationOf(key) === FIRST_GENERATION) return [];
  const decidedAt = rerunAt(lines, key);
  if (decidedAt === undefined) return [`${key} is a further generation that no recorded decision asked for`];
  const isEarly = account.begins.some(({ at }) => at < decidedAt - CLOCK_MS);
  return isEarly ? [`${key} began before it was decided to run its trial again`] : [];
};

/** 1. A job key is launched at most once; a further generation exists only by a recorded decision. */
const launchedOnce: Check = (sweep) => {
  const lines = linesOf(sweep);
  return sweep.jobs.flatMap((job) => [
    ...(job.account.starts.length > 1 ? [`${job.key} was started ${job.account.starts.length} times`] : []),
    ...generationProblems(lines, job),
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
  const ended = new Map(endings(linesOf(sweep)).map(({ event }) => [event.key, event]));
  return sweep.jobs.flatMap((job) => {
    const { key, account, metrics, stillRuns } = job;
    if (account.starts.length === 0 || stillRuns) return [];
    const event = ended.get(key);
    if (event === undefined) return [`${key} ran, and the record has no observation of it`];
    const digest = account.ends.at(-1)?.digest ?? metrics?.digest ?? '';
    const isSaid = metrics?.isTorn !== true || (event.warnings ?? []).some((warning) => warning.includes('cut off'));
    return [
      ...(event.digest === digest
        ? []
        : [`${key} wrote ${digest || 'nothing'}; the record says ${event.digest ?? 'nothing'}`]),
      ...(isSaid ? [] : [`the torn last line of ${key} is not mentioned`]),
      ...curveProblems(job, event.curve ?? []),
    ];
  });
};

const chainProblems = (lines: readonly OutsideLine[]): string[] =>
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

/** What a job was asked for is what its decision says; a further generation costs what the decision to rerun says. */
const matchesDecision = (sweep: SweepEvidence, lines: readonly OutsideLine[]): string[] => {
  const decided = new Map(timed(lines, 'decided').map(({ event }) => [event.trial, event]));
  const reruns = new Map(timed(lines, 'rerun').map(({ event }) => [event.key, event]));
  return sweep.jobs.flatMap(({ key, file, account }) => {
    const event = decided.get(file?.trial);
    if (event === undefined) return [`${key} has no decision`];
    const { mixture, scale, steps } = event;
    const { cost } = reruns.get(key) ?? event;
    const wanted = sortedJson({ mixture, scale, steps, cost });
    const seen = [file, ...account.begins].filter((run) => run !== undefined);
    const isSame = seen.every(
      (run) => sortedJson({ mixture: run.mixture, scale: run.scale, steps: run.steps, cost: run.cost }) === wanted,
    );
    return isSame ? [] : [`${key} ran something else than decision ${event.decision} says`];
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
  /** It ended, and this is what was charged for it; else it is in flight at its worst case. */
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
  const budget = lines[0]?.event.sweep?.budget;
  if (budget === undefined) return ['the record does not begin with the sweep'];
  const inRecord = timed(lines, 'decided', 'rerun', 'parked', 'attempted', 'observed').map(({ at, event }): Entry => {
    const { type, trial = '', cost = 0 } = event;
    return { at, trial, cost, isFinal: type === 'attempted' || type === 'observed' };
  });
  const begun = sweep.jobs.flatMap(({ key, file, account }): Entry[] =>
    account.begins.map(({ at, cost }) => ({ at, trial: file?.trial ?? key, cost, isFinal: false })),
  );
  const byJobs = [...begun, ...inRecord.filter(({ isFinal }) => isFinal)].toSorted((a, b) => a.at - b.at);
  const limit = budget * (1 + SLACK);
  return [
    ['by the record', highWater(inRecord)] as const,
    ['by the jobs that began', highWater(byJobs)] as const,
  ].flatMap(([how, most]) => (most <= limit ? [] : [`${most} of ${budget} were committed, ${how}`]));
};

const decisionsOf = (sweep: SweepEvidence): string[] =>
  timed(linesOf(sweep), 'decided').map(({ event }) => sortedJson(event).replaceAll(`"${sweep.sweepId}.t`, '"SWEEP.t'));

/** A job that something ended taught the sweep something else. */
export const isComparable = ({ isSequential, jobs }: SweepEvidence): boolean =>
  isSequential && jobs.every(({ hurtAt }) => hurtAt.length === 0);

/** 5. One run at a time in a world without chance: the same decisions as a sweep of the same file left in peace. */
const sameDecisions: Check = (sweep, controls) => {
  const control = controls.get(sweep.file);
  if (!isComparable(sweep)) return [];
  if (control === undefined) return [`no sweep of ${sweep.file} was left in peace to compare it with`];
  const [was, is] = [decisionsOf(control), decisionsOf(sweep)];
  const differing = Math.max(was.length, is.length) - was.filter((decision, i) => decision === is[i]).length;
  return differing === 0 ? [] : [`${differing} decisions differ from those of a sweep left in peace`];
};

const endingProblems = (job: JobEvidence, status: string, at: number): string[] => {
  const { key, account, hurtAt, stillRuns } = job;
  const end = account.ends.at(-1);
  const endedAt = end?.at ?? Math.min(...hurtAt);
  if (stillRuns) return [`${key} still runs and was recorded as ${status}`];
  const isKilledWhileLeaving = end !== undefined && hurtAt.some((hurt) => Math.abs(hurt - end.at) < LEAVING_MS);
  if (end !== undefined && end.outcome !== status && !isKilledWhileLeaving)
    return [`${key} ${end.outcome} and was recorded as ${status}`];
  if (end === undefined && hurtAt.length === 0) return [`${key} was recorded as ${status}; nothing had befallen it`];
  if (Number.isFinite(endedAt) && at < endedAt - CLOCK_MS) return [`${key} was recorded before it had ended`];
  return [];
};

/** 6. Unknown is never taken for failed: what the record says of a job is what the job says of itself. */
const unknownNotFailed: Check = (sweep) => {
  const ended = new Map(endings(linesOf(sweep)).map((ending) => [ending.event.key, ending]));
  return sweep.jobs.flatMap((job) => {
    const found = ended.get(job.key);
    if (found === undefined) return [];
    return endingProblems(job, found.event.status ?? found.event.ending ?? 'nothing', found.at);
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
