/** What a record with reruns tells: costs over all generations, curves joined, parked trials named. */
import { describe, expect, it } from 'vitest';
import type { Attempted, RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { GENESIS, linkLine } from '../../src/ledger/chain.js';
import { observationsOf } from '../../src/ledger/observations.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { renderProgress } from '../../src/reports/render-progress.js';
import { renderReport } from '../../src/reports/render-report.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { progressOf } from './simulated-progress.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

const running = simulateRecord({ runs: 20, running: 3 });
const [again, parked] = foldRecord(running).inFlight;
if (again === undefined || parked === undefined) throw new Error('two trials should be in flight');

const attempted = ({ trial, scale }: { trial: string; scale: string }, change: Partial<Attempted>): Attempted => ({
  type: 'attempted',
  trial,
  key: `s.${trial}.g1`,
  generation: 1,
  ending: 'preempted',
  stepsReached: 2500,
  curve: [{ steps: 2000, metrics: { book_ce: 3 } }],
  scale,
  cost: 5,
  digest: 'd',
  detail: 'the node was drained',
  warnings: [],
  ...change,
});

const following: RecordEvent[] = [
  attempted(again, {}),
  {
    type: 'rerun',
    trial: again.trial,
    key: `s.${again.trial}.g2`,
    generation: 2,
    reason: 'rerun 1 after preempted',
    cost: 7,
    waitSeconds: 30,
  },
  attempted(parked, { ending: 'host-lost', curve: [], cost: 3, detail: 'gone' }),
  {
    type: 'parked',
    trial: parked.trial,
    key: `s.${parked.trial}.g2`,
    generation: 2,
    reason: 'all 3 retries after host-lost are used up',
    cost: 9,
  },
  {
    type: 'observed',
    trial: again.trial,
    key: `s.${again.trial}.g2`,
    mixture: again.mixture,
    scale: again.scale,
    steps: again.steps,
    status: 'completed',
    metrics: { book_ce: 2.5 },
    curve: [{ steps: again.steps, metrics: { book_ce: 2.5 } }],
    cost: 7,
    digest: 'e',
    warnings: [],
  },
];

const lines = following.reduce<RecordLine[]>((before, event, i) => {
  const { seq, hash, at } = before.at(-1) ?? { ...GENESIS, at: '' };
  return [...before, linkLine({ seq, hash }, { key: `k${i}`, at, event })];
}, running);
const view = foldRecord(lines);

describe('a record with reruns', () => {
  it('gives the policy one observation of a trial, with what all its generations cost and reached', () => {
    const seen = observationsOf(lines).filter(({ trial }) => trial === again.trial);
    expect(seen).toMatchObject([{ cost: 12, status: 'completed' }]);
    expect(seen[0]?.curve?.map(({ steps }) => steps)).toEqual([2000, again.steps]);
    expect(observationsOf(lines).some(({ trial }) => trial === parked.trial)).toBe(false);
  });

  it('counts every generation as spent, in all and by scale', () => {
    const before = foldRecord(running);
    expect(view.spent - before.spent).toBeCloseTo(15, 9);
    expect(view.spentByScale.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(view.spent, 9);
  });

  it('knows which trials are parked now', () => {
    expect(view.parked.map(({ trial }) => trial)).toEqual([parked.trial]);
    expect(view.inFlight.map(({ trial }) => trial)).toContain(parked.trial);
  });

  it('explains what became of each generation, and why it was run again or parked', () => {
    const text = explainDecision(view, again.decision);
    expect(text).toContain('Run 1: preempted at step 2,500 (the node was drained), charged 5.00');
    expect(text).toContain('Run again: rerun 1 after preempted.');
    expect(explainDecision(view, parked.decision)).toMatch(/Parked for a person: all 3 retries.*\n.*has not ended yet/);
  });

  it('shows reruns and parked trials in the page', () => {
    const page = renderReport(view);
    expect(page).toContain(`${again.trial}, 2 runs`);
    expect(page).toContain(`${parked.trial} parked: all 3 retries after host-lost are used up`);
    expect(page).toContain('2 in flight, 1 parked'.replace('2', String(view.inFlight.length - 1)));
  });

  it('shows in the terminal what backs off, what is parked, and what a person has to do', () => {
    const progress = progressOf(lines);
    const inFlight = progress.inFlight.map((trial) =>
      trial.trial === parked.trial
        ? { ...trial, state: 'parked' as const, why: 'all retries\u001b[31m are used up' }
        : { ...trial, state: 'backing-off' as const, generation: 3, notBefore: 61_000 },
    );
    const shown = renderProgress(
      { ...progress, inFlight, waitsFor: 'retry or abandon it' },
      {},
      { sweep: SWEEP, elapsedMs: 0, width: 100, colour: false, now: 1_000 },
    ).join('\n');
    expect(shown).toContain('parked: retry or abandon it');
    expect(shown).toContain(`${parked.trial} is parked: all retries`);
    expect(shown).toMatch(/run 3 in (60 s|1 min)/);
    expect(shown).not.toContain('\u001b');
  });
});
