import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/errors.js';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { LIMITED, runSweep, sizedSweep } from '../run-sweep.js';
import { makeSweep } from '../sweeps.js';

const policy = { name: 'unimax' };
const BUDGET = 1e8; // tokens of a run to the target

const proposed = (sweep: Sweep): number[] =>
  sharesOf(propose(sweep, [], { seed: 1 })!.mixture, Object.keys(sweep.domains));

/** Algorithm 1 of arXiv 2304.09151, word by word: sizes in ascending order, each its even part of what is left or its cap. */
const algorithm1 = (sizes: readonly number[], budget: number, epochs: number): number[] => {
  const order = Array.from(sizes.keys()).sort((a, b) => sizes[a]! - sizes[b]!);
  const given = sizes.map(() => 0);
  let left = budget;
  order.forEach((domain, i) => {
    const even = left / (order.length - i);
    given[domain] = even > sizes[domain]! * epochs ? sizes[domain]! * epochs : even;
    left -= given[domain];
  });
  const total = given.reduce((a, b) => a + b, 0);
  return given.map((tokens) => tokens / total);
};

describe('the policy unimax', () => {
  it('is even where there are tokens enough, and gives the small what they have where there are not', () => {
    const shares = (epochs: number): number[] =>
      proposed(sizedSweep([1e8, 1e7, 4e6], { policy: { ...policy, epochs } }));
    const close = (found: number[], expected: number[]): void =>
      expected.forEach((share, i) => expect(found[i]).toBeCloseTo(share, 12));
    close(shares(1), [0.86, 0.1, 0.04]);
    close(shares(4), [0.44, 0.4, 0.16]);
    close(shares(100), [1 / 3, 1 / 3, 1 / 3]);
  });

  it('agrees with algorithm 1 of the paper', () => {
    const sizes = fc.array(fc.double({ min: 1e5, max: 3e8, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.5, max: 20, noNaN: true }), (tokens, epochs) => {
        fc.pre(tokens.reduce((a, b) => a + b, 0) * epochs > BUDGET * 1.001);
        const found = proposed(sizedSweep(tokens, { policy: { ...policy, epochs } }));
        algorithm1(tokens, BUDGET, epochs).forEach((share, i) => expect(found[i]).toBeCloseTo(share, 10));
      }),
      { numRuns: 100 },
    );
  });

  it('runs once, to the target, and recommends what it ran', () => {
    const sweep = sizedSweep([1e8, 1e7, 4e6], { policy, maxEpochs: 4 });
    const runs = runSweep(sweep);
    expect(runs.map(({ scale, steps }) => [scale, steps])).toEqual([['L', 1000]]);
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual(runs[0]!.mixture);
  });

  it("keeps to the sweep's own epochs when they are fewer than its option", () => {
    const both = sizedSweep([1e8, 1e7, 4e6], { policy: { ...policy, epochs: 100 }, maxEpochs: 4 });
    expect(proposed(both)).toEqual(proposed(sizedSweep([1e8, 1e7, 4e6], { policy, maxEpochs: 4 })));
  });

  it.each(LIMITED)('keeps %s, and no allowed mixture is more even', (_, limits) => {
    const sweep = makeSweep({ policy, maxEpochs: 3, ...limits });
    const feasible = feasibleSet(sweep);
    const shares = proposed(sweep);
    const squares = (mixture: ArrayLike<number>): number =>
      Array.from(mixture).reduce((sum, share) => sum + share * share, 0);
    expect(feasible.contains(shares)).toBe(true);
    const rng = createRng(1);
    for (let i = 0; i < 300; i++) {
      expect(squares(feasible.sample(rng, 1))).toBeGreaterThanOrEqual(squares(shares) - 1e-12);
    }
  });

  it('takes the most even member of a list that keeps the caps', () => {
    const mixtures = [
      { web: 0.2, code: 0.4, books: 0.4 },
      { web: 0.8, code: 0.1, books: 0.1 },
      { web: 0.7, code: 0.2, books: 0.1 },
    ];
    const sweep = sizedSweep([1e8, 1e7, 4e6], { policy: { ...policy, epochs: 3 }, mixtures });
    expect(propose(sweep, [], { seed: 1 })!.mixture).toEqual(mixtures[2]);
    const strict = sizedSweep([1e8, 1e7, 2e6], { policy: { ...policy, epochs: 1 }, mixtures });
    expect(() => propose(strict, [], { seed: 1 })).toThrow(/mixtures: expected one that sees no domain more than 1/);
  });

  it('does nothing with a budget that buys nothing', () => {
    expect(propose(sizedSweep([1e8, 1e8, 1e8], { policy, maxEpochs: 2, budget: 99 }), [], { seed: 1 })).toBeNull();
  });

  it('says what it needs: tokens of every domain, epochs, and enough of both', () => {
    expect(() => propose(makeSweep({ policy, maxEpochs: 4 }), [], { seed: 1 })).toThrow(/domains.web.tokens/);
    expect(() => propose(sizedSweep([1e8, 1e7, 4e6], { policy }), [], { seed: 1 })).toThrow(/maxEpochs/);
    const few = sizedSweep([1e7, 1e7, 4e6], { policy: { ...policy, epochs: 3 } });
    expect(() => propose(few, [], { seed: 1 })).toThrow(InputError);
    expect(() => propose(few, [], { seed: 1 })).toThrow(/policy.epochs: expected at least 4.17/);
  });
});
