import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feasibleSet, type FeasibleSet } from '../../../src/domain/feasible-set.js';
import { limitsOf } from '../../../src/domain/limits.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import {
  minimizeConvex,
  minimizeTerms,
  sumOfTerms,
  type Convex,
  type Term,
} from '../../../src/policy/methods/convex-solve.js';
import { makeSweep } from '../sweeps.js';

/** The term k share^(-a), as BiMix has it. */
const power = (k: number, a: number): Term => ({
  value: (share) => k * Math.max(share, 1e-12) ** -a,
  slope: (share) => -a * k * Math.max(share, 1e-12) ** (-a - 1),
  shareAt: (multiplier) => ((a * k) / multiplier) ** (1 / (a + 1)),
});

/** The least value over a grid of allowed mixtures of three domains, 1/200 apart. */
const leastOnGrid = (f: Convex, feasible: FeasibleSet): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= 200; i++) {
    for (let j = 0; i + j <= 200; j++) {
      const shares = Float64Array.of(i / 200, j / 200, (200 - i - j) / 200);
      if (feasible.contains(shares)) least = Math.min(least, f(shares).value);
    }
  }
  return least;
};

const bounded = { web: { min: 0.1, max: 0.45 }, code: { min: 0, max: 0.3 }, books: { min: 0.2, max: 1 } };
const grouped: Partial<Sweep> = { groups: [{ domains: ['web', 'code'], min: 0, max: 0.4 }] };

