import { describe, expect, it } from 'vitest';
import { costOf } from '../../../src/domain/cost.js';
import type { Mixture } from '../../../src/domain/mixture.js';
import type { Observation } from '../../../src/domain/observation.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { makeSweep, runOf } from '../sweeps.js';

const POLICIES = ['successive-halving', 'asha', 'hyperband'];
const MIXTURES = [0.7, 0.8, 0.5, 0.4].map((web): Mixture => ({ web, code: 1 - web, books: 0 }));

const sweepOf = (name: string, changes: Partial<Sweep> = {}): Sweep =>
  makeSweep({ policy: { name, eta: 3 }, target: { scale: 'S', steps: 1000 }, ...changes });

/** Runs of the lowest rung, the best first. */
const lowestRung = (sweep: Sweep, changes: Partial<Observation> = {}): Observation[] =>
  MIXTURES.map((mixture, i) => {
    const fidelity = { scale: 'S', steps: 100 };
    return { ...runOf(sweep, { mixture, ...fidelity, cost: costOf(sweep, fidelity) }, `r${i}`), ...changes };
  });

describe.each(POLICIES)('a promotion by %s', (name) => {
  it('goes on from the checkpoint at the price of the difference', () => {
    const sweep = sweepOf(name);
    const proposal = propose(sweep, lowestRung(sweep), { seed: 1 })!;
    expect(proposal).toMatchObject({ mixture: MIXTURES[0], steps: 300, continues: 'r0' });
    expect(proposal.cost).toBeCloseTo(0.4, 9);
  });

  it('runs the mixture of an imported run anew, as there is no checkpoint of it, and at the full price', () => {
    const sweep = sweepOf(name);
    const runs = lowestRung(sweep, { imported: true, cost: 0 });
    const proposal = propose(sweep, runs, { seed: 1 })!;
    expect(proposal).toMatchObject({ mixture: MIXTURES[0], steps: 300 });
    expect(proposal.continues).toBeUndefined();
    expect(proposal.cost).toBeCloseTo(0.6, 9);
    const again = propose(sweep, [...runs, runOf(sweep, proposal, 't1')], { seed: 1 })!;
    expect(again.mixture).not.toEqual(MIXTURES[0]);
  });

  it('is not of a mixture that limits, changed since, forbid', () => {
    const sweep = sweepOf(name);
    const domains = { web: { min: 0, max: 0.3 }, code: { min: 0, max: 1 }, books: { min: 0, max: 1 } };
    const proposal = propose(sweepOf(name, { domains }), lowestRung(sweep), { seed: 1 })!;
    expect(proposal.continues).toBeUndefined();
    expect(proposal.mixture['web']).toBeLessThanOrEqual(0.3);
  });

  it('is not to where a table of past runs has none', () => {
    const runs = MIXTURES.map((_, mixture) => ({ mixture, scale: 'S', steps: 100 }));
    const sweep = sweepOf(name, { mixtures: MIXTURES, runs });
    expect(propose(sweep, lowestRung(sweep), { seed: 1 })).toBeNull();
  });
});

it('does not pay a second time for what another bracket of hyperband has run', () => {
  const sweep = sweepOf('hyperband', { mixtures: MIXTURES });
  const longer = runOf(sweep, { mixture: MIXTURES[0]!, scale: 'S', steps: 300, cost: 0.6 }, 'longer');
  const proposal = propose(sweep, [...lowestRung(sweep), longer], { seed: 1 });
  expect(proposal?.continues).not.toBe('r0');
});

it('compares all runs of a rung where there is one bracket, those made anew after imported ones too', () => {
  const sweep = sweepOf('successive-halving');
  const anew = MIXTURES.slice(0, 3).map((mixture, i) =>
    runOf(sweep, { mixture, scale: 'S', steps: 300, cost: 0.6 }, `t${i}`),
  );
  expect(propose(sweep, anew, { seed: 1 })).toMatchObject({ mixture: MIXTURES[0], steps: 1000, continues: 't0' });
});
