import { describe, expect, it } from 'vitest';
import { checkAct } from '../../src/domain/act-inputs.js';
import { approvalReasons } from '../../src/domain/approval.js';
import { checkedRun } from '../../src/domain/checked-run.js';
import { changesAfter, sweepInForce } from '../../src/domain/in-force.js';
import type { ActEvent, ApprovalRequested, RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { ObservationLog } from '../../src/ledger/observation-log.js';
import { linkLine } from '../../src/ledger/chain.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { actLog, renderLog } from '../../src/reports/act-log.js';
import { approveAct } from '../../src/workflows/approval-acts.js';
import { retractAct } from '../../src/workflows/retract-act.js';
import { extendBudgetAct, finishAct, lowerBudgetAct, pinAct, vetoAct } from '../../src/workflows/steering-acts.js';
import { cancelAct, pauseAct, resumeAct } from '../../src/workflows/sweep-acts.js';
import { progressOf } from '../../src/workflows/sweep-progress.js';
import { initialState } from '../../src/workflows/sweep-state.js';
import { awaitingTrial, runningTrial } from '../../src/workflows/trial-state.js';
import { toySweep } from './toy-sweep.js';

type Decided = Extract<RecordEvent, { type: 'decided' }>;

const sweep = toySweep({ budget: 100, confirm: 1 });
const ada = { by: 'ada' };
const run = { mixture: { a: 0.5, b: 0.5 }, scale: 'big', steps: 20, cost: 20 };
const act = (change: Partial<ActEvent>): ActEvent => ({ type: 'act', act: 'veto', by: 'ada', ...change });

describe('a run that needs a person’s leave', () => {
  it('is named by any condition, each with its reason', () => {
    const approval = { above: 10, scales: ['big'], target: true, outside: { a: [0.6, 1] } } as const;
    expect(approvalReasons({ ...sweep, approval }, run)).toEqual([
      'it may cost 20, more than 10',
      'it is at scale big',
      'it is a target run',
      'its share of a, 0.5, is outside 0.6 to 1',
    ]);
    expect(approvalReasons({ ...sweep, approval: { above: 20 } }, run)).toEqual([]);
    expect(approvalReasons(sweep, run)).toEqual([]);
  });

  it('is asked for in the sweep file, which is checked', () => {
    const file = {
      ...toySweep({ policy: { name: 'titrate' }, launcher: { kind: 'none' } }),
      approval: { scales: ['huge'], outside: { c: [0, 1], a: [1, 0] } },
      notify: [{ webhook: 'https://user:secret@example.org' }],
    };
    expect(() => parseSweep(file)).toThrow(/approval\.scales\[0\][\s\S]*approval\.outside\.[ac][\s\S]*approval/);
    expect(() => parseSweep({ ...file, approval: {} })).toThrow(/at least one of above/);
    expect(() => parseSweep({ ...file, approval: { target: true } })).toThrow(/notify/);
    expect(() => parseSweep({ ...file, approval: { target: true, timeoutSeconds: 1e13 } })).toThrow(/timeoutSeconds/);
    for (const onTimeout of ['refuse', 'approve'])
      expect(() => parseSweep({ ...file, approval: { target: true, onTimeout } })).toThrow(
        /approval\.timeoutSeconds: expected the seconds after which .*; found nothing/,
      );
    expect(parseSweep({ ...file, notify: undefined, approval: { target: true, onTimeout: 'wait' } }).approval).toEqual({
      target: true,
      onTimeout: 'wait',
    });
    const backoff = { firstSeconds: 1e9, longestSeconds: 1e13 };
    expect(() => parseSweep({ ...file, retries: { backoff } })).toThrow(/firstSeconds[\s\S]*longestSeconds/);
    const notify = [
      { webhook: 'env:HOOK', signingKey: 'file:/run/key' },
      { command: ['tell'], on: ['budget-80'] },
    ];
    const parsed = parseSweep({ ...file, approval: { target: true, timeoutSeconds: 60 }, notify });
    expect(parsed).toMatchObject({ approval: { target: true, timeoutSeconds: 60 }, notify });
    expect(parseSweep(parsed)).toEqual(parsed);
  });
});

describe('a run that a person names', () => {
  it('is scaled to a sum of 1, priced, and refused with the limit that it breaks', () => {
    const free = toySweep({ domains: { a: { min: 0.1, max: 0.6 }, b: { min: 0, max: 1 } } });
    expect(checkedRun(free, { ...run, mixture: { a: 0.333, b: 0.666 } })).toMatchObject({ run: { cost: 20 } });
    const text = (change: object): unknown => checkedRun(free, { ...run, ...change });
    expect(text({ mixture: { a: 0.7, b: 0.3 } })).toEqual({
      problem: 'the share of a must be from 0.1 to 0.6 now; found 0.7',
    });
    expect(text({ mixture: { a: 0.5, b: 0.4 } })).toEqual({ problem: 'shares must sum to 1; found 0.9' });
    expect(text({ scale: 'bigg' })).toMatchObject({ problem: expect.stringContaining('bigg is no scale') as string });
    expect(text({ steps: 15 })).toEqual({ problem: 'the steps of big are 10, 20; found 15' });
  });
});

describe('an act that changes a sweep', () => {
  it('keeps the budget above what is spent, committed and pinned', () => {
    const spent = { ...initialState, spent: 30 };
    const pinned = pinAct(sweep, spent, { ...ada, ...run });
    expect(pinned).toMatchObject({ accepted: true, details: { run } });
    expect(pinAct(sweep, pinned.state, { ...ada, ...run })).toMatchObject({ accepted: false });
    expect(lowerBudgetAct(sweep, pinned.state, { ...ada, to: 49 }).reason).toBe(
      '30 are spent and 20 committed: the budget cannot be below 50',
    );
    const lowered = lowerBudgetAct(sweep, pinned.state, { ...ada, change: 50 });
    expect(lowered).toMatchObject({ accepted: true, details: { budget: { from: 100, to: 50 } } });
    expect(extendBudgetAct(sweep, spent, { ...ada, to: 100 })).toMatchObject({ accepted: false });
    // 80 spent, 20 kept for the confirmation: nothing is left.
    expect(pinAct(sweep, { ...initialState, spent: 80 }, { ...ada, ...run })).toMatchObject({
      accepted: false,
      reason: 'the run may cost 20 units, and 0 are left to decide on',
    });
  });

  it('only tightens bounds, and leaves some mixture', () => {
    const veto = (bounds: object) => vetoAct(sweep, initialState, { ...ada, bounds: { ...bounds } }, sweep, () => true);
    expect(veto({ a: { max: 0.3 } })).toMatchObject({
      accepted: true,
      details: { bounds: { a: { min: 0, max: 0.3 } } },
      reason: 'nothing outside these bounds is decided or recommended from now on; trials in flight go on',
    });
    expect(veto({ a: { max: 0.3 }, b: { max: 0.3 } }).reason).toMatch(/^no mixture would be left/);
    expect(veto({ c: { max: 0.3 } }).reason).toMatch(/^c is no domain/);
    expect(veto({ a: { max: 1 } }).reason).toBe('the bounds are so already');
    const listed = toySweep({ mixtures: [{ a: 0.5, b: 0.5 }] });
    const nothing = vetoAct(listed, initialState, { ...ada, bounds: { a: { max: 0.2 } } }, listed, () => true);
    expect(nothing).toMatchObject({ accepted: false, reason: 'none of the listed mixtures would be left' });
  });

  it('takes pinned runs back that a veto does not allow any more, and says so', () => {
    const inside = { ...run, mixture: { a: 0.2, b: 0.8 } };
    const { state } = pinAct(sweep, pinAct(sweep, initialState, { ...ada, ...run }).state, { ...ada, ...inside });
    expect(state.pinned).toHaveLength(2);
    const veto = (mayUnpin: boolean) =>
      vetoAct(sweep, state, { by: 'eve', bounds: { a: { max: 0.3 } } }, sweep, () => mayUnpin);
    expect(veto(true)).toMatchObject({ accepted: true, details: { unpinned: [run] } });
    expect(veto(true).state.pinned).toEqual([{ ...inside, ...ada }]);
    expect(veto(true).reason).toMatch(/; the run at big, 20 steps, that ada pinned is not made$/);
    expect(veto(false).state.pinned).toEqual(state.pinned); // in a history that was begun before
    const at = '2026-01-01T00:00:00.000Z';
    const started = { type: 'started', sweepId: 's', sweep, version: '0', node: 'v20' } as const;
    const first = linkLine({ seq: 0, hash: '0'.repeat(64) }, { key: 'started', at, event: started });
    const second = linkLine(first, { key: 'act:1', at, event: act(veto(true).details ?? {}) });
    const [line] = actLog([first, second]);
    expect(line?.text).toContain('a 0 to 0.3; not made: big, 20 steps');
  });

  it('is told by the name of its command', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const started = { type: 'started', sweepId: 's', sweep, version: '0', node: 'v20' } as const;
    const first = linkLine({ seq: 0, hash: '0'.repeat(64) }, { key: 'started', at, event: started });
    const inject = { type: 'act', act: 'inject', by: 'ada', observations: 3 } as const;
    const entries = actLog([first, linkLine(first, { key: 'act:1', at, event: inject })]);
    expect(entries).toMatchObject([{ what: 'inject', text: 'import: 3 runs' }]);
    const more = { type: 'act', act: 'extend-budget', by: 'ada', budget: { from: 250, to: 250.1 } } as const;
    const [told] = actLog([first, linkLine(first, { key: 'act:1', at, event: more })]);
    expect(told?.text).toMatch(/^extend-budget: from 250 to 250\.1 /);
  });

  it('takes a result back that the record has, once', () => {
    const what = { ...ada, trial: 't0001', reason: 'wrong split' };
    const found = { status: 'completed', continuedBy: ['t0003', 't0005'] } as const;
    const confirming = { ...initialState, phase: 'confirming', searchOver: 'enough', retracted: ['t0003'] } as const;
    const { accepted, reason, state } = retractAct(confirming, what, found);
    expect(accepted).toBe(true);
    expect(reason).toContain('; t0005 went on from its checkpoint and still counts; the search is open again');
    expect(state).toMatchObject({ phase: 'searching', searchOver: null, searches: 2, retracted: ['t0003', 't0001'] });
    expect(retractAct(state, what, found).reason).toBe('the result of t0001 was retracted already');
    expect(retractAct(initialState, what, null).reason).toBe('the record has no run t0001');
    const refusedRun = { status: 'refused-by-person', continuedBy: [] } as const;
    expect(retractAct(initialState, what, refusedRun).reason).toBe('trial t0001 was refused and never ran');
    const finishing = retractAct({ ...initialState, finish: ada }, what, found);
    expect([finishing.accepted, finishing.reason.includes('open again')]).toEqual([true, false]);
    expect(retractAct({ ...initialState, cancel: ada }, what, found).accepted).toBe(false);
    expect(() => checkAct('retract', { ...ada, trial: 't0001' })).toThrow(/reason/);
  });

  it('leaves a confirmation that waits for leave what it may cost, when a result is taken back', () => {
    const decided = { type: 'decided', decision: 4, trial: 't0004', purpose: 'confirm', ...run } as unknown as Decided;
    const asked = { reasons: ['it is a target run'] } as unknown as ApprovalRequested;
    const running = [awaitingTrial(runningTrial('s', sweep, decided, 0), asked)];
    const confirming = { ...initialState, phase: 'confirming', spent: 70, running } as const;
    const what = { ...ada, trial: 't0001', reason: 'wrong split' };
    const { state } = retractAct(confirming, what, { status: 'completed', continuedBy: [] });
    for (const before of [confirming, state])
      expect(approveAct(sweep, before, { ...ada, trial: 't0004' }).accepted).toBe(true);
  });

  it('finds a sweep closed that is being finished', () => {
    const { state } = finishAct(initialState, { ...ada, stop: true });
    for (const { accepted, reason } of [
      finishAct(state, ada),
      pauseAct(state, ada),
      extendBudgetAct(sweep, state, { ...ada, to: 200 }),
      vetoAct(sweep, state, { ...ada, bounds: { a: { max: 0.3 } } }, sweep, () => true),
    ])
      expect([accepted, reason]).toEqual([false, 'the sweep is being finished by ada']);
  });

  it('does not let a sweep go on that is being cancelled, paused before or not', () => {
    const { state } = cancelAct(pauseAct(initialState, ada).state, ada);
    expect(resumeAct(state, () => true)).toMatchObject({
      accepted: false,
      reason: 'the sweep is being cancelled by ada',
    });
    expect(resumeAct(state, () => false).accepted).toBe(true); // in a history that was begun before
    expect(pauseAct(cancelAct(initialState, ada).state, ada).accepted).toBe(false);
    expect(resumeAct(pauseAct(finishAct(initialState, ada).state, { by: 'titrate' }).state, () => true).accepted).toBe(
      true,
    );
  });

  it('is told by the sweep when it ends it: who, why and how', () => {
    const closing = (state: typeof initialState) => progressOf('s', sweep, state, null).closing;
    expect(closing(initialState)).toBeNull();
    expect(closing(finishAct(initialState, { ...ada, stop: true }).state)).toEqual({
      act: 'finish',
      ...ada,
      stop: true,
    });
    const both = cancelAct(finishAct(initialState, ada).state, { by: 'eve', reason: 'no use' }).state;
    expect(closing(both)).toEqual({ act: 'cancel', by: 'eve', reason: 'no use' });
  });

  it.each([
    ['refuse', { by: 'ada', trial: 't0001' }, /reason/],
    ['refuse', { by: 'ada', trial: 't0001', reason: ' \t' }, /reason: expected text that is not blank/],
    ['pin', { by: 'ada', mixture: { a: 2 }, scale: 'big', steps: 20 }, /mixture\.a/],
    ['extend-budget', { by: 'ada', to: 1, change: 1 }, /either to or change/],
    ['pause', { by: '', surprise: 1 }, /by[\s\S]*surprise|surprise[\s\S]*by/],
    ['cancel', 'now', /./],
  ] as const)('is refused at the door when it cannot be understood: %s', (name, input, words) => {
    expect(() => checkAct(name, input)).toThrow(words);
  });
});

