import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { limitsOf } from '../../../src/domain/limits.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { extrapolateOptima, extrapolateTokens } from '../../../src/policy/methods/autoscale-extrapolation.js';
import { fitDomainPowers, powerTerm } from '../../../src/policy/methods/autoscale-fit.js';
import { perturbedMixtures } from '../../../src/policy/methods/autoscale.js';
import { minimizeTerms } from '../../../src/policy/methods/convex-solve.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { runToEnd, type World } from './law-sweeps.js';
import { makeSweep } from '../sweeps.js';

/** Published with arXiv 2407.20177 (AutoScale_example.ipynb): optimal shares of seven domains, times 7, at 0.3 and 1.2 B tokens. */
const AT_300M = [1.55818971, 0.2, 1.1645966, 1.42333261, 1.49550525, 0.68184781, 0.47652801].map((w) => (w / 7) * 0.3);
const AT_1200M = [1.63121445, 0.2, 1.30180479, 1.21425702, 1.83266187, 0.62006189, 0.2].map((w) => (w / 7) * 1.2);

describe("the extrapolation of AutoScale's notebook", () => {
  it.each([
    [5.000487243200733, [1.17096789, 0.13714286, 0.99783655, 0.71032654, 1.53999724, 0.38665696, 0.0575592]],
    [21.38933448443632, [4.90338173, 0.54857143, 4.46159093, 2.42394219, 7.54873774, 1.4064795, 0.09663096]],
    [93.22814586841008, [20.53271711, 2.19428571, 19.94895209, 8.27154188, 37.0023009, 5.11612314, 0.16222503]],
    [412.44002730550164, [85.97994105, 8.77714286, 89.19703657, 28.22608777, 181.3773799, 18.61009415, 0.27234501]],
  ])('comes to its figures at %f B tokens', (total, published) => {
    extrapolateTokens(AT_300M, AT_1200M, total).forEach((tokens, i) =>
      expect(tokens / published[i]!).toBeCloseTo(1, 6),
    );
  });

  it('holds a domain that stands at a bound at its later share', () => {
    const shares = (tokens: readonly number[], total: number) => tokens.map((count) => count / total);
    const held = AT_300M.map((_, i) => i === 1 || i === 6); // both stand at 0.2 of their base in one of the optima
    const first = { shares: shares(AT_300M, 0.3), tokens: 0.3 };
    const second = { shares: shares(AT_1200M, 1.2), tokens: 1.2 };
    const later = extrapolateOptima(first, second, 412.44, held);
    expect(later[1]).toBe(second.shares[1]);
    expect(later[6]).toBe(second.shares[6]);
    expect(later.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 8);
    const free = extrapolateTokens(AT_300M, AT_1200M, 412.44);
    expect(later[0]! / later[4]!).toBeGreaterThan(0.9 * (free[0]! / free[4]!));
    expect(later[4]).toBeGreaterThan(second.shares[4]!); // grew from the first scale to the second, and goes on
  });

  it('returns the optima themselves at their own totals, and stays finite where nothing grows', () => {
    extrapolateTokens([1, 2], [3, 4], 7).forEach((tokens, i) => expect(tokens).toBeCloseTo(3 + i, 9));
    extrapolateTokens([1, 2], [3, 4], 3).forEach((tokens, i) => expect(tokens).toBeCloseTo(1 + i, 9));
    expect([...extrapolateTokens([3, 4], [3, 4], 70)]).toEqual([30, 40]);
    expect([
      ...extrapolateOptima({ shares: [1, 0], tokens: 1 }, { shares: [1, 0], tokens: 4 }, 90, [true, true]),
    ]).toEqual([1, 0]);
  });
});

/** Of the same authors (DDO_example.ipynb): perplexity over all domains with a third and three times the tokens of each. */
const DOMAINS = ['common_crawl', 'github', 'books', 'wiki', 'c4', 'stackexchange', 'arxiv'];
const BASE_PERPLEXITY = 28.11373645;
const WITH_LESS = [30.11152249, 28.37687875, 29.85955983, 29.90195668, 30.37704005, 29.23766591, 28.92552215];
const WITH_MORE = [25.78619752, 27.68033216, 26.25833879, 26.47376351, 25.49797272, 27.01485416, 27.24200395];

describe("direct data optimisation of AutoScale's notebook", () => {
  const change = (domain: number, factor: number): number[] => DOMAINS.map((_, i) => (i === domain ? factor : 1));
  const multiples = [
    DOMAINS.map(() => 1),
    ...DOMAINS.map((_, i) => change(i, 1 / 3)),
    ...DOMAINS.map((_, i) => change(i, 3)),
  ];
  const powers = fitDomainPowers(multiples, [BASE_PERPLEXITY, ...WITH_LESS, ...WITH_MORE]);
  const optimumWith = (least: number): number[] => {
    const domains = Object.fromEntries(DOMAINS.map((name) => [name, { min: least, max: 1 }]));
    const sweep = makeSweep({ domains });
    const terms = powers.map((power) => powerTerm(power, 1 / 7));
    return [...minimizeTerms(terms, feasibleSet(sweep), limitsOf(sweep)).shares].map((share) => 7 * share);
  };

  it('comes within 0.03 of all fifteen perplexities, which span 5', () => {
    const level = Math.max(BASE_PERPLEXITY, ...WITH_LESS);
    const valueAt = (x: readonly number[]): number =>
      powers.reduce((sum, power, i) => sum + powerTerm(power, 1).value(x[i]!), 0);
    const atBase = valueAt(multiples[0]!);
    [...WITH_LESS, ...WITH_MORE].forEach((perplexity, k) => {
      const found = (valueAt(multiples[k + 1]!) - atBase) * level;
      expect(Math.abs(found - (perplexity - BASE_PERPLEXITY))).toBeLessThan(0.03);
    });
  });

  it('wants domains in the order of its solution, and holds GitHub at the least where theirs falls below zero', () => {
    const published = [1.62475352, 0.2, 1.27415166, 1.17979573, 1.8518998, 0.63716376, 0.23223551]; // GitHub pinned by hand
    const found = optimumWith(0.2 / 7);
    const order = (values: readonly number[]): number[] =>
      values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
    expect(order(found)).toEqual(order(published));
    expect(found[1]).toBeCloseTo(0.2, 9);
    found.forEach((share, i) => expect(Math.abs(share - published[i]!)).toBeLessThan(0.3));
    expect(optimumWith(0)[1]).toBe(0);
  });
});

