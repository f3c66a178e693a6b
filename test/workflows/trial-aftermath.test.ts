import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDINGS } from '../../src/domain/ending.js';
import type { Ending } from '../../src/domain/ending.js';
import { StateError } from '../../src/domain/errors.js';
import type { JobResult } from '../../src/domain/ports.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { backoffSeconds, DEFAULT_BACKOFF, DEFAULT_LIMITS, isRetried } from '../../src/domain/retries.js';
import type { Retries } from '../../src/domain/retries.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { mayMove, moved, TRIAL_STATES } from '../../src/domain/trial-moves.js';
import type { TrialState } from '../../src/domain/trial-moves.js';
import { nextGeneration, trialName } from '../../src/workflows/job-spec.js';
import { abandonAct, cancelAct, retryAct } from '../../src/workflows/sweep-acts.js';
import { eventsOfNews } from '../../src/workflows/sweep-inbox.js';
import type { News } from '../../src/workflows/sweep-inbox.js';
import { progressOf } from '../../src/workflows/sweep-progress.js';
import {
  carriedState,
  committedBy,
  initialState,
  isAffordable,
  isFailing,
  mayStart,
  withDecision,
  withEvent,
} from '../../src/workflows/sweep-state.js';
import type { SweepState } from '../../src/workflows/sweep-state.js';
import { carriedTrial, movedTrial, runningTrial } from '../../src/workflows/trial-state.js';
import type { RunningTrial } from '../../src/workflows/trial-state.js';
import { toySweep } from './toy-sweep.js';

const retries: Retries = { ...DEFAULT_LIMITS, backoff: DEFAULT_BACKOFF, parkAbove: 15 };
const sweep = toySweep({ budget: 100, parallel: 2, retries });

type Decided = Extract<RecordEvent, { type: 'decided' }>;
const decided = (decision: number, scale: string, cost: number): Decided => ({
  type: 'decided',
  decision,
  trial: trialName(decision),
  purpose: 'search',
  mixture: { a: 0.5, b: 0.5 },
  scale,
  steps: 20,
  cost,
  seed: 1,
  sawDigest: '',
  sawObservations: 0,
  sawPending: [],
  explanation: {
    policy: 'titrate',
    reason: '',
    phase: 'search',
    committed: 0,
    hyperparameters: {},
    trust: [],
    considered: [],
    excluded: [],
  },
});

/** One big trial of 20 units whose job is asked for. */
const begun = (of: Sweep = sweep, scale = 'big', cost = 20): SweepState =>
  withDecision(
    initialState,
    decided(1, scale, cost),
    movedTrial(runningTrial('s', of, decided(1, scale, cost), 0), 'launching'),
  );

const result = (status: Ending, change: Partial<JobResult> = {}): JobResult => ({
  status,
  metrics: status === 'completed' ? { loss: 1 } : {},
  curve: [],
  digest: 'd',
  folder: '/f',
  stepsReached: 0,
  warnings: [],
  ...change,
});

const take = (of: Sweep, state: SweepState, ...news: News[]): { state: SweepState; events: RecordEvent[] } => {
  const events = eventsOfNews(of, state, news).map(({ event }) => event);
  return { events, state: events.reduce((next, event) => withEvent(sweep, next, event, 1_000), state) };
};

const only = (state: SweepState): RunningTrial => {
  const [trial] = state.running;
  if (trial === undefined) throw new Error('no trial is in flight');
  return trial;
};

const ended = (state: SweepState, status: Ending, change: Partial<JobResult> = {}): News => {
  const { trial, job } = only(state);
  return { kind: 'ended', end: { trial, key: job.key, result: result(status, change) } };
};

/** Asks for the next generation, as the workflow does when its back-off is over. */
const launch = (state: SweepState): SweepState => ({
  ...state,
  running: state.running.map((trial) => {
    const queued = trial.state === 'backing-off' ? movedTrial(trial, 'queued') : trial;
    return movedTrial(queued, 'launching');
  }),
});

const typesOf = (events: readonly RecordEvent[]): string[] => events.map(({ type }) => type);