describe('the sweep in force', () => {
  const bounds = { a: { min: 0, max: 0.25 } };
  it('follows from the record, line by line', () => {
    const events = [
      { type: 'started', sweepId: 's', sweep, version: '0', node: 'v20' } as const,
      act({ act: 'extend-budget', budget: { from: 100, to: 150 } }),
      act({ bounds }),
    ];
    const log = new ObservationLog();
    const lines: RecordLine[] = [];
    for (const [i, event] of events.entries()) {
      const before = lines.at(-1) ?? { seq: 0, hash: '0'.repeat(64) };
      lines.push(linkLine(before, { key: `k${i}`, at: '2026-01-01T00:00:00.000Z', event }));
    }
    for (const line of lines) log.take(line);
    const [first, second, third] = lines.map((line) => log.viewAt(line));
    expect(first?.sweep).toBe(sweep);
    expect(second?.sweep).toEqual({ ...sweep, budget: 150 });
    expect(third?.sweep.domains['a']).toEqual({ min: 0, max: 0.25 });
    expect(new Set([first?.stream, second?.stream, third?.stream]).size).toBe(3);
  });

  it('is what the policy proposes and recommends within, whatever was seen outside', () => {
    const real = toySweep({ policy: { name: 'titrate' }, budget: 200 });
    const changed = sweepInForce(real, changesAfter({}, act({ bounds })));
    const seen = [0.1, 0.4, 0.6, 0.9].map((a, i) => ({
      trial: `t${i}`,
      mixture: { a, b: 1 - a },
      scale: 'small',
      steps: 20,
      status: 'completed' as const,
      metrics: { loss: 3 - a },
    }));
    expect(recommend(real, seen, { seed: 1 }).mixture['a']).toBeGreaterThan(0.3);
    expect(recommend(changed, seen, { seed: 1 }).mixture['a']).toBeLessThanOrEqual(0.25 + 1e-9);
    expect(propose(changed, seen, { seed: 1 })?.mixture['a']).toBeLessThanOrEqual(0.25 + 1e-9);
  });

  it('never offers a run again that a person refused, nor one close by', () => {
    const real = toySweep({ policy: { name: 'titrate' }, budget: 200 });
    const refusals: {
      trial: string;
      mixture: Record<string, number>;
      scale: string;
      steps: number;
      status: 'refused-by-person';
      metrics: object;
      cost: number;
    }[] = [];
    for (let i = 0; i < 4; i++) {
      const next = propose(real, refusals as never, { seed: 1 });
      if (next === null) break;
      for (const { mixture, scale, steps } of refusals) {
        if (scale !== next.scale || next.steps < steps) continue;
        expect(Math.abs((mixture['a'] ?? 0) - (next.mixture['a'] ?? 0))).toBeGreaterThan(0.05);
      }
      const { mixture, scale, steps } = next;
      refusals.push({ trial: `t${i}`, mixture, scale, steps, status: 'refused-by-person', metrics: {}, cost: 0 });
    }
    expect(refusals).toHaveLength(4);
  });

  it('leaves listed mixtures out with their runs', () => {
    const listed = toySweep({
      mixtures: [
        { a: 0.5, b: 0.5 },
        { a: 0.1, b: 0.9 },
      ],
      runs: [
        { mixture: 0, scale: 'big', steps: 20 },
        { mixture: 1, scale: 'big', steps: 20 },
      ],
    });
    expect(sweepInForce(listed, { bounds })).toMatchObject({
      mixtures: [{ a: 0.1, b: 0.9 }],
      runs: [{ mixture: 0, scale: 'big', steps: 20 }],
    });
  });
});

