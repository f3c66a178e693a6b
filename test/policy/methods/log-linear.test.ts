import { describe, expect, it } from 'vitest';
import { drawDirichlet } from '../../../src/domain/dirichlet.js';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { minimizeConvex, type Convex } from '../../../src/policy/methods/convex-solve.js';
import { cappedSet, sumOfLaws, withDivergence } from '../../../src/policy/methods/log-linear.js';
import { evaluateMixingLaw, fitMixingLaw } from '../../../src/policy/methods/mixing-law-fit.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { runToEnd, type World } from './law-sweeps.js';
import { makeSweep } from '../sweeps.js';

const draws = (count: number, domains: number, seed = 1): Float64Array[] => {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => drawDirichlet(rng, domains, 1));
};

const NAMES = ['web', 'code', 'books'];
const STRENGTHS = [
  [-1.5, 0.4, 0.2],
  [0.6, -1.1, 0.1],
];
const law = (k: number, shares: ArrayLike<number>): number =>
  1.2 + 0.3 * k + Math.exp(STRENGTHS[k]!.reduce((sum, t, i) => sum + t * shares[i]!, 0));
const world: World = (shares, _, steps) => ({
  prose: law(0, shares) + 50 / steps,
  programs: law(1, shares) + 20 / steps,
});
const planted = (changes: Partial<Sweep> = {}): Sweep =>
  makeSweep({
    policy: { name: 'log-linear' },
    objective: { direction: 'minimize', weights: { prose: 0.5, programs: 0.5 } },
    ...changes,
  });

/** What the policy is to minimise, at shares of three domains. */
const goal = (shares: ArrayLike<number>, kl: number, prior: readonly number[]): number => {
  const divergence = prior.reduce((sum, p, i) => sum + (shares[i]! > 0 ? shares[i]! * Math.log(shares[i]! / p) : 0), 0);
  return 0.5 * law(0, shares) + 0.5 * law(1, shares) + kl * divergence;
};

const bestOnGrid = (kl: number, prior: readonly number[], isAllowed: (shares: Float64Array) => boolean) => {
  let best = { shares: new Float64Array(3), value: Number.POSITIVE_INFINITY };
  for (let i = 0; i <= 200; i++) {
    for (let j = 0; i + j <= 200; j++) {
      const shares = Float64Array.of(i / 200, j / 200, (200 - i - j) / 200);
      const value = goal(shares, kl, prior);
      if (value < best.value && isAllowed(shares)) best = { shares, value };
    }
  }
  return best;
};

describe('the exponential law of mixtures', () => {
  it.each([3, 7, 17])('recovers planted parameters of %i domains from exact values', (domains) => {
    const rng = createRng(domains);
    const strengths = Float64Array.from({ length: domains }, () => rng.normal());
    const mixtures = draws(3 * (domains + 1), domains);
    const value = (shares: ArrayLike<number>): number =>
      2 + Math.exp(strengths.reduce((sum, t, i) => sum + t * shares[i]!, -1));
    const fitted = fitMixingLaw(mixtures, mixtures.map(value));
    expect(fitted.floor).toBeCloseTo(2, 4);
    const levels = Array.from(fitted.strengths, (t, i) => t + Math.log(fitted.scale) - (strengths[i]! - 1));
    levels.forEach((difference) => expect(Math.abs(difference)).toBeLessThan(1e-4));
  });

  it('predicts mixtures it has not seen, through noise and one wild run', () => {
    const rng = createRng(8);
    const mixtures = draws(40, 5);
    const value = (shares: ArrayLike<number>): number => 1 + Math.exp(-2 * shares[0]! + shares[1]! - 0.5 * shares[3]!);
    const noisy = mixtures.map((shares, k) => value(shares) + 0.002 * rng.normal() + (k === 3 ? 1 : 0));
    const fitted = fitMixingLaw(mixtures, noisy);
    for (const shares of draws(20, 5, 2)) {
      expect(Math.abs(evaluateMixingLaw(fitted, shares) - value(shares))).toBeLessThan(0.01);
    }
  });

  it('is constant where the metric is, and all but linear where the metric is', () => {
    const mixtures = draws(12, 3);
    expect(
      evaluateMixingLaw(
        fitMixingLaw(
          mixtures,
          mixtures.map(() => 3),
        ),
        mixtures[0]!,
      ),
    ).toBe(3);
    const line = (shares: ArrayLike<number>): number => 2 - shares[0]! + 0.5 * shares[2]!;
    const fitted = fitMixingLaw(mixtures, mixtures.map(line));
    for (const shares of draws(10, 3, 4)) expect(evaluateMixingLaw(fitted, shares)).toBeCloseTo(line(shares), 1);
  });
});

describe('the proposal with a divergence from natural shares', () => {
  it('has the closed form of a linear objective: natural shares times exp(-slope / weight)', () => {
    const slopes = [0.2, -0.1, 0.05];
    const linear: Convex = (x) => ({
      value: slopes.reduce((sum, slope, i) => sum + slope * x[i]!, 0),
      gradient: Float64Array.from(slopes),
    });
    const prior = [0.7, 0.2, 0.1];
    const feasible = feasibleSet(makeSweep());
    const { shares } = minimizeConvex(withDivergence(linear, 0.05, prior), feasible, feasible.centre);
    const parts = prior.map((p, i) => p * Math.exp(-slopes[i]! / 0.05));
    const total = parts.reduce((sum, part) => sum + part, 0);
    parts.forEach((part, i) => expect(shares[i]).toBeCloseTo(part / total, 5));
  });

  it('goes to natural shares as the weight grows', () => {
    const laws = STRENGTHS.map((t) => ({ floor: 1, scale: 1, strengths: Float64Array.from(t) }));
    const prior = [0.7, 0.2, 0.1];
    const feasible = feasibleSet(makeSweep());
    const { shares } = minimizeConvex(withDivergence(sumOfLaws(laws), 1e4, prior), feasible, feasible.centre);
    prior.forEach((p, i) => expect(shares[i]).toBeCloseTo(p, 3));
  });
});

