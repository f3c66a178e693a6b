import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { Mixture } from '../../src/domain/mixture.js';
import type { PendingTrial } from '../../src/domain/observation.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { backtestText, summarize } from '../../src/evidence/backtest-summary.js';
import { play, type Decider, type Played } from '../../src/evidence/backtest.js';
import { createReplay } from '../../src/evidence/replay.js';
import { RecordFile } from '../../src/ledger/record-file.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { readPastRuns } from '../../src/simulators/past-runs.js';
import { csvOfLaw, lawSweep, pastOfLaw } from './table-of-law.js';

const here: Decider = {
  propose: ({ sweep, observations, pending, seed }) => Promise.resolve(propose(sweep, observations, { seed, pending })),
  recommend: ({ sweep, observations, seed }) => Promise.resolve(recommend(sweep, observations, { seed })),
};
const eventsOf = <T extends RecordEvent['type']>({ lines }: Played, type: T) =>
  lines.map(({ event }) => event).filter((event): event is Extract<RecordEvent, { type: T }> => event.type === type);

describe('a policy played on past runs', () => {
  let folder: string;
  let played: Played;
  const told: (readonly [runs: number, share: number])[] = [];
  const replay = createReplay(lawSweep(), pastOfLaw());
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-backtest-'));
    played = await play(replay, 'titrate', 3, here, (...progress) => told.push(progress));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('buys only rows that exist, none twice, within the budget and the places of the sweep file', () => {
    const bought = eventsOf(played, 'decided').map(
      ({ scale, steps, mixture }) => `${scale} ${steps} ${Object.values(mixture).join()}`,
    );
    const past = pastOfLaw();
    for (const run of bought)
      expect(
        past.runs.some(({ scale, curve, mixture }) =>
          curve.some(({ steps }) => run === `${scale} ${steps} ${Object.values(mixture).join()}`),
        ),
      ).toBe(true);
    expect(new Set(bought).size).toBe(bought.length);
    expect(played.spent).toBeLessThanOrEqual(90);
    expect(played.spent).toBeGreaterThan(20);
    expect(Math.max(...eventsOf(played, 'decided').map(({ sawPending }) => sawPending.length))).toBe(1);
  });

  it('tells how far it is whenever a run has ended', () => {
    expect(told.map(([runs]) => runs)).toEqual(Array.from({ length: played.runs }, (_, i) => i + 1));
    expect(told.at(-1)?.[1]).toBeCloseTo(played.spent / 90, 12);
  });

  it('leaves a record in which a worker would decide the very same, from the very same digests', async () => {
    const file = join(folder, 'record.jsonl');
    await writeFile(file, played.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const record = new RecordFile(file);
    const decided = new Map(eventsOf(played, 'decided').map((event) => [event.trial, event]));
    for (const [i, { event }] of played.lines.entries()) {
      if (event.type !== 'decided') continue;
      const head = played.lines[i - 1]!;
      const view = await record.viewAt({ seq: head.seq, hash: head.hash });
      const pending = event.sawPending.map((trial): PendingTrial => {
        const { mixture, scale, steps, cost, continues } = decided.get(trial)!;
        return { trial, mixture, scale, steps, cost, ...(continues === undefined ? {} : { continues }) };
      });
      expect(view.digestWith(pending)).toBe(event.sawDigest);
      const again = propose(view.sweep, view.observations, { seed: event.seed, pending });
      expect(again).toMatchObject({
        mixture: event.mixture,
        scale: event.scale,
        steps: event.steps,
        explanation: event.explanation,
      });
    }
    expect(decided.size).toBe(played.runs);
  });

  it('finds the team’s best mixture for less than the team paid, on a law that small runs tell', () => {
    expect(replay.targetRows[0]?.run.run).toBe('b6');
    expect(played.found).not.toBeNull();
    expect(played.found).toBeLessThan(replay.team.spent);
    expect(played.ran).toBeGreaterThanOrEqual(20); // a run to the target
    expect(played.moments.at(-1)).toMatchObject({ isBest: true, regret: 0 });
  });
});

describe('what past runs are to a replay', () => {
  it('sums up what the team paid by the cost model, in the order of the table', () => {
    const { team } = createReplay(lawSweep(), pastOfLaw());
    expect(team).toMatchObject({ runs: 15, spent: 10 * 2 + 5 * 20 });
    expect(team.spentAtBest).toBe(7 * 2 + 4 * 20); // b6 is the fourth of the big runs, after seven small ones
  });

  it('takes the table’s own prices where it has them, for the team and for what is bought', () => {
    const csv = csvOfLaw()
      .split('\n')
      .map((row, i) => (i === 0 ? `${row},paid` : `${row},${row.includes('big') ? 50 : 4}`))
      .join('\n');
    const past = readPastRuns(csv, { mapping: { columns: { cost: 'paid' } } });
    const replay = createReplay(lawSweep(), past);
    expect(replay.team.spent).toBe(10 * 4 + 5 * 50);
    const half = { scale: 'small', steps: 10, mixture: past.runs[0]!.mixture, cost: 1 };
    expect(replay.observe('t1', half).cost).toBe(2); // twice the model's price, for half of a run
  });

  it('prices a run that went on from another as the rest, as the export of a sweep says of it', () => {
    const csv = [
      'trial,share.a,share.b,share.c,scale,steps,metric.loss,continues',
      't1,1,0,0,small,10,3,',
      't2,1,0,0,small,20,2.5,t1',
      't3,1,0,0,big,20,2,',
    ].join('\n');
    expect(createReplay(lawSweep(), readPastRuns(csv)).team.spent).toBe(1 + 1 + 20);
    const paid = csv.replaceAll(/$/gm, ',4').replace('continues,4', 'continues,paid');
    const replay = createReplay(lawSweep(), readPastRuns(paid, { mapping: { columns: { cost: 'paid' } } }));
    const whole = { scale: 'small', steps: 20, mixture: { a: 1, b: 0, c: 0 }, cost: 2 };
    expect(replay.observe('t1', whole).cost).toBe(8); // four times the model's price, as t2 was
  });

  it('shows a run that failed as it failed: its checkpoints, its ending, and the part that it ran as its cost', () => {
    const replay = createReplay(lawSweep(), pastOfLaw(6));
    const mixture: Mixture = { a: 0.4, b: 0.3, c: 0.3 };
    const whole = replay.observe('t1', { scale: 'small', steps: 20, mixture, cost: 2 });
    expect(whole).toMatchObject({ status: 'failed', metrics: {}, cost: 1 });
    expect(whole.curve).toHaveLength(1);
    expect(replay.observe('t2', { scale: 'small', steps: 10, mixture, cost: 1 })).toMatchObject({
      status: 'completed',
      cost: 1,
    });
  });

  it('lets a run be bought to the steps behind the checkpoint at which it failed', () => {
    const replay = createReplay(lawSweep(), pastOfLaw(6));
    const runs = replay.sweep.runs?.filter(({ mixture, scale }) => mixture === 6 && scale === 'small');
    expect(runs?.map(({ steps }) => steps)).toEqual([10, 20]);
  });

  it('sells no checkpoint that lacks a metric of the sweep, and names the runs that have none with all', async () => {
    const lacks = (row: string): boolean => row.includes(',small,10,') || row.startsWith('s9');
    const csv = csvOfLaw()
      .split('\n')
      .map((row) => (lacks(row) ? row.replace(/,[^,]+,completed$/, ',,completed') : row))
      .map((row, i) => `${row},${i === 0 ? 'metric.accuracy' : '0.5'}`)
      .join('\n');
    const replay = createReplay(lawSweep(), readPastRuns(csv));
    const played = await play(replay, 'titrate', 3, here);
    const bought = eventsOf(played, 'decided').filter(({ scale, steps }) => scale === 'small' && steps === 10);
    expect(bought).toEqual([]);
    expect(eventsOf(played, 'observed').every(({ metrics }) => metrics['loss'] !== undefined)).toBe(true);
    const reason = 'it has no checkpoint at 10, 20 steps with loss';
    expect(replay.leftOut).toEqual([{ run: 's9', lines: [25, 26], reason }]);
    expect(() =>
      createReplay(lawSweep({ objective: { direction: 'minimize', weights: { los: 1 } } }), pastOfLaw()),
    ).toThrow(/a metric of the table: .*did you mean loss/);
  });

  it('names the runs at scales that the sweep does not have', () => {
    const csv = csvOfLaw().replace(',small,20,', ',Small,20,').replace('s0,', 'x0,');
    const past = readPastRuns(csv.replace('\ns0,', '\ny0,'));
    const { leftOut, team } = createReplay(lawSweep(), past);
    expect(leftOut).toMatchObject([{ run: 'y0', reason: expect.stringContaining('did you mean small') as string }]);
    expect(team.runs).toBe(15);
  });

  it('judges by the best mixture that kept the guards, and counts one that broke them as the worst', () => {
    const csv = csvOfLaw()
      .split('\n')
      .map((row, i) => `${row},${i === 0 ? 'metric.harm' : (row.split(',')[1] ?? '')}`)
      .join('\n');
    const guards = [{ metric: 'harm', atMost: 0.45, confidence: 0.84 }];
    const replay = createReplay(lawSweep({ guards }), readPastRuns(csv));
    expect(replay.targetRows.map(({ run }) => run.run)).toEqual(['b6', 'b8', 'b2']);
    expect(replay.broken).toBe(2);
    expect(replay.regretOf({ a: 0.5, b: 0, c: 0.5 })).toBe(replay.regretOf({ a: 0, b: 0, c: 1 }));
    expect(backtestText(summarize(replay, []), replay)).toContain(
      '3 mixtures ran to the target, big x 20 steps; 2 more did and broke a guard there.',
    );
    const none = [{ metric: 'harm', atMost: -1, confidence: 0.84 }];
    expect(() => createReplay(lawSweep({ guards: none }), readPastRuns(csv))).toThrow(/5 mixtures, all of which break/);
  });

  it('refuses a table without a completed run at the target, and one over other domains', () => {
    const small = readPastRuns(
      csvOfLaw()
        .split('\n')
        .filter((row) => !row.includes(',big,'))
        .join('\n'),
    );
    expect(() => createReplay(lawSweep(), small)).toThrow(InputError);
    const { c: _, ...two } = lawSweep().domains;
    expect(() => createReplay(lawSweep({ domains: two }), pastOfLaw())).toThrow(/the sweep and its table differ/);
  });
});

describe('what plays come to', () => {
  const replay = createReplay(lawSweep({ parallel: 1 }), pastOfLaw());
  /** Buys the small runs in order and recommends by a script. */
  const scripted = (script: readonly number[]): Decider => {
    let asked = 0;
    return {
      propose: ({ sweep, observations }) => {
        const mixture = sweep.mixtures?.[observations.length];
        if (mixture === undefined || observations.length === script.length) return Promise.resolve(null);
        const explanation = {
          policy: 's',
          reason: '',
          phase: 'search' as const,
          committed: 0,
          hyperparameters: {},
          trust: [],
          considered: [],
          excluded: [],
        };
        return Promise.resolve({ mixture, scale: 'small', steps: 20, cost: 2, explanation });
      },
      recommend: () => {
        const { mixture } = replay.targetRows[script[asked++] ?? 0]!;
        return Promise.resolve({ mixture, mean: 0, sd: 1, nearOptimal: [], shareRanges: {}, trust: [] });
      },
    };
  };

  it('counts the best row as found from where no other is recommended again', async () => {
    const played = await play(replay, 'titrate', 0, scripted([0, 1, 0, 0]));
    expect(played.found).toBe(6);
    expect(played.moments.map(({ regret }) => regret === 0)).toEqual([true, false, true, true]);
    expect((await play(replay, 'titrate', 0, scripted([0, 0, 1]))).found).toBeNull();
  });

  it('states the regret at parts of the team’s spend, and what was paid to find, in figures and in words', async () => {
    const one = await play(replay, 'titrate', 0, scripted([2, 2, 0, 0]));
    const two = await play(replay, 'titrate', 1, scripted([2, 2, 2, 1]));
    const summary = summarize(replay, [one, two]);
    expect(summary.policies).toMatchObject([
      { policy: 'titrate', seeds: 2, found: 1, paidToFind: { median: 6, least: 6, most: 6 }, spent: 8 },
    ]);
    const regrets = summary.policies[0]?.regretAt.map(({ regret }) => regret);
    expect(regrets?.[0]).toBeCloseTo(0.5, 1); // at 6 of 120 units: one seed is at 0, the other at the median row, 1
    const text = backtestText(summary, replay);
    expect(text).toContain('The team made 15 runs for 120 units; 5 mixtures ran to the target');
    expect(text).toMatch(/titrate +1 of 2 +6\.00 +5\.0 %/);
  });

  it('say how many of the team’s mixtures at the target the limits of the sweep exclude', () => {
    const narrow = createReplay(lawSweep({ domains: { ...lawSweep().domains, a: { min: 0.3, max: 1 } } }), pastOfLaw());
    const summary = summarize(narrow, []);
    expect([summary.atTarget, summary.outside]).toEqual([3, 2]);
    expect(backtestText(summary, narrow)).toContain(
      'to the target, big x 20 steps; 2 more did that the sweep’s limits exclude.',
    );
    expect(backtestText(summarize(replay, []), replay)).not.toContain('exclude');
  });
});
