import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { FeasibleSet } from '../../src/domain/feasible-set.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import type { LimitedSweep } from '../../src/domain/limits.js';
import { createRng } from '../../src/domain/rng.js';

/** Raise it for a long search; 40 keeps the file at about two seconds. */
const RUNS = Number(process.env['TITRATE_PROPERTY_RUNS'] ?? 40);

const TARGET = {
  scales: [{ name: '1B', parameters: 1e9, tokensPerStep: 1000, steps: [1000] }],
  target: { scale: '1B', steps: 1000 },
};

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly tokens?: number;
}

const sweepOf = (
  bounds: readonly Bounds[],
  groups: LimitedSweep['groups'] = [],
  rest: Partial<LimitedSweep> = {},
): LimitedSweep => ({
  ...TARGET,
  domains: Object.fromEntries(bounds.map((bound, i) => [`d${i}`, { min: 0, max: 1, ...bound }])),
  groups,
  ...rest,
});

const plain = (count: number): LimitedSweep => sweepOf(Array.from({ length: count }, () => ({})));
const sum = (shares: ArrayLike<number>): number => Array.from(shares).reduce((a, b) => a + b, 0);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((acc, x, i) => acc + x * (b[i] ?? 0), 0);
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a).reduce((acc, x, i) => acc + (x - (b[i] ?? 0)) ** 2, 0));
const sorted = (points: readonly Float64Array[]): string[] =>
  points.map((point) => Array.from(point, (x) => x.toFixed(6)).join(' ')).toSorted();

/** Is every limit kept? Written from the file's words, apart from the code under test. */
const keepsLimits = (sweep: LimitedSweep, shares: ArrayLike<number>): void => {
  expect(Math.abs(sum(shares) - 1)).toBeLessThanOrEqual(1e-12);
  Object.values(sweep.domains).forEach(({ min, max, tokens }, i) => {
    const share = shares[i] ?? Number.NaN;
    expect(share).toBeGreaterThanOrEqual(min - 1e-9);
    expect(share).toBeLessThanOrEqual(max + 1e-9);
    if (tokens !== undefined && sweep.maxEpochs !== undefined) {
      expect(share * 1e6).toBeLessThanOrEqual(tokens * sweep.maxEpochs + 1e-3);
    }
  });
  for (const group of sweep.groups) {
    const share = group.domains.reduce((acc, name) => acc + (shares[Number(name.slice(1))] ?? 0), 0);
    expect(share).toBeGreaterThanOrEqual(group.min - 1e-9);
    expect(share).toBeLessThanOrEqual(group.max + 1e-9);
  }
};

/** Sweeps whose limits surround a known mixture, so that they allow at least that one. */
const arbitrarySweep = (most: number, mostGroups: number) =>
  fc
    .record({
      weights: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: most }),
      slacks: fc.array(fc.constantFrom(0, 0, 0.01, 0.1, 0.5, 1), { minLength: 2 * most, maxLength: 2 * most }),
      groups: fc.array(
        fc.record({
          picks: fc.array(fc.nat({ max: most - 1 }), { minLength: 1, maxLength: most }),
          below: fc.constantFrom(0, 0.001, 0.05, 1),
          above: fc.constantFrom(0, 0.001, 0.05, 1),
        }),
        { maxLength: mostGroups },
      ),
    })
    .map(({ weights, slacks, groups }) => {
      const scale = sum(weights) + 0.01 * weights.length;
      const known = weights.map((weight) => (weight + 0.01) / scale);
      const bounds = known.map((share, i) => ({
        min: Math.max(0, share - (slacks[2 * i] ?? 0)),
        max: Math.min(1, share + (slacks[2 * i + 1] ?? 0)),
      }));
      const limited = groups.map(({ picks, below, above }) => {
        const members = [...new Set(picks.map((pick) => pick % known.length))];
        const share = members.reduce((acc, i) => acc + (known[i] ?? 0), 0);
        return {
          domains: members.map((i) => `d${i}`),
          min: Math.max(0, share - below),
          max: Math.min(1, share + above),
        };
      });
      return { sweep: sweepOf(bounds, limited), known };
    });

const shapes = [
  { what: 'bounds alone', arbitrary: arbitrarySweep(30, 0), runs: RUNS },
  { what: 'bounds and overlapping groups', arbitrary: arbitrarySweep(30, 4), runs: RUNS },
  { what: 'few domains and overlapping groups', arbitrary: arbitrarySweep(5, 3), runs: 2 * RUNS },
];

