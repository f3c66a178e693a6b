/** Each of the six judgements can fail: a sound sweep passes them all, and every kind of fault is found by the one it belongs to. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/domain/canonical-json.js';
import { judge } from './checks.js';
import type { JobEvidence, SweepEvidence } from './evidence.js';

type Event = Readonly<Record<string, unknown>>;

const DIGEST = 'd'.repeat(64);
const mixture = { a: 0.25, b: 0.75 };
const run = { mixture, scale: 'large', steps: 40 };
const BEGAN = Date.UTC(2026, 0, 1);

const keyOf = (trial: string): string => `sweep-1.${trial}.g1`;
const decided = (decision: number, cost = 1): Event => ({
  type: 'decided',
  decision,
  trial: `t${decision}`,
  ...run,
  cost,
});
const launched = (trial: string): Event => ({ type: 'launched', trial, key: keyOf(trial) });
const observed = (trial: string, change: Event = {}): Event => ({
  type: 'observed',
  trial,
  key: keyOf(trial),
  ...run,
  status: 'completed',
  curve: [{ steps: 20 }, { steps: 40 }],
  cost: 1,
  digest: DIGEST,
  warnings: [],
  ...change,
});

const SOUND: readonly Event[] = [
  { type: 'started', sweep: { budget: 2 } },
  decided(1),
  launched('t1'),
  observed('t1'),
  decided(2),
  launched('t2'),
  observed('t2'),
  { type: 'ended' },
];

/** Writes events as a record, one second apart. */
const recordOf = (events: readonly Event[]): string => {
  let prev = '0'.repeat(64);
  const lines = events.map((event, i) => {
    const key = `${String(event['type'])}:${String(event['trial'] ?? i)}`;
    const body = { v: 1, seq: i + 1, key, at: new Date(BEGAN + 1000 * i).toISOString(), event, prev };
    prev = createHash('sha256').update(canonicalJson(body)).digest('hex');
    return `${JSON.stringify({ ...body, hash: prev })}\n`;
  });
  return lines.join('');
};

/** A job that ran between its decision (line `line`, counted from 0) and its observation. */
const jobOf = (trial: string, line: number, change: Partial<JobEvidence> = {}): JobEvidence => {
  const key = keyOf(trial);
  const at = BEGAN + 1000 * line;
  return {
    key,
    file: { key, trial, generation: 1, ...run, checkpoints: [20, 40], cost: 1 },
    account: {
      key,
      starts: [7],
      begins: [{ is: 'begin', key, pid: 7, at: at + 500, ...run, cost: 1, generation: 1 }],
      ends: [{ is: 'end', key, pid: 7, at: at + 1500, outcome: 'completed', digest: DIGEST }],
    },
    metrics: { digest: DIGEST, steps: [20, 40], isTorn: false },
    hurtAt: [],
    stillRuns: false,
    ...change,
  };
};

const sweep = (change: Partial<SweepEvidence> = {}): SweepEvidence => ({
  lane: 'lane-1',
  sweepId: 'sweep-1',
  file: 'one-by-one',
  isSequential: true,
  record: recordOf(SOUND),
  jobs: [jobOf('t1', 1), jobOf('t2', 4)],
  ...change,
});

const withEvent = (index: number, event: Event): string => recordOf(SOUND.with(index, event));

const judged = (change: Partial<SweepEvidence>): number[] => {
  const found = judge([sweep(change)], new Map([['one-by-one', sweep()]]));
  return [...new Set(found.map(({ guarantee }) => guarantee))];
};

const killed = (trial: string, line: number, change: Partial<JobEvidence> = {}): JobEvidence => {
  const job = jobOf(trial, line);
  return { ...job, account: { ...job.account, ends: [] }, hurtAt: [BEGAN + 1000 * line + 1000], ...change };
};

const firstJob = (job: JobEvidence): Partial<SweepEvidence> => ({ jobs: [job, jobOf('t2', 4)] });

describe('a sound sweep', () => {
  it('passes all judgements', () => {
    expect(judged({})).toEqual([]);
  });

  it('passes them with a job that was killed, when its torn line is mentioned', () => {
    const metrics = { digest: DIGEST, steps: [20], isTorn: true };
    const warnings = ['the last line (2) was cut off and is left out'];
    const event = observed('t1', { status: 'failed', curve: [{ steps: 20 }], warnings });
    const change = { ...firstJob(killed('t1', 1, { metrics })), record: withEvent(3, event) };
    expect(judged(change)).toEqual([]);
  });
});

