import { describe, expect, it } from 'vitest';
import { sharesOf } from '../../../src/domain/mixture.js';
import type { Metrics } from '../../../src/domain/observation.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { extrapolate } from '../../../src/policy/methods/power-law-fit.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { runToEnd, type World } from './law-sweeps.js';
import { makeSweep } from '../sweeps.js';

describe('power laws with one exponent', () => {
  it('tell the value at 1 of planted laws exactly', () => {
    const x = [0.02, 0.05, 0.1, 0.3];
    const laws = [
      [2, 0.5],
      [1.5, 0.8],
      [3, 0.1],
    ] as const;
    const curves = laws.map(([floor, amplitude]) => ({ x, y: x.map((value) => floor + amplitude * value ** -0.31) }));
    extrapolate(curves).forEach((value, i) => expect(value).toBeCloseTo(laws[i]![0] + laws[i]![1], 6));
  });

  it('take two points for a pure power, one for itself, and a curve that rises for its end', () => {
    expect(extrapolate([{ x: [0.1, 0.4], y: [0.1, 0.4].map((value) => 2 * value ** -0.2) }])[0]).toBeCloseTo(2, 9);
    expect(extrapolate([{ x: [0.1], y: [7] }])).toEqual([7]);
    expect(extrapolate([{ x: [0.1, 0.4], y: [1, 2] }])).toEqual([2]);
    expect(extrapolate([{ x: [0.1, 0.2, 0.4], y: [1, 2, 3] }])).toEqual([3]);
  });
});

const NAMES = ['web', 'code', 'books'];
const TARGET = { parameters: 250e6, tokens: 1e8 };

/**
 * A nested world: steps and size shrink what mixtures do not touch, and their touch moves with size, so that the ranking at
 * the smallest size is another than the target's. The target's optimum is inside.
 */
const nested: World = (shares, scale, steps) => {
  const parameters = { S: 10e6, M: 50e6, L: 250e6 }[scale]!;
  const small = (parameters / TARGET.parameters) ** -0.3 - 1;
  const short = ((steps * 1e5) / TARGET.tokens) ** -0.4 - 1;
  const [web, code, books] = [shares[0]!, shares[1]!, shares[2]!];
  return {
    prose: 1 + Math.exp(0.3 * code - 2 * web) + small * (0.3 + 0.8 * web) + short * 0.2,
    programs: 1 + Math.exp(0.5 * web - 1.5 * code) + small * 0.2 + short * (0.1 + 0.3 * code),
    novels: 1 + Math.exp(0.4 - 2 * books) + small * 0.1 + short * 0.3,
  };
};
const lossIn = ({ prose, programs, novels }: Metrics): number => prose! + programs! + novels!;
const lossAtTarget = (shares: readonly number[]): number => lossIn(nested(shares, 'L', 1000));

const sweepOf = (changes: Partial<Sweep> = {}): Sweep => {
  const scales = makeSweep().scales.map((scale) => ({ ...scale, steps: [100, 200, 400] }));
  const last = scales.at(-1)!;
  return makeSweep({
    policy: { name: 'data-mixing-laws' },
    objective: { direction: 'minimize', weights: { prose: 1, programs: 1, novels: 1 } },
    scales: [...scales.slice(0, -1), { ...last, steps: [400, 1000] }],
    ...changes,
  });
};

/** A third size between the others, so that the law of size has a floor. */
const threeSizes = (): Partial<Sweep> => {
  const base = sweepOf().scales;
  return {
    scales: [base[0]!, { ...base[0]!, name: 'M0', parameters: 25e6 }, ...base.slice(1)],
    cost: { kind: 'table', unit: 'units', perStep: { S: 0.002, M0: 0.004, M: 0.012, L: 0.1 } },
  };
};
const inThree: World = (shares, scale, steps) => {
  if (scale !== 'M0') return nested(shares, scale, steps);
  const [small, medium] = [nested(shares, 'S', steps), nested(shares, 'M', steps)];
  const at = (parameters: number): number => (parameters / TARGET.parameters) ** -0.3;
  const part = (at(25e6) - at(50e6)) / (at(10e6) - at(50e6));
  return Object.fromEntries(
    Object.entries(medium).map(([name, value]) => [name, value + part * (small[name]! - value)]),
  );
};

