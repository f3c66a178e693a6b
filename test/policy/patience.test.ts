import { describe, expect, it } from 'vitest';
import type { Observation, PendingTrial } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { runSweep, startTrials } from './run-sweep.js';
import { makeSweep, runOf } from './sweeps.js';

const SEED = 3;
const named = (mixture: Observation['mixture']): string => Object.values(mixture).join();

/** Ends trials in flight. */
const end = (sweep: Sweep, trials: readonly PendingTrial[]): Observation[] =>
  trials.map((run) => runOf(sweep, { ...run, cost: run.cost! }, run.trial!));

describe('places that are left free', () => {
  const sweep = makeSweep({ budget: 2000, parallel: 8 });

  it('starts contrasts when the corners that decide about them have ended, and half-way points meanwhile', () => {
    const first = startTrials(sweep, [], [], 8, SEED);
    expect(first.map(({ scale }) => scale)).toEqual(Array(7).fill('S')); // centre and three corners, three half-way points
    const [slow, ...ended] = first;
    const next = startTrials(sweep, end(sweep, ended), [slow!], 8, SEED);
    expect(next.filter(({ scale }) => scale === 'M')).toHaveLength(4); // one straggler of four holds up nothing
  });

  it('begins to search when the opening has reported, with as much in flight as is known to be worth it', () => {
    const runs = runSweep(sweep, 14); // the opening
    expect(startTrials(sweep, runs, [], 1, SEED)).toHaveLength(1);
    const spent = runs.reduce((sum, { cost = 0 }) => sum + cost, 0);
    const inFlight = (cost: number): PendingTrial[] => [
      { trial: 'large', mixture: { web: 0.1, code: 0.1, books: 0.8 }, scale: 'L', steps: 1000, cost },
    ];
    expect(startTrials(sweep, runs, inFlight(3.99 * spent), 2, SEED)).toHaveLength(2);
    expect(startTrials(sweep, runs, inFlight(4 * spent), 2, SEED)).toHaveLength(1);

    const opening = runs.slice(-4).map((run): PendingTrial => run);
    expect(startTrials(sweep, runs.slice(0, -4), opening, 8, SEED).map(({ mixture }) => named(mixture))).toEqual(
      opening.map(({ mixture }) => named(mixture)),
    );
  });

  it('takes imported runs for as much as they would have cost', () => {
    const free = runSweep(sweep, 30).map((run) => ({ ...run, cost: 0 }));
    expect(startTrials(sweep, free, [], 4, SEED)).toHaveLength(1); // as if nothing had been seen
    const imported = free.map((run) => ({ ...run, imported: true as const }));
    expect(startTrials(sweep, imported, [], 4, SEED)).toHaveLength(4);
  });

  it('starts something whenever nothing is in flight and money is left', () => {
    const runs: Observation[] = [];
    let most = 0;
    for (;;) {
      const started = startTrials(sweep, runs, [], 8, SEED);
      if (started.length === 0) break;
      most = Math.max(most, started.length);
      runs.push(...end(sweep, started));
    }
    expect(most).toBe(8);
    expect(runs.reduce((sum, { cost = 0 }) => sum + cost, 0)).toBeGreaterThan(500);
  });
});