describe.each(shapes)('the feasible set under $what', ({ arbitrary, runs }) => {
  const always = (check: (set: FeasibleSet, sweep: LimitedSweep, known: readonly number[], seed: number) => void) =>
    fc.assert(
      fc.property(arbitrary, fc.nat(), ({ sweep, known }, seed) => check(feasibleSet(sweep), sweep, known, seed)),
      { numRuns: runs },
    );

  test('contains its centre and a mixture known to be inside', () => {
    always((set, sweep, known) => {
      keepsLimits(sweep, set.centre);
      expect(set.contains(set.centre)).toBe(true);
      expect(set.contains(known)).toBe(true);
    });
  });

  test('gives feasible samples at every concentration', () => {
    always((set, sweep, _, seed) => {
      const rng = createRng(seed);
      for (const concentration of [0.05, 0.3, 1, 5]) keepsLimits(sweep, set.sample(rng, concentration));
    });
  });

  test('projects to feasible points, and leaves feasible points where they are', () => {
    always((set, sweep, known, seed) => {
      const rng = createRng(seed);
      const near = set.project(known.map((share) => share + rng.normal()));
      keepsLimits(sweep, near);
      expect(distance(set.project(near), near)).toBeLessThan(1e-9);
    });
  });

  test('projects no farther away than any feasible point it knows', () => {
    always((set, _, known, seed) => {
      const rng = createRng(seed);
      const point = known.map((share) => share + 0.3 * rng.normal());
      const projected = distance(set.project(point), point);
      for (const other of [Float64Array.from(known), set.centre, set.sample(rng, 1)]) {
        expect(projected).toBeLessThanOrEqual(distance(other, point) + 1e-9);
      }
    });
  });

  test('finds linear minima that no sample, centre or extreme point beats', () => {
    always((set, sweep, known, seed) => {
      const rng = createRng(seed);
      const costs = known.map(() => rng.normal());
      const best = set.minimizeLinear(costs);
      keepsLimits(sweep, best);
      const others = [Float64Array.from(known), set.centre, set.sample(rng, 0.3), ...set.extremePoints(20)];
      for (const other of others) expect(dot(costs, best)).toBeLessThanOrEqual(dot(costs, other) + 1e-9);
    });
  });

  test('gives distinct feasible extreme points, the same ones every time', () => {
    always((set, sweep) => {
      const corners = set.extremePoints(12);
      expect(corners.length).toBeGreaterThan(0);
      expect(corners.length).toBeLessThanOrEqual(12);
      corners.forEach((corner, i) => {
        for (const other of corners.slice(0, i)) expect(distance(corner, other)).toBeGreaterThan(1e-7);
      });
      for (const corner of corners) keepsLimits(sweep, corner);
      expect(feasibleSet(sweep).extremePoints(12)).toEqual(corners);
    });
  });

  test('steps exactly to the edge', () => {
    always((set, sweep, _, seed) => {
      const rng = createRng(seed);
      const from = set.sample(rng, 1);
      const towards = set.sample(rng, 0.3);
      const direction = from.map((share, i) => (towards[i] ?? 0) - share);
      if (distance(from, towards) < 1e-6) return;
      const step = set.maxStep(from, direction, 50);
      expect(step).toBeGreaterThanOrEqual(1 - 1e-6);
      const at = (t: number): Float64Array => from.map((share, i) => share + t * (direction[i] ?? 0));
      expect(set.contains(at(step), 1e-9)).toBe(true);
      if (step < 50) expect(set.contains(at(step + 1e-3 / distance(from, towards)), 1e-9)).toBe(false);
      keepsLimits(sweep, from);
    });
  });
});

describe('the extreme points', () => {
  test.each([2, 5, 30])('of the plain simplex of %i domains are the single domains', (count) => {
    const corners = feasibleSet(plain(count)).extremePoints(50);
    expect(corners).toHaveLength(count);
    for (const corner of corners) expect(Math.max(...corner)).toBe(1);
  });

  test('of five domains of at most 0.4 are the thirty ways to take 0.4, 0.4 and 0.2', () => {
    const corners = feasibleSet(sweepOf(Array.from({ length: 5 }, () => ({ max: 0.4 })))).extremePoints(50);
    expect(corners).toHaveLength(30);
    for (const corner of corners) {
      expect(Array.from(corner, (x) => Number(x.toFixed(12))).toSorted((a, b) => a - b)).toEqual([0, 0, 0.2, 0.4, 0.4]);
    }
  });

  test('of a simplex cut by one group are worked out by hand', () => {
    const set = feasibleSet(sweepOf([{}, {}, {}], [{ domains: ['d0', 'd1'], min: 0, max: 0.5 }]));
    expect(sorted(set.extremePoints(9))).toEqual([
      '0.000000 0.000000 1.000000',
      '0.000000 0.500000 0.500000',
      '0.500000 0.000000 0.500000',
    ]);
  });

  test('of a set of one mixture are that mixture', () => {
    const set = feasibleSet(
      sweepOf([
        { min: 0.1, max: 0.1 },
        { min: 0.2, max: 0.2 },
        { min: 0.7, max: 0.7 },
      ]),
    );
    expect(sorted(set.extremePoints(9))).toEqual(['0.100000 0.200000 0.700000']);
  });

  test('of thirty capped domains, too many to list, are found and spread out', () => {
    const set = feasibleSet(sweepOf(Array.from({ length: 30 }, () => ({ max: 0.1 }))));
    const corners = set.extremePoints(40);
    expect(corners).toHaveLength(40);
    for (const corner of corners) expect(corner.filter((x) => Math.abs(x - 0.1) < 1e-12)).toHaveLength(10);
  });
});