describe('a trial that was run again', () => {
  const g2 = 'sweep-1.t1.g2';
  const rerun = { type: 'rerun', trial: 't1', key: g2, cost: 1 };
  const events: readonly Event[] = [
    { type: 'started', sweep: { budget: 1.5 } },
    decided(1),
    { type: 'attempted', trial: 't1', key: keyOf('t1'), ending: 'failed', cost: 0.5, digest: DIGEST, curve: [] },
    rerun,
    observed('t1', { key: g2 }),
    { type: 'ended' },
  ];
  const first = killed('t1', 1, { metrics: { digest: DIGEST, steps: [], isTorn: false }, hurtAt: [BEGAN + 1800] });
  const second = { ...jobOf('t1', 3), key: g2 };
  const sweepOf = (all: readonly Event[]): Partial<SweepEvidence> => ({
    isSequential: false,
    record: recordOf(all),
    jobs: [
      first,
      { ...second, account: { ...second.account, ends: [{ ...second.account.ends[0]!, at: BEGAN + 3900 }] } },
    ],
  });

  it('passes all judgements', () => {
    expect(judged(sweepOf(events))).toEqual([]);
  });

  it('is found out when nobody decided it, when it began too early, and when both runs exceed the budget', () => {
    expect(judged(sweepOf(events.filter((event) => event !== rerun)))).toContain(1);
    expect(judged(sweepOf([...events.slice(0, 3), ...[1, 2].map(() => launched('t2')), ...events.slice(3)]))).toContain(
      1,
    );
    expect(judged(sweepOf(events.with(0, { type: 'started', sweep: { budget: 1.4 } })))).toEqual([4]);
  });
});

describe('broken promises are found', () => {
  const job = jobOf('t1', 1);
  const { account } = job;
  const secondGeneration = { ...jobOf('t3', 4), key: 'sweep-1.t2.g2' };
  const torn = { digest: DIGEST, steps: [20], isTorn: true };
  const lines = recordOf(SOUND).split('\n');

  it.each<[string, number, Partial<SweepEvidence>]>([
    ['a job that was started twice', 1, firstJob({ ...job, account: { ...account, starts: [7, 8] } })],
    ['a further generation that nobody decided', 1, { jobs: [...sweep().jobs, secondGeneration] }],
    ['a job without an observation', 2, { record: recordOf(SOUND.filter((_, i) => i !== 3)) }],
    ['a digest that is not that of what the job wrote', 2, { record: withEvent(3, observed('t1', { digest: 'e' })) }],
    ['a checkpoint that is not in the record', 2, { record: withEvent(3, observed('t1', { curve: [{ steps: 40 }] })) }],
    ['a torn line that is not mentioned', 2, firstJob(killed('t1', 1, { metrics: torn }))],
    ['a line that is missing', 3, { record: lines.toSpliced(2, 1).join('\n') }],
    ['a line that was changed', 3, { record: recordOf(SOUND).replace('"cost":1', '"cost":2') }],
    ['a line that is torn', 3, { record: recordOf(SOUND).slice(0, -20) }],
    ['an event that stands there twice', 3, { record: recordOf([...SOUND.slice(0, 7), SOUND[6]!, SOUND[7]!]) }],
    ['a decision number that is left out', 3, { record: withEvent(4, { ...decided(3), trial: 't2' }) }],
    ['a job that ran something else', 3, firstJob({ ...job, file: { ...job.file!, steps: 20 } })],
    ['a sweep that did not end', 3, { record: recordOf(SOUND.slice(0, 7)) }],
    ['a decision beyond the budget', 4, { record: withEvent(4, decided(2, 1.5)) }],
    [
      'a job that began before there was money for it',
      4,
      { record: withEvent(0, { ...SOUND[0], sweep: { budget: 1 } }) },
    ],
    ['a decision that another sweep of the file did not make', 5, { record: withEvent(4, { ...decided(2), seed: 9 }) }],
    ['a job that completed and is called failed', 6, { record: withEvent(3, observed('t1', { status: 'failed' })) }],
    ['a job that is called lost and that nothing befell', 6, firstJob({ ...killed('t1', 1), hurtAt: [] })],
    ['a job that is called failed and still runs', 6, firstJob(killed('t1', 1, { stillRuns: true }))],
    ['a job that is in the record before it ended', 6, firstJob(killed('t1', 1, { hurtAt: [BEGAN + 3500] }))],
  ])('%s', (_, guarantee, change) => {
    expect(judged(change)).toContain(guarantee);
  });

  it('a sequential sweep with nothing to compare it with', () => {
    expect(judge([sweep()], new Map()).map(({ guarantee }) => guarantee)).toEqual([5]);
  });
});