const NAMES = ['web', 'code', 'books'];
/** A sum of power laws of each domain's own tokens, shifts and exponents such that the optimum moves with the total. */
const world: World = (shares, _, steps) => {
  const million = shares.map((share) => (share * steps * 1e5) / 1e6);
  return {
    loss: 1 + 2 * (million[0]! + 1) ** -0.5 + 1.5 * (million[1]! + 2) ** -0.3 + 1.2 * (million[2]! + 4) ** -0.25,
  };
};
const sweepOf = (changes: Partial<Sweep> = {}): Sweep =>
  makeSweep({
    policy: { name: 'autoscale' },
    scales: makeSweep().scales.map((scale) => ({ ...scale, steps: [100, 200, 400, 1000] })),
    ...changes,
  });
const bestAt = (steps: number): number[] => {
  let best = { shares: [0, 0, 0], loss: Number.POSITIVE_INFINITY };
  for (let i = 0; i <= 200; i++) {
    for (let j = 0; i + j <= 200; j++) {
      const shares = [i / 200, j / 200, (200 - i - j) / 200];
      const { loss } = world(shares, 'L', steps);
      if (loss! < best.loss) best = { shares, loss: loss! };
    }
  }
  return best.shares;
};

describe('autoscale', () => {
  it('runs a base and two mixtures a domain at two lengths, the longer ones going on from the shorter', () => {
    const { proposals } = runToEnd(world, sweepOf({ policy: { name: 'autoscale', steps: [100, 400] } }));
    expect(proposals.map(({ scale, steps }) => `${scale}@${steps}`)).toEqual([
      ...new Array<string>(7).fill('S@100'),
      ...new Array<string>(7).fill('S@400'),
      'L@1000',
    ]);
    proposals.slice(7, 14).forEach(({ continues, cost }, i) => {
      expect(continues).toBe(`t${i}`);
      expect(cost).toBeCloseTo(300 * 0.002, 12);
    });
    expect(proposals[2]!.mixture['web']! / proposals[2]!.mixture['code']!).toBeCloseTo(3, 9); // web with three times its tokens
  });

  it('takes the longest run and the one nearest to a quarter of it', () => {
    const places = runToEnd(world, sweepOf()).proposals.map(({ steps }) => steps);
    expect(new Set(places.slice(0, 14))).toEqual(new Set([200, 1000]));
  });

  it('comes near the optimum of the target from two lengths that have others', () => {
    const sweep = sweepOf({ policy: { name: 'autoscale', steps: [100, 400] } });
    const found = sharesOf(recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture, NAMES);
    const lossOf = (shares: readonly number[]): number => world(shares, 'L', 1000)['loss']!;
    const regret = lossOf(found) - lossOf(bestAt(1000));
    expect(regret).toBeLessThan(0.3 * (lossOf(bestAt(100)) - lossOf(bestAt(1000))));
  });

  it('keeps bounds and groups, in its design too', () => {
    const sweep = sweepOf({
      domains: { web: { min: 0, max: 0.3 }, code: { min: 0.1, max: 0.1 }, books: { min: 0, max: 1 } },
      groups: [{ domains: ['code', 'books'], min: 0.75, max: 1 }],
    });
    const feasible = feasibleSet(sweep);
    for (const shares of perturbedMixtures(feasible)) expect(feasible.contains(shares)).toBe(true);
    const { observations } = runToEnd(world, sweep);
    expect(feasible.contains(sharesOf(recommend(sweep, observations, { seed: 1 }).mixture, NAMES))).toBe(true);
  });

  it('is content with one length where the budget or the scale has no other', () => {
    const single = makeSweep().scales.map((scale) => ({ ...scale, steps: [1000] }));
    const { proposals } = runToEnd(world, sweepOf({ scales: single }));
    expect(proposals).toHaveLength(8);
    expect(proposals.at(-1)!.explanation.reason).toMatch(/one scale of data cannot take further/);
    const short = runToEnd(world, sweepOf({ budget: 7 * 0.4 + 0.1 }));
    expect(short.proposals.map(({ steps }) => steps)).toEqual(new Array<number>(7).fill(200));
  });

  it('refuses lengths that do not ascend', () => {
    const wrong = sweepOf({ policy: { name: 'autoscale', steps: [400, 100] } });
    expect(() => propose(wrong, [], { seed: 1 })).toThrow(/two, ascending/);
  });
});