describe('the feasible set', () => {
  test('caps a share at the tokens there are, times the epochs allowed, over the tokens of the target', () => {
    const set = feasibleSet(sweepOf([{ tokens: 50_000 }, {}], [], { maxEpochs: 4 }));
    expect(set.minimizeLinear([-1, 0])[0]).toBeCloseTo(0.2, 12);
  });

  test('has no epoch cap without maxEpochs', () => {
    expect(feasibleSet(sweepOf([{ tokens: 5 }, {}])).minimizeLinear([-1, 0])[0]).toBe(1);
  });

  test('keeps the centre of the plain simplex uniform', () => {
    for (const share of feasibleSet(plain(5)).centre) expect(share).toBeCloseTo(0.2, 14);
  });

  test('has a centre strictly inside every limit that leaves room', () => {
    const set = feasibleSet(sweepOf([{}, {}, { max: 0.3 }], [{ domains: ['d0', 'd1'], min: 0.7, max: 0.9 }]));
    expect(sum(set.centre.slice(0, 2))).toBeGreaterThan(0.71);
    expect(sum(set.centre.slice(0, 2))).toBeLessThan(0.89);
  });

  test('reaches faces and inside alike when limits are tight', () => {
    const set = feasibleSet(sweepOf(Array.from({ length: 5 }, () => ({ max: 0.3 }))));
    const rng = createRng(1);
    const draws = Array.from({ length: 400 }, () => set.sample(rng, 1));
    const onFace = draws.filter((draw) => draw.some((share) => share > 0.3 - 1e-12 || share < 1e-12)).length;
    expect(onFace).toBeGreaterThan(100);
    expect(onFace).toBeLessThan(350);
  });

  test('draws from the plain simplex with the mean and variance of a Dirichlet distribution', () => {
    const set = feasibleSet(plain(4));
    for (const concentration of [0.3, 1, 3]) {
      const rng = createRng(5);
      const first = Array.from({ length: 20_000 }, () => set.sample(rng, concentration)[0] ?? 0);
      const mean = sum(first) / first.length;
      const variance = first.reduce((acc, x) => acc + (x - mean) ** 2, 0) / first.length;
      expect(mean).toBeCloseTo(0.25, 1);
      expect(variance).toBeCloseTo((0.25 * 0.75) / (4 * concentration + 1), 2); // Kotz et al. 2000, section 49.1
    }
  });

  test('says that limits exclude each other', () => {
    expect(() => feasibleSet(sweepOf([{ max: 0.3 }, { max: 0.3 }]))).toThrow(InputError);
    expect(() => feasibleSet(sweepOf([{ min: 0.6 }, { min: 0.6 }]))).toThrow(InputError);
    expect(() => feasibleSet(sweepOf([{}, {}], [{ domains: ['d0', 'd1'], min: 0, max: 0.9 }]))).toThrow(InputError);
  });
});

describe('a finite list of mixtures', () => {
  const mixtures = [
    { d0: 1, d1: 0 },
    { d0: 0.5, d1: 0.5 },
    { d0: 0.2, d1: 0.8 },
    { d0: 0.5, d1: 0.5 },
  ];
  const set = feasibleSet(sweepOf([{}, {}], [], { mixtures }));

  test('contains its members, once each, and nothing else', () => {
    expect(sorted(set.list ?? [])).toHaveLength(3);
    expect(set.contains([0.5, 0.5])).toBe(true);
    expect(set.contains([0.6, 0.4])).toBe(false);
  });

  test('projects, minimises and samples to members', () => {
    expect(Array.from(set.project([0.7, 0.3]))).toEqual([0.5, 0.5]);
    expect(Array.from(set.minimizeLinear([1, 0]))).toEqual([0.2, 0.8]);
    expect(set.extremePoints(2)).toHaveLength(2);
    const rng = createRng(3);
    for (let i = 0; i < 20; i++) expect(set.contains(set.sample(rng, 1))).toBe(true);
  });

  test('steps along a line only as far as its last member', () => {
    expect(set.maxStep([1, 0], [-1, 1], 1)).toBeCloseTo(0.8, 12);
    expect(set.maxStep([1, 0], [-1, 1], 0.6)).toBeCloseTo(0.5, 12);
  });
});

test('samples and projections of bounded mixtures take microseconds', () => {
  const set = feasibleSet(sweepOf(Array.from({ length: 7 }, () => ({ max: 0.4 }))));
  const rng = createRng(2);
  const draw = (times: number): number => {
    const from = performance.now();
    for (let i = 0; i < times; i++) set.project(set.sample(rng, 0.3));
    return ((performance.now() - from) * 1000) / times;
  };
  draw(20_000);
  expect(draw(20_000)).toBeLessThan(100); // about 3 on an idle core: the limit only catches a change of kind
});