describe('log-linear', () => {
  it('makes 3 (m + 1) cheap runs, then one run of the planted optimum at the target, and ends', () => {
    const sweep = planted();
    const { observations, proposals } = runToEnd(world, sweep);
    expect(proposals.map(({ scale, steps }) => `${scale}@${steps}`)).toEqual([
      ...new Array<string>(12).fill('S@1000'),
      'L@1000',
    ]);
    const best = bestOnGrid(0.05, [1 / 3, 1 / 3, 1 / 3], () => true);
    const { mixture } = recommend(sweep, observations, { seed: 1 });
    expect(goal(sharesOf(mixture, NAMES), 0.05, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(best.value + 1e-6);
    expect(proposals.at(-1)!.mixture).toEqual(mixture);
    expect(proposals.at(-1)!.explanation.reason).toMatch(/law of 12 runs at S x 1000 steps/);
  });

  it('finds the best mixture within bounds and groups', () => {
    const sweep = planted({
      policy: { name: 'log-linear', kl: 0 },
      domains: { web: { min: 0.1, max: 0.5 }, code: { min: 0, max: 1 }, books: { min: 0.2, max: 1 } },
      groups: [{ domains: ['web', 'books'], min: 0.55, max: 1 }],
    });
    const feasible = feasibleSet(sweep);
    const shares = sharesOf(recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture, NAMES);
    expect(feasible.contains(shares)).toBe(true);
    const best = bestOnGrid(0, [1 / 3, 1 / 3, 1 / 3], (point) => feasible.contains(point));
    expect(goal(shares, 0, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(best.value + 1e-6);
  });

  const tokens = (web: number, code: number, books: number): Sweep['domains'] => ({
    web: { min: 0, max: 1, tokens: web },
    code: { min: 0, max: 1, tokens: code },
    books: { min: 0, max: 1, tokens: books },
  }); // a target run takes 1e8 tokens

  it('keeps four epochs of every domain unless told otherwise', () => {
    const shareOf = (policy: Sweep['policy']): number => {
      const sweep = planted({ policy, domains: tokens(1e7, 1e9, 1e9) });
      return recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture['web']!;
    };
    expect(shareOf({ name: 'log-linear', kl: 0 })).toBeCloseTo(0.4, 9); // 4 x 1e7 / 1e8
    expect(shareOf({ name: 'log-linear', kl: 0, maxEpochs: 2 })).toBeCloseTo(0.2, 9);
    expect(shareOf({ name: 'log-linear', kl: 0, maxEpochs: 100 })).toBeGreaterThan(0.42);
  });

  it('reports caps that no mixture keeps, and leaves them aside', () => {
    const sweep = planted({ domains: tokens(1e6, 1e6, 1e6) });
    const { proposals, observations } = runToEnd(world, sweep);
    expect(proposals.at(-1)!.explanation.reason).toMatch(/no allowed mixture keeps 4 epochs/);
    expect(recommend(sweep, observations, { seed: 1 }).mixture).toEqual(proposals.at(-1)!.mixture);
    const feasible = feasibleSet(sweep);
    expect(cappedSet(sweep, feasible, 4).set).toBe(feasible);
  });

  it('maximises where the objective is maximised', () => {
    const mirrored: World = (shares, scale, steps) => {
      const { prose, programs } = world(shares, scale, steps);
      return { prose: -prose!, programs: -programs! };
    };
    const sweep = planted();
    const other = planted({ objective: { direction: 'maximize', weights: { prose: 0.5, programs: 0.5 } } });
    const a = recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture;
    expect(recommend(other, runToEnd(mirrored, other).observations, { seed: 1 }).mixture).toEqual(a);
  });

  it('counts metrics by their weights over their units, accuracies against losses', () => {
    const mixed: World = (shares, scale, steps) => {
      const { prose, programs } = world(shares, scale, steps);
      return { prose: prose!, programs: -10 * programs! };
    };
    const sweep = planted({
      objective: {
        direction: 'maximize',
        weights: { prose: -0.5, programs: 0.5 },
        references: { programs: { zero: -20, unit: 10 } },
      },
    });
    const a = sharesOf(recommend(planted(), runToEnd(world, planted()).observations, { seed: 1 }).mixture, NAMES);
    const b = sharesOf(recommend(sweep, runToEnd(mixed, sweep).observations, { seed: 1 }).mixture, NAMES);
    b.forEach((share, i) => expect(share).toBeCloseTo(a[i]!, 3));
  });

  it('refuses a scale that the sweep does not have', () => {
    expect(() => propose(planted({ policy: { name: 'log-linear', scale: 'XL' } }), [], { seed: 1 })).toThrow(
      /policy.scale/,
    );
  });
});