describe('the moves of a trial (invariant 16)', () => {
  const states = Object.keys(TRIAL_STATES) as TrialState[];

  it('are those of the table, and every other one throws', () => {
    for (const from of states) {
      for (const to of states) {
        if (mayMove(from, to)) expect(moved(from, to, 't1')).toBe(to);
        else expect(() => moved(from, to, 't1')).toThrow(StateError);
      }
    }
  });

  it('lead to the end from every state, and nowhere from the end', () => {
    for (const state of states) expect(mayMove(state, 'ended')).toBe(state !== 'ended');
  });
});

describe('the end of a generation', () => {
  it.each(ENDINGS.filter((ending) => !isRetried(ending) || DEFAULT_LIMITS[ending] === 0))(
    'that is %s is never followed by another one, when it is cheap (invariant 13)',
    (ending) => {
      const state = begun(sweep, 'small', 2);
      const { events, state: after } = take(sweep, state, ended(state, ending));
      expect(events).toMatchObject([{ type: 'observed', status: ending, key: 's.t0001.g1' }]);
      expect(after.running).toEqual([]);
    },
  );

  it('is counted once, and not for another generation than the one in flight (invariant 5)', () => {
    const state = begun();
    const first = ended(state, 'failed');
    const { events, state: after } = take(sweep, state, first, first);
    expect(typesOf(events)).toEqual(['attempted', 'rerun']);
    expect(take(sweep, launch(after), first).events).toEqual([]);
  });

  it('counts each kind of ending by itself, so that preemptions burn no attempt (invariant 13)', () => {
    let state = begun(toySweep(), 'small', 1);
    const wide = toySweep({ budget: 1_000, retries: { ...retries, failed: 1, 'host-lost': 2 } });
    const follow = ['preempted', 'host-lost', 'preempted', 'failed', 'preempted', 'host-lost', 'preempted'] as const;
    for (const ending of follow) {
      const next = take(wide, state, ended(state, ending));
      expect(typesOf(next.events), ending).toEqual(['attempted', 'rerun']);
      state = launch(next.state);
    }
    expect(only(state).generation).toBe(8);
    expect(take(wide, state, ended(state, 'host-lost')).events).toMatchObject([
      { type: 'observed', status: 'host-lost', detail: expect.stringContaining('all 2 retries') as string },
    ]);
  });

  it('is followed by a job that goes on from the last checkpoint, and costs what is left (invariant 14)', () => {
    const { job } = only(begun());
    const point = { steps: 10, metrics: { loss: 1 } };
    const second = nextGeneration(sweep, job, { curve: [point] });
    expect(second).toMatchObject({
      key: 's.t0001.g2',
      cost: 10,
      resume: { key: 's.t0001.g1', trial: 't0001', steps: 10 },
    });
    expect(nextGeneration(sweep, second, { curve: [] })).toMatchObject({
      key: 's.t0001.g3',
      cost: 10,
      resume: second.resume,
    });
    const all = nextGeneration(sweep, job, { curve: [point, { steps: 20, metrics: { loss: 1 } }] });
    expect(all.resume?.steps).toBe(10);
    expect(nextGeneration(sweep, job, { curve: [] })).not.toHaveProperty('resume');
  });

  it('waits twice as long each time while nothing gets better, and starts over with a new checkpoint', () => {
    expect([0, 1, 2, 10].map((stalled) => backoffSeconds(retries, stalled))).toEqual([30, 60, 120, 1_800]);
    let state = begun(sweep, 'small', 2);
    const waits: number[] = [];
    for (const curve of [[], [], [{ steps: 10, metrics: { loss: 1 } }], []]) {
      const next = take(sweep, state, ended(state, 'preempted', { curve }));
      waits.push(...next.events.flatMap((event) => (event.type === 'rerun' ? [event.waitSeconds] : [])));
      state = launch(next.state);
    }
    expect(waits).toEqual([30, 60, 30, 30]);
  });

  it('is the trial’s when a metric is missing, which it would be again', () => {
    const state = begun();
    const { events } = take(sweep, state, ended(state, 'completed', { metrics: { other: 1 } }));
    expect(events).toMatchObject([{ type: 'observed', status: 'failed' }]);
  });

  it('is the trial’s in a sweep that was started without retries, whatever it is', () => {
    const old = toySweep({ budget: 100 });
    const state = begun(old);
    for (const ending of ENDINGS) expect(typesOf(take(old, state, ended(state, ending)).events)).toEqual(['observed']);
  });
});