describe('data-mixing-laws', () => {
  it('runs 20 mixtures at every smaller size, the sizes one after the other, then its solution at the target', () => {
    const { proposals } = runToEnd(inThree, sweepOf(threeSizes()));
    const places = proposals.map(({ scale, steps }) => `${scale}@${steps}`);
    const expected = ['S', 'M0', 'M'].flatMap((scale) => new Array<string>(20).fill(`${scale}@400`));
    expect(places).toEqual([...expected, 'L@1000']);
    const mixturesAt = (from: number): string[] =>
      proposals.slice(from, from + 20).map(({ mixture }) => JSON.stringify(mixture));
    expect(mixturesAt(20)).toEqual(mixturesAt(0));
  });

  it('sees through steps and size: the planted optimum of the target, where the small size has another', () => {
    const sweep = sweepOf(threeSizes());
    const { observations } = runToEnd(inThree, sweep);
    const found = sharesOf(recommend(sweep, observations, { seed: 1 }).mixture, NAMES);
    const grid = Array.from({ length: 51 }, (_, i) =>
      Array.from({ length: 51 - i }, (__, j) => [i / 50, j / 50, (50 - i - j) / 50]),
    ).flat();
    const bestBy = (loss: (shares: readonly number[]) => number): number[] =>
      grid.reduce((a, b) => (loss(b) < loss(a) ? b : a));
    const best = lossAtTarget(bestBy(lossAtTarget));
    const misled = lossAtTarget(bestBy((shares) => lossIn(nested(shares, 'S', 400))));
    expect(misled - best).toBeGreaterThan(0.02);
    expect(lossAtTarget(found) - best).toBeLessThan(1e-4);
  });

  it('recommends the same whatever the unit of its metrics', () => {
    const sweep = sweepOf();
    const { observations } = runToEnd(nested, sweep);
    const tiny: World = (...run) =>
      Object.fromEntries(Object.entries(nested(...run)).map(([name, value]) => [name, 1e-9 * value]));
    const inTiny = runToEnd(tiny, sweep).observations;
    const [expected, found] = [observations, inTiny].map((runs) =>
      sharesOf(recommend(sweep, runs, { seed: 1 }).mixture, NAMES),
    );
    found!.forEach((share, i) => expect(share).toBeCloseTo(expected![i]!, 2));
  });

  it('takes scales of one size for one size, which says nothing of larger ones', () => {
    const scales = sweepOf().scales.map((scale) => (scale.name === 'S' ? { ...scale, parameters: 50e6 } : scale));
    // The scales of one size differ by no more than chance.
    const world: World = (shares, scale, steps) => {
      const metrics = nested(shares, 'M', steps);
      const chance = scale === 'M' ? 0.002 * Math.sin(1000 * shares[0]!) : 0;
      return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value + chance]));
    };
    const lossOf = (shares: readonly number[]): number => lossIn(nested(shares, 'M', 1000));
    const sweep = sweepOf({ scales, budget: 1e5 });
    const { observations } = runToEnd(world, sweep);
    const found = sharesOf(recommend(sweep, observations, { seed: 1 }).mixture, NAMES);
    const tried = observations.map(({ mixture }) => lossOf(sharesOf(mixture, NAMES)));
    expect(lossOf(found)).toBeLessThan(Math.min(...tried) + 0.005);
  });

  it('leaves out the costlier sizes, then mixtures, when the budget is short', () => {
    const placesFor = (budget: number): string[] =>
      runToEnd(nested, sweepOf({ budget })).proposals.map(({ scale }) => scale);
    expect(new Set(placesFor(500))).toEqual(new Set(['S', 'M', 'L']));
    expect(placesFor(100 + 0.8 * 20).join('')).toBe(`${'S'.repeat(20)}L`);
    expect(placesFor(100 + 0.8 * 9).join('')).toBe(`${'S'.repeat(9)}L`);
    expect(placesFor(3).join('')).toBe('SSS');
    expect(placesFor(0.5)).toEqual([]);
  });

  it('takes the scales it is told, and refuses others', () => {
    const sweep = sweepOf({ policy: { name: 'data-mixing-laws', scales: ['M'], runs: 6 } });
    expect(
      runToEnd(nested, sweep)
        .proposals.map(({ scale }) => scale)
        .join(''),
    ).toBe('MMMMMML');
    for (const scales of [['XL'], ['S', 'S']]) {
      const wrong = sweepOf({ policy: { name: 'data-mixing-laws', scales } });
      expect(() => propose(wrong, [], { seed: 1 })).toThrow(/policy.scales/);
    }
  });
});