describe('the log', () => {
  it('tells who imported earlier runs before the start; of those that a running sweep took, the act tells', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const past = { mixture: { a: 1, b: 0 }, scale: 'big', steps: 20, status: 'completed', metrics: {}, curve: [] };
    const imported = (trial: string, by: string, reason?: string) =>
      ({
        type: 'imported',
        trial,
        ...past,
        source: { file: 'runs.csv', sha256: '', lines: [2], run: '' },
        by,
        ...(reason === undefined ? {} : { reason }),
      }) as RecordEvent;
    const events = [
      { type: 'started', sweepId: 's', sweep, version: '0', node: 'v20' } as const,
      imported('i1', 'ada', 'last year'),
      imported('i2', 'ada', 'last year'),
      imported('i3', 'bob'),
      act({ act: 'inject', observations: 1 }),
      imported('i4', 'ada'),
    ];
    const lines = events.map((event, i) => ({ v: 1 as const, seq: i + 1, key: `${i}`, at, event, prev: '', hash: '' }));
    expect(actLog(lines).map(({ line, by, text }) => [line, by, text])).toEqual([
      [2, 'ada', 'import: 2 runs of runs.csv, before the start (last year)'],
      [4, 'bob', 'import: 1 run of runs.csv, before the start'],
      [5, 'ada', 'import: 1 run'],
    ]);
  });

  it('says who did what, how they were known, and what was not taken, without escapes', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const events = [
      { type: 'started', sweepId: 's', sweep, version: '0', node: 'v20' } as const,
      act({ act: 'extend-budget', authenticated: 'token', budget: { from: 100, to: 150 }, reason: 'more\u001B[2J' }),
      {
        type: 'act-refused',
        act: 'approve',
        trial: 't0009',
        by: 'bob',
        because: 'no trial t0009 is in flight',
      } as const,
    ];
    const lines = events.map((event, i) => ({ v: 1 as const, seq: i + 1, key: `${i}`, at, event, prev: '', hash: '' }));
    const entries = actLog(lines);
    expect(entries).toMatchObject([
      { line: 2, by: 'ada', authenticated: 'token', what: 'extend-budget', taken: true },
      { line: 3, by: 'bob', authenticated: null, trial: 't0009', taken: false },
    ]);
    const text = renderLog(entries).join('\n');
    expect(text).toContain('ada (token)');
    expect(text).toContain('from 100 to 150 units');
    expect(text).toContain('not taken, no trial t0009 is in flight');
    expect(text).not.toContain('\u001B');
  });
});
