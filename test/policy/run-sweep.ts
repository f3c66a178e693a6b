import { expect } from 'vitest';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { sharesOf } from '../../src/domain/mixture.js';
import type { Observation, PendingTrial } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { makeSweep, runOf } from './sweeps.js';

/** Proposes and runs until the policy stops, at most `limit` times; each decision has a seed of its own, as in a durable sweep. */
export const runSweep = (sweep: Sweep, limit = 40): Observation[] => {
  const observations: Observation[] = [];
  while (observations.length < limit) {
    const proposal = propose(sweep, observations, { seed: 100 + observations.length });
    if (proposal === null) break;
    observations.push(runOf(sweep, proposal, `t${observations.length + 1}`));
  }
  return observations;
};

/** Starts what the policy wants beside what is in flight, until `places` trials are; returns all that are then in flight. */
export const startTrials = (
  sweep: Sweep,
  runs: readonly Observation[],
  inFlight: readonly PendingTrial[],
  places: number,
  seed = 1,
): PendingTrial[] => {
  const pending = [...inFlight];
  while (pending.length < places) {
    const proposal = propose(sweep, runs, { seed, pending });
    if (proposal === null) break;
    const { explanation: _explanation, ...run } = proposal;
    pending.push({ ...run, trial: `t${runs.length + pending.length + 1}` });
  }
  return pending;
};

/** Expects the mixtures of runs, and the one recommended from them, to be allowed. */
export const expectAllowed = (sweep: Sweep, runs: readonly Observation[]): void => {
  const feasible = feasibleSet(sweep);
  for (const { mixture } of [...runs, recommend(sweep, runs, { seed: 1 })]) {
    expect(feasible.contains(sharesOf(mixture, feasible.domains))).toBe(true);
  }
};

/** A sweep whose domains say how many tokens there are of them; a run to the target takes 1e8. */
export const sizedSweep = (tokens: readonly number[], changes: Partial<Sweep> = {}): Sweep => {
  const names = Object.keys(makeSweep().domains);
  const domains = Object.fromEntries(
    tokens.map((count, i) => [names[i] ?? `d${i}`, { min: 0, max: 1, tokens: count }]),
  );
  return makeSweep({ domains, ...changes });
};

/** Limits of several kinds that every policy is tried under; the mixture list is of allowed ones. */
export const LIMITED: readonly (readonly [string, Partial<Sweep>])[] = [
  [
    'bounds and fixed shares',
    {
      domains: {
        web: { min: 0.1, max: 0.5, tokens: 5e8 },
        code: { min: 0.25, max: 0.25, tokens: 2e8 },
        books: { min: 0, max: 0.6, tokens: 1e8 },
      },
    },
  ],
  [
    'epoch caps',
    {
      domains: {
        web: { min: 0, max: 1, tokens: 5e8 },
        code: { min: 0, max: 1, tokens: 2e7 },
        books: { min: 0, max: 1, tokens: 1e7 },
      },
      maxEpochs: 2,
    },
  ],
  [
    'groups',
    {
      domains: {
        web: { min: 0, max: 1, tokens: 5e8 },
        code: { min: 0, max: 1, tokens: 2e8 },
        books: { min: 0, max: 1, tokens: 1e8 },
      },
      groups: [
        { domains: ['web', 'code'], min: 0, max: 0.55 },
        { domains: ['code', 'books'], min: 0.7, max: 1 },
      ],
    },
  ],
];
