import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import type { JobResult } from '../../src/domain/ports.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { chargeFor, checkedResult, jobOf, nextGeneration, trialName } from '../../src/workflows/job-spec.js';
import { eventsOfNews } from '../../src/workflows/sweep-inbox.js';
import {
  committedBy,
  confirmationsOwed,
  initialState,
  isAffordable,
  mayStart,
  withDecision,
  withObservation,
} from '../../src/workflows/sweep-state.js';
import type { SweepState } from '../../src/workflows/sweep-state.js';
import { movedTrial, runningTrial } from '../../src/workflows/trial-state.js';
import { toySweep } from './toy-sweep.js';

const sweep = toySweep({ budget: 100, parallel: 3, confirm: 1 });

type Decided = Extract<RecordEvent, { type: 'decided' }>;
const decided = (decision: number, scale: string, steps: number): Decided => ({
  type: 'decided',
  decision,
  trial: trialName(decision),
  purpose: 'search',
  mixture: { a: 0.5, b: 0.5 },
  scale,
  steps,
  cost: costOf(sweep, { scale, steps }),
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

const start = (state: SweepState, event: Decided): SweepState =>
  withDecision(state, event, movedTrial(runningTrial('s', sweep, event, 0), 'launching'));

const result = (change: Partial<JobResult> = {}): JobResult => ({
  status: 'completed',
  metrics: { loss: 1 },
  curve: [],
  digest: 'd',
  folder: '/f',
  stepsReached: 20,
  warnings: [],
  ...change,
});

const end = (state: SweepState, trial: string, change: Partial<JobResult> = {}): SweepState => {
  const news = { kind: 'ended', end: { trial, key: `s.${trial}.g1`, result: result(change) } } as const;
  return eventsOfNews(sweep, state, [news]).reduce(
    (next, { event }) => (event.type === 'observed' ? withObservation(next, event) : next),
    state,
  );
};

describe('the state of a sweep', () => {
  it('never commits more than the budget, whatever is decided and however it ends (invariant 3)', () => {
    const move = fc.record({
      big: fc.boolean(),
      steps: fc.constantFrom(10, 20),
      ends: fc.boolean(),
      reached: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        let state = initialState;
        let decision = 0;
        for (const { big, steps, ends, reached } of moves) {
          const oldest = state.running[0];
          if (ends && oldest !== undefined) {
            const status = reached === 20 ? 'completed' : 'failed';
            state = end(state, oldest.trial, { status, stepsReached: reached });
          } else {
            const event = decided(decision + 1, big ? 'big' : 'small', steps);
            if (!mayStart(sweep, state) || !isAffordable(sweep, state, event.cost)) continue;
            state = start(state, event);
            decision += 1;
          }
          expect(state.spent + committedBy(state) + costOf(sweep, sweep.target)).toBeLessThanOrEqual(100 + 1e-6);
          expect(state.running.length).toBeLessThanOrEqual(sweep.parallel);
        }
      }),
    );
  });

  it('starts no more than `parallel` trials (invariant 4) and none when paused or cancelled (invariant 7)', () => {
    const busy = [1, 2, 3].reduce((state, n) => start(state, decided(n, 'small', 10)), initialState);
    expect(mayStart(sweep, initialState)).toBe(true);
    expect(mayStart(sweep, busy)).toBe(false);
    expect(mayStart(sweep, { ...initialState, pause: { by: 'me' } })).toBe(false);
    expect(mayStart(sweep, { ...initialState, cancel: { by: 'me' } })).toBe(false);
  });

  it('counts an end once and ignores unknown trials (invariant 5)', () => {
    const state = end(start(initialState, decided(1, 'small', 20)), 't0001');
    expect(state).toMatchObject({ observations: 1, spent: 2, spentByScale: { small: 2 } });
    expect(end(state, 't0001')).toBe(state);
    expect(end(state, 't0099')).toBe(state);
    const news = { kind: 'ended', end: { trial: 't0001', key: 's.t0001.g1', result: result() } } as const;
    expect(eventsOfNews(sweep, start(initialState, decided(1, 'small', 20)), [news, news])).toHaveLength(1);
  });

  it('frees what a stopped job did not use, but not what it may have used unseen', () => {
    const job = jobOf('s', sweep, decided(1, 'big', 20));
    expect(chargeFor(sweep, job, result())).toBe(20);
    expect(chargeFor(sweep, job, result({ status: 'failed', stepsReached: 0 }))).toBe(10);
    expect(chargeFor(sweep, job, result({ status: 'diverged', stepsReached: 10 }))).toBe(20);
    const resumed = { ...job, cost: 10, resume: { key: 'k', trial: 't', steps: 10 } };
    expect(chargeFor(sweep, resumed, result({ status: 'cancelled', stepsReached: 15 }))).toBe(10);
    expect(chargeFor(sweep, resumed, result({ status: 'failed', stepsReached: 0 }))).toBe(10);
    expect(chargeFor(sweep, job, result({ status: 'refused', stepsReached: 0 }))).toBe(0);
    const stopped = { status: 'cancelled', stepsReached: 0 } as const;
    expect(chargeFor(sweep, job, result(stopped))).toBe(10);
    expect(chargeFor(sweep, job, result({ ...stopped, notStarted: true }))).toBe(0);
  });

  it('charges every start of a job, and none that was refused', () => {
    const dear: Sweep = { ...sweep, cost: { ...sweep.cost, perJob: 3 } };
    const job = { ...jobOf('s', dear, decided(1, 'big', 20)), cost: 23 };
    expect(chargeFor(dear, job, result({ status: 'failed', stepsReached: 0 }))).toBe(13);
    expect(chargeFor(dear, job, result({ status: 'diverged', stepsReached: 10 }))).toBe(23);
    expect(chargeFor(dear, job, result({ status: 'refused', stepsReached: 0 }))).toBe(0);
    const again = nextGeneration(dear, job, { curve: [{ steps: 10, metrics: { loss: 1 } }] });
    expect(again).toMatchObject({ generation: 2, cost: 13, resume: { steps: 10 } });
    expect(chargeFor(dear, again, result({ status: 'failed', stepsReached: 0 }))).toBe(13);
  });

  it('takes a job that did not report the objective for failed, and says what it reported', () => {
    const checked = checkedResult(sweep, result({ metrics: { other: 1 } }));
    expect(checked.status).toBe('failed');
    expect(checked.detail).toMatch(/needs loss.*reported: other/);
  });

  it('takes a job that did not report a guarded metric for failed, and no other sweep asks for it', () => {
    const guarded = { ...sweep, guards: [{ metric: 'piqa', atLeast: 0.6, confidence: 0.84 }] };
    const silent = result({ metrics: { loss: 1 } });
    expect(checkedResult(guarded, silent).detail).toMatch(/guards need piqa.*reported: loss/);
    expect(checkedResult(guarded, result({ metrics: { loss: 1, piqa: 0.7 } })).status).toBe('completed');
    expect(checkedResult(sweep, silent)).toBe(silent);
  });

  it('owes a confirmation only for what did not run at the target yet (invariant 10)', () => {
    const mixture = { a: 0.25, b: 0.75 };
    expect(confirmationsOwed(sweep, mixture, [])).toBe(1);
    expect(confirmationsOwed(sweep, mixture, [{ mixture: { a: 0.25, b: 0.75 }, status: 'completed' }])).toBe(0);
    expect(confirmationsOwed(sweep, mixture, [{ mixture: { a: 0.25, b: 0.75 }, status: 'failed' }])).toBe(1);
    expect(confirmationsOwed(sweep, mixture, [{ mixture: { a: 0.3, b: 0.7 }, status: 'completed' }])).toBe(1);
  });

  it('gives the same job for the same recorded decision', () => {
    const event = decided(12, 'big', 20);
    expect(jobOf('s', sweep, event)).toEqual(jobOf('s', sweep, event));
    expect(jobOf('s', sweep, event)).toMatchObject({ key: 's.t0012.g1', checkpoints: [10, 20], parameters: 1e7 });
  });
});
