import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feasibleSet } from '../../../src/domain/feasible-set.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { fitBimixLaw } from '../../../src/policy/methods/bimix-law.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { runToEnd, type World } from './law-sweeps.js';
import { makeSweep } from '../sweeps.js';

const NAMES = ['web', 'code', 'books'];
/** alpha, beta, B, C of each domain; volumes are counted in target runs of 1e8 tokens. */
const LAWS = [
  [0.1, 0.4, 0.3, 2.2],
  [0.25, 0.3, 0.2, 1.1],
  [0.15, 0.5, 0.4, 1.8],
] as const;
const lossOf = (domain: number, share: number, volume: number): number => {
  const [alpha, beta, falling, staying] = LAWS[domain]!;
  return share ** -alpha * (falling * volume ** -beta + staying);
};
const world: World = (shares, _, steps) =>
  Object.fromEntries(NAMES.map((name, i) => [name, lossOf(i, shares[i]!, (steps * 1e5) / 1e8)]));
const sweepOf = (changes: Partial<Sweep> = {}): Sweep =>
  makeSweep({
    policy: { name: 'bimix' },
    objective: { direction: 'minimize', weights: { web: 1, code: 1, books: 1 } },
    scales: makeSweep().scales.map((scale) => ({ ...scale, steps: [100, 200, 400, 1000] })),
    ...changes,
  });
const total = (shares: readonly number[], weights = [1, 1, 1]): number =>
  shares.reduce((sum, share, i) => sum + (weights[i]! > 0 ? weights[i]! * lossOf(i, share, 1) : 0), 0);

describe("BiMix's law", () => {
  it('is recovered from exact losses, whatever its parameters', () => {
    const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(
        between(0.02, 0.8),
        between(0.15, 0.9),
        between(0.1, 0.8),
        between(0.5, 3),
        (alpha, beta, falling, staying) => {
          const rng = createRng(5);
          const rows = Array.from({ length: 6 }, () => 0.02 + 0.9 * rng.uniform()).flatMap((share) =>
            [0.02, 0.05, 0.1, 0.3].map((volume) => ({
              share,
              volume,
              loss: share ** -alpha * (falling * volume ** -beta + staying),
            })),
          );
          const law = fitBimixLaw(rows)!;
          expect(law.alpha).toBeCloseTo(alpha, 6);
          expect(law.falling + law.staying).toBeCloseTo(falling + staying, 3);
          expect(Math.abs(law.beta - beta)).toBeLessThan(0.01);
        },
      ),
      { numRuns: 10 },
    );
  });

  it('needs two shares, and takes the last volume alone where there are too few for a law of tokens', () => {
    const row = (share: number, volume: number) => ({ share, volume, loss: 3 * share ** -0.2 * volume ** -0.1 });
    expect(fitBimixLaw([row(0.3, 0.1), row(0.3, 0.2), row(0, 0.2)])).toBeUndefined();
    const law = fitBimixLaw([row(0.3, 0.1), row(0.6, 0.1), row(0.3, 0.2), row(0.6, 0.2)])!;
    expect(law.alpha).toBeCloseTo(0.2, 9);
    expect(law.staying).toBeCloseTo(3 * 0.2 ** -0.1, 9);
  });
});