describe('the budget with reruns', () => {
  it('is never exceeded by what is charged and what may still be, however jobs end (invariants 3 and 12)', () => {
    const step = fc.record({
      ending: fc.constantFrom(...ENDINGS),
      reached: fc.constantFrom(0, 5, 10, 15, 20),
      big: fc.boolean(),
      who: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 20, max: 120 }), (steps, budget) => {
        const limits = { failed: 3, diverged: 1, 'host-lost': 3, 'timed-out': 1, preempted: 'unlimited' } as const;
        const of = toySweep({ budget, parallel: 3, retries: { ...retries, ...limits } });
        let state = initialState;
        for (const { ending, reached, big, who } of steps) {
          const event = decided(state.decisions + 1, big ? 'big' : 'small', big ? 20 : 2);
          if (mayStart(of, state) && isAffordable(of, state, event.cost)) {
            state = withDecision(state, event, movedTrial(runningTrial('s', of, event, 0), 'launching'));
          }
          state = {
            ...state,
            running: state.running.map((one) =>
              one.state === 'backing-off' ? movedTrial(movedTrial(one, 'queued'), 'launching') : one,
            ),
          };
          const live = state.running.filter((one) => one.state === 'launching');
          const chosen = live[who % Math.max(1, live.length)];
          if (chosen !== undefined) {
            const curve = reached >= 10 ? [{ steps: 10, metrics: { loss: 1 } }] : [];
            const end = {
              trial: chosen.trial,
              key: chosen.job.key,
              result: result(ending, { stepsReached: reached, curve }),
            };
            state = take(of, state, { kind: 'ended', end }).state;
          }
          expect(state.spent + committedBy(state)).toBeLessThanOrEqual(budget + 1e-6);
          expect(state.running.filter((one) => one.state !== 'parked').length).toBeLessThanOrEqual(of.parallel);
        }
      }),
    );
  });

  it('ends a trial as it stands when another run does not fit', () => {
    const tight = toySweep({ budget: 25, retries });
    const state = begun(tight);
    const { events } = take(tight, state, ended(state, 'failed'));
    expect(events).toMatchObject([{ type: 'observed', detail: expect.stringContaining('the budget') as string }]);
  });
});