describe('a sum of terms over the simplex', () => {
  it('has its minimum where the closed form of equal exponents says: shares as k^(1/(a+1))', () => {
    const [k, a] = [[1, 2, 5], 0.4] as const;
    const sweep = makeSweep();
    const { shares } = minimizeTerms(
      k.map((level) => power(level, a)),
      feasibleSet(sweep),
      limitsOf(sweep),
    );
    const parts = k.map((level) => level ** (1 / (a + 1)));
    const total = parts.reduce((sum, part) => sum + part, 0);
    parts.forEach((part, i) => expect(shares[i]).toBeCloseTo(part / total, 12));
  });

  it('meets the conditions of Karush, Kuhn and Tucker under any bounds', () => {
    const level = fc.double({ min: 0.1, max: 10, noNaN: true });
    const exponent = fc.double({ min: 0.05, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(level, exponent, fc.double({ min: 0, max: 0.3, noNaN: true })), {
          minLength: 4,
          maxLength: 9,
        }),
        (domains) => {
          const room = domains.length > 3 ? 0.3 : 0.4;
          const sweep = makeSweep({
            domains: Object.fromEntries(
              domains.map(([, , low], i) => [`d${i}`, { min: low / domains.length, max: room }]),
            ),
          });
          const feasible = feasibleSet(sweep);
          const limits = limitsOf(sweep);
          const terms = domains.map(([k, a]) => power(k, a));
          const { shares } = minimizeTerms(terms, feasible, limits);
          expect(feasible.contains(shares)).toBe(true);
          const slopes = terms.map((term, i) => term.slope(shares[i]!));
          const free = slopes.filter(
            (_, i) => shares[i]! > limits.min[i]! + 1e-9 && shares[i]! < limits.max[i]! - 1e-9,
          );
          const multiplier = free.length > 0 ? free.reduce((sum, slope) => sum + slope, 0) / free.length : undefined;
          if (multiplier === undefined) return;
          slopes.forEach((slope, i) => {
            const slack = 1e-6 * Math.abs(multiplier);
            if (shares[i]! <= limits.min[i]! + 1e-9) expect(slope).toBeGreaterThan(multiplier - slack);
            else if (shares[i]! >= limits.max[i]! - 1e-9) expect(slope).toBeLessThan(multiplier + slack);
            else expect(Math.abs(slope - multiplier)).toBeLessThan(slack);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    ['bounds', { domains: bounded }],
    ['groups', grouped],
    ['bounds and groups', { domains: bounded, ...grouped }],
  ])('is not beaten by any mixture of a fine grid under %s', (_, changes) => {
    const sweep = makeSweep(changes);
    const feasible = feasibleSet(sweep);
    const terms = [power(2, 0.3), power(0.5, 1), power(1, 0.1)];
    const { shares, value, gap } = minimizeTerms(terms, feasible, limitsOf(sweep));
    expect(feasible.contains(shares)).toBe(true);
    expect(gap).toBeLessThan(1e-7);
    expect(value).toBeLessThan(leastOnGrid(sumOfTerms(terms), feasible) + 1e-12);
  });

  it('takes the best member of a list', () => {
    const sweep = makeSweep({
      mixtures: [
        { web: 0.2, code: 0.5, books: 0.3 },
        { web: 0.6, code: 0.2, books: 0.2 },
      ],
    });
    const { shares } = minimizeTerms([power(5, 1), power(1, 1), power(1, 1)], feasibleSet(sweep), limitsOf(sweep));
    expect([...shares]).toEqual([0.6, 0.2, 0.2]);
  });

  it('leaves what flat terms do not want to the nearest allowed mixture', () => {
    const sweep = makeSweep({ domains: bounded });
    const flat: Term = { value: () => 1, slope: () => 0, shareAt: () => Number.NEGATIVE_INFINITY };
    const feasible = feasibleSet(sweep);
    const { shares, gap } = minimizeTerms([flat, flat, flat], feasible, limitsOf(sweep));
    expect(feasible.contains(shares)).toBe(true);
    expect(gap).toBe(0);
  });
});

describe('a convex function over the allowed mixtures', () => {
  const bowl: Convex = (x) => ({
    value: (x[0]! - 0.7) ** 2 + 5 * (x[1]! - 0.4) ** 2 + 40 * (x[2]! + 0.1) ** 2,
    gradient: Float64Array.of(2 * (x[0]! - 0.7), 10 * (x[1]! - 0.4), 80 * (x[2]! + 0.1)),
  });

  it.each([
    ['the simplex', {}],
    ['bounds', { domains: bounded }],
    ['bounds and groups', { domains: bounded, ...grouped }],
  ])('has a minimum over %s that no grid beats, with a gap that says so', (_, changes) => {
    const feasible = feasibleSet(makeSweep(changes));
    const { shares, value, gap } = minimizeConvex(bowl, feasible, feasible.centre);
    expect(feasible.contains(shares)).toBe(true);
    expect(gap).toBeLessThan(1e-9);
    expect(value).toBeLessThan(leastOnGrid(bowl, feasible) + 1e-12);
  });

  it.each([
    [1e-9, 0],
    [1e-30, 0],
    [1e12, 0],
    [1e-3, 1e6], // little of it depends on the mixture
  ])('has the same minimum in any unit: times %d, plus %d', (unit, offset) => {
    const feasible = feasibleSet(makeSweep({ domains: bounded, ...grouped }));
    const scaled: Convex = (x) => {
      const { value, gradient } = bowl(x);
      return { value: offset + unit * value, gradient: gradient.map((slope) => unit * slope) };
    };
    const expected = minimizeConvex(bowl, feasible, feasible.centre).shares;
    const { shares, gap } = minimizeConvex(scaled, feasible, feasible.centre);
    shares.forEach((share, i) => expect(share).toBeCloseTo(expected[i]!, 4));
    expect(gap / unit).toBeLessThan(1e-5);
  });

  it('is found where shares differ by orders of magnitude', () => {
    const k = [1, 1e-3, 1e-6, 30, 1e-4];
    const sweep = makeSweep({ domains: Object.fromEntries(k.map((_, i) => [`d${i}`, { min: 0, max: 1 }])) });
    const terms = k.map((level) => power(level, 0.5));
    const exact = minimizeTerms(terms, feasibleSet(sweep), limitsOf(sweep));
    const found = minimizeConvex(sumOfTerms(terms), feasibleSet(sweep), feasibleSet(sweep).centre);
    expect(found.value / exact.value - 1).toBeLessThan(1e-8);
  });
});