describe('bimix', () => {
  it('recommends the closed form r = (alpha K / lambda)^(1 / (alpha + 1)) of planted laws, and tests it at the target', () => {
    const sweep = sweepOf();
    const { observations, proposals } = runToEnd(world, sweep);
    expect(proposals.map(({ scale, steps }) => `${scale}@${steps}`)).toEqual([
      ...new Array<string>(8).fill('S@1000'),
      'L@1000',
    ]);
    const shares = sharesOf(recommend(sweep, observations, { seed: 1 }).mixture, NAMES);
    const lambdas = LAWS.map(
      ([alpha, , falling, staying], i) => alpha * (falling + staying) * shares[i]! ** -(alpha + 1),
    );
    lambdas.forEach((lambda) => expect(lambda / lambdas[0]!).toBeCloseTo(1, 3));
    expect(proposals.at(-1)!.mixture).toEqual(recommend(sweep, observations, { seed: 1 }).mixture);
  });

  it('is not beaten within bounds and groups', () => {
    const sweep = sweepOf({
      domains: { web: { min: 0.05, max: 0.25 }, code: { min: 0, max: 1 }, books: { min: 0, max: 1 } },
      groups: [{ domains: ['web', 'books'], min: 0, max: 0.5 }],
    });
    const feasible = feasibleSet(sweep);
    const shares = sharesOf(recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture, NAMES);
    expect(feasible.contains(shares)).toBe(true);
    const rng = createRng(1);
    for (let draw = 0; draw < 300; draw++) {
      expect(total(shares)).toBeLessThan(total([...feasible.sample(rng, 1)]) + 1e-4);
    }
  });

  it('gives a domain without a metric no more than it must have', () => {
    const sweep = sweepOf({
      objective: { direction: 'minimize', weights: { web: 1, code: 2 } },
      domains: { web: { min: 0, max: 1 }, code: { min: 0, max: 1 }, books: { min: 0.1, max: 1 } },
    });
    const shares = sharesOf(recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture, NAMES);
    expect(shares[2]).toBeCloseTo(0.1, 9);
    for (let web = 0.02; web < 0.9; web += 0.02) {
      expect(total(shares, [1, 2, 0])).toBeLessThan(total([web, 0.9 - web, 0.1], [1, 2, 0]) + 1e-4);
    }
  });

  const renamed: World = (shares, scale, steps) => {
    const { web, code, books } = world(shares, scale, steps);
    return { loss_web: web!, loss_code: code!, loss_books: books! };
  };
  const losses = { direction: 'minimize', weights: { loss_web: 1, loss_code: 1, loss_books: 1 } } as const;

  it('takes metrics of other names as it is told', () => {
    const metrics = { web: 'loss_web', code: ['loss_code'], books: 'loss_books' };
    const sweep = sweepOf({ objective: losses, policy: { name: 'bimix', metrics } });
    const a = recommend(sweepOf(), runToEnd(world, sweepOf()).observations, { seed: 1 }).mixture;
    expect(recommend(sweep, runToEnd(renamed, sweep).observations, { seed: 1 }).mixture).toEqual(a);
  });

  it('counts metrics by their weights over their units, wherever zero is', () => {
    const weighted = sweepOf({ objective: { direction: 'minimize', weights: { web: 4, code: 1, books: 1 } } });
    const references = { web: { zero: 2, unit: 0.5 }, code: { zero: -1, unit: 2 }, books: { zero: 0, unit: 2 } };
    const referred = sweepOf({
      objective: { direction: 'maximize', weights: { web: -1, code: -1, books: -1 }, references },
    });
    const [a, b] = [weighted, referred].map((sweep) =>
      sharesOf(recommend(sweep, runToEnd(world, sweep).observations, { seed: 1 }).mixture, NAMES),
    );
    b!.forEach((share, i) => expect(share).toBeCloseTo(a![i]!, 6));
  });

  it.each([
    [{ metrics: { web: 'loss_web' } }, losses, /none for loss_code, loss_books/],
    [{ metrics: { web: 'prose' } }, losses, /a metric of the objective/],
    [{ metrics: { prose: 'loss_web' } }, losses, /one of the domains web, code, books/],
    [{}, { direction: 'maximize', weights: { web: 1 } } as const, /objective.metrics.web: expected a loss/],
    [{}, { direction: 'minimize', weights: { web: 1, code: -1 } } as const, /objective.metrics.code: expected a loss/],
  ])('refuses what it cannot match or model: %j', (options, objective, message) => {
    const sweep = sweepOf({ objective, policy: { name: 'bimix', ...options } });
    expect(() => propose(sweep, [], { seed: 1 })).toThrow(message);
  });
});
