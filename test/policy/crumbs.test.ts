import { describe, expect, it } from 'vitest';
import { feasibleSet, type FeasibleSet } from '../../src/domain/feasible-set.js';
import { massMovedBetween, mixtureOf } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { withoutCrumbs } from '../../src/policy/crumbs.js';
import { formBelief } from '../../src/surrogate/form-belief.js';
import { makeSweep } from './sweeps.js';

const NEAR_FACE = [0.57, 0.42, 0.01];
const ON_FACE = [0.57 / 0.99, 0.42 / 0.99, 0];

/** Runs at the target of some mixtures drawn at random, and of others. */
const observe = (sweep: Sweep, count: number, others: readonly ArrayLike<number>[], ofBooks: number): Observation[] => {
  const feasible = feasibleSet(sweep);
  const rng = createRng(3);
  return [...Array.from({ length: count }, () => feasible.sample(rng, 1)), ...others].map((shares, i) => {
    const mixture = mixtureOf(shares, feasible.domains);
    const bowl = (shares[0]! - 0.58) ** 2 + (shares[1]! - 0.42) ** 2 + (shares[2]! + 0.5) ** 2; // best without books
    const loss = 3 + bowl - (shares[2]! > 0.005 ? ofBooks : 0);
    return { trial: `t${i}`, mixture, scale: 'L', steps: 1000, status: 'completed', metrics: { loss } };
  });
};

const sweep = makeSweep();
const open = feasibleSet(sweep);
const leave = (
  shares: readonly number[],
  { feasible = open, known = [], ofBooks = 0 }: { feasible?: FeasibleSet; known?: number[][]; ofBooks?: number } = {},
  isAllowed: (point: { readonly shares: ArrayLike<number> }) => boolean = () => true,
): number[] => {
  const belief = formBelief(sweep, observe(sweep, 8, known, ofBooks), [])!;
  return Array.from(withoutCrumbs(belief, feasible, belief.predict(shares), isAllowed).shares);
};

describe('a share too small to matter', () => {
  it('is left out, the others in proportion', () => {
    const left = leave(NEAR_FACE);
    expect(left[2]).toBe(0);
    expect(massMovedBetween(left, ON_FACE)).toBeLessThan(1e-12);
  });

  it('stays where runs with and without it say that it helps', () => {
    expect(leave(NEAR_FACE, { known: [NEAR_FACE, ON_FACE], ofBooks: 0.05 })).toEqual(NEAR_FACE);
    expect(leave(NEAR_FACE, { known: [NEAR_FACE, ON_FACE], ofBooks: -0.05 })[2]).toBe(0);
  });

  it('stays where it is no crumb, where a limit or a list wants it, and where what is left is not allowed', () => {
    const even = [0.55, 0.39, 0.06];
    expect(leave(even)).toEqual(even);
    const limited = feasibleSet(makeSweep({ domains: { ...sweep.domains, books: { min: 0.01, max: 1 } } }));
    expect(leave(NEAR_FACE, { feasible: limited })).toEqual(NEAR_FACE);
    const mixtures = [NEAR_FACE, ON_FACE].map((shares) => mixtureOf(shares, open.domains));
    expect(leave(NEAR_FACE, { feasible: feasibleSet(makeSweep({ mixtures })) })).toEqual(NEAR_FACE);
    expect(leave(NEAR_FACE, {}, ({ shares }) => shares[2]! > 0)).toEqual(NEAR_FACE);
  });
});