describe('a parked trial (invariant 15)', () => {
  const parked = (): SweepState => {
    const state = begun();
    return take(sweep, state, ended(state, 'timed-out', { detail: 'a day and a half' })).state;
  };

  it('holds no place, keeps its cost committed, and is named when nothing else can be done', () => {
    const state = { ...parked(), searchOver: 'nothing left' };
    expect(only(state)).toMatchObject({ state: 'parked', generation: 2, cost: 20 });
    expect(committedBy(state)).toBe(20);
    expect(mayStart(toySweep({ parallel: 1 }), state)).toBe(true);
    expect(progressOf('s', sweep, state, null).waitsFor).toContain('t0001');
    expect(progressOf('s', sweep, parked(), null).waitsFor).toBeNull(); // the policy has not been asked yet
    const heldBack = { ...begun(), nothingToBuyAt: begun().observations };
    const free = [begun(), heldBack, { ...parked(), nothingToBuyAt: parked().observations }].map(
      (standing) => progressOf('s', toySweep({ parallel: 4 }), standing, null).freePlaces,
    );
    expect(free).toEqual([0, 3, 4]);
  });

  it('is retried once, however often that is asked for, and only then', () => {
    const what = { by: 'ada', trial: 't0001' };
    expect(retryAct(sweep, begun(), what)).toMatchObject({
      accepted: false,
      reason: 'trial t0001 is launching; only a parked one is retried',
    });
    expect(retryAct(sweep, parked(), { ...what, trial: 't9' }).reason).toBe(
      'no trial t9 is in flight; in flight: t0001',
    );
    const asked = retryAct(sweep, parked(), what);
    expect(asked.accepted).toBe(true);
    expect(retryAct(sweep, asked.state, what)).toMatchObject({
      accepted: false,
      reason: 'trial t0001 is being retried already',
    });
    const { events, state } = take(sweep, asked.state, { kind: 'act', act: 'retry', number: 1, what });
    expect(events).toMatchObject([
      { type: 'act', act: 'retry', trial: 't0001', by: 'ada' },
      { type: 'rerun', generation: 2, waitSeconds: 0 },
    ]);
    expect(only(state).state).toBe('queued');
    expect(mayStart(toySweep({ parallel: 1 }), state)).toBe(true); // it waits for a place and holds none
  });

  it('ends when it is abandoned or its sweep cancelled, at no further cost', () => {
    const abandoned = abandonAct(parked(), { by: 'ada', trial: 't0001' });
    expect(abandonAct(abandoned.state, { by: 'bob', trial: 't0001' }).accepted).toBe(false);
    expect(retryAct(sweep, abandoned.state, { by: 'bob', trial: 't0001' }).accepted).toBe(false);
    const givenUp: News = { kind: 'given-up', trial: 't0001' };
    expect(take(sweep, abandoned.state, givenUp).events).toMatchObject([
      { type: 'observed', status: 'abandoned', key: 's.t0001.g1', cost: 0 },
    ]);
    const cancelled = cancelAct(parked(), { by: 'ada' }).state;
    expect(take(sweep, cancelled, givenUp).events).toMatchObject([{ type: 'observed', status: 'cancelled' }]);
    expect(take(sweep, parked(), givenUp).events).toEqual([]);
  });

  it('keeps what its run tells of the mixture when it is abandoned too late', () => {
    const { state } = abandonAct(begun(), { by: 'ada', trial: 't0001' });
    const statusAfter = (ending: Ending) => take(sweep, state, ended(state, ending)).events;
    expect(statusAfter('completed')).toMatchObject([{ status: 'completed' }]);
    expect(statusAfter('diverged')).toMatchObject([{ status: 'diverged' }]);
    expect(statusAfter('cancelled')).toMatchObject([{ status: 'abandoned' }]);
    expect(statusAfter('failed')).toMatchObject([{ status: 'abandoned' }]);
  });
});

describe('failures in a row (invariant 8)', () => {
  it('are counted over generations, and preemptions and lost hosts that are run again are none', () => {
    const cheap = toySweep({ budget: 1_000, retries: { ...retries, failed: 9 } });
    let state = begun(cheap, 'small', 2);
    for (const ending of ['failed', 'preempted', 'failed', 'host-lost', 'failed'] as const) {
      state = launch(take(cheap, state, ended(state, ending)).state);
    }
    expect(state.failuresInARow).toBe(3);
    const five = { ...state, failuresInARow: 5 };
    expect(isFailing(sweep, five)).toBe(true);
    expect(isFailing(cheap, five)).toBe(false); // one trial may fail nine times by itself
  });
});

describe('what a run of version 0.1.0 hands over', () => {
  it('is read with what it lacks filled in (invariant 6)', () => {
    const {
      state: _s,
      generation: _g,
      decidedCost: _d,
      paid: _p,
      endings: _e,
      stalled: _t,
      ...earlier
    } = only(begun());
    expect(carriedTrial({ ...earlier, lost: false })).toMatchObject({
      state: 'running',
      generation: 1,
      decidedCost: 20,
    });
    expect(carriedTrial({ ...earlier, lost: true })).not.toHaveProperty('lost');
    const carried = { ...initialState, running: [{ ...earlier, lost: true }] } as unknown as SweepState;
    expect(only(carriedState(carried))).toMatchObject({ state: 'lost', paid: 0, stalled: 0 });
  });
});
