import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/domain/rng.js';
import { SOBOL_DIMENSIONS } from '../../../src/policy/methods/sobol-directions.js';
import { MOST_SOBOL_DIMENSIONS, sobolSequence } from '../../../src/policy/methods/sobol-sequence.js';

/** The order of x modulo the polynomial, by stepping a shift register round. */
const orderOf = (inner: number, degree: number): number => {
  const polynomial = (1 << degree) | (inner << 1) | 1;
  let state = 1;
  for (let order = 1; ; order++) {
    state <<= 1;
    if (state >>> degree) state ^= polynomial;
    if (state === 1) return order;
  }
};

/** Counts points by the boxes of a grid with 2^bits[d] cells along dimension d. */
const boxesHit = (points: readonly Float64Array[], bits: readonly number[]): number =>
  new Set(points.map((point) => bits.map((b, d) => Math.floor(point[d]! * 2 ** b)).join())).size;

const take = (at: (index: number) => Float64Array, from: number, count: number): Float64Array[] =>
  Array.from({ length: count }, (_, i) => at(from + i));

describe('the table of direction numbers', () => {
  it('has every primitive polynomial of degree 1 to 7 once', () => {
    const seen = SOBOL_DIMENSIONS.map(({ inner, initial }) => `${initial.length}:${inner}`);
    expect(new Set(seen).size).toBe(1 + 1 + 2 + 2 + 6 + 6 + 18); // phi(2^s - 1) / s for s = 1 .. 7
    expect(seen).toHaveLength(36);
    for (const { inner, initial } of SOBOL_DIMENSIONS) {
      expect(orderOf(inner, initial.length)).toBe(2 ** initial.length - 1);
    }
  });

  it('starts with odd integers, the k-th below 2^k', () => {
    for (const m of SOBOL_DIMENSIONS.flatMap(({ initial }) => initial.map((value, k) => [value, k + 1] as const))) {
      expect(m[0] % 2).toBe(1);
      expect(m[0]).toBeLessThan(2 ** m[1]);
    }
  });
});

describe('the Sobol sequence', () => {
  it('starts as published for the direction numbers of Joe and Kuo', () => {
    // Output of their program sobol.cc for new-joe-kuo-6, also what SciPy's qmc.Sobol(d=5, scramble=False) gives.
    expect(take(sobolSequence(5), 0, 8).map((point) => Array.from(point))).toEqual([
      [0, 0, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25, 0.25, 0.75],
      [0.25, 0.75, 0.75, 0.75, 0.25],
      [0.375, 0.375, 0.625, 0.875, 0.375],
      [0.875, 0.875, 0.125, 0.375, 0.875],
      [0.625, 0.125, 0.875, 0.625, 0.625],
      [0.125, 0.625, 0.375, 0.125, 0.125],
    ]);
  });

  it('agrees with SciPy 1.17.1 in the first 128 points of all dimensions, which every number of the table has a part in', () => {
    const coordinates = take(sobolSequence(37), 0, 128).flatMap((point) => Array.from(point, (x) => 128 * x));
    // FNV-1a, as a hash that is linear in its input cannot tell some changes of the table.
    const hash = coordinates.reduce((h, part) => Math.imul(h ^ part, 0x01000193) >>> 0, 0x811c9dc5);
    expect(hash).toBe(745025029); // of scipy.stats.qmc.Sobol(d=37, scramble=False, bits=32).random(128), hashed likewise
  });

  it.each([undefined, 1, 2])(
    'puts one of 64 consecutive points into each 64th of every dimension (seed %s)',
    (seed) => {
      const at = sobolSequence(MOST_SOBOL_DIMENSIONS, seed === undefined ? undefined : createRng(seed));
      for (const from of [0, 64, 640]) {
        const points = take(at, from, 64);
        for (let d = 0; d < MOST_SOBOL_DIMENSIONS; d++) {
          expect(new Set(points.map((point) => Math.floor(point[d]! * 64))).size).toBe(64);
        }
      }
    },
  );

  it.each([undefined, 3])('is a (0, 2)-sequence in its first two dimensions (seed %s)', (seed) => {
    const at = sobolSequence(2, seed === undefined ? undefined : createRng(seed));
    for (let bits = 0; bits <= 8; bits++) expect(boxesHit(take(at, 256, 256), [bits, 8 - bits])).toBe(256);
  });

  it('has property A: the first 2^d points lie in different orthants', () => {
    for (const d of [3, 6, 10]) expect(boxesHit(take(sobolSequence(d), 0, 2 ** d), Array(d).fill(1))).toBe(2 ** d);
  });

  it('gives each scramble points of its own, the same ones every time', () => {
    const points = (seed: number): string => take(sobolSequence(4, createRng(seed)), 0, 16).join();
    expect(points(1)).toBe(points(1));
    expect(points(1)).not.toBe(points(2));
  });

  it('makes every scrambled point uniform by itself', () => {
    const first = Array.from({ length: 1000 }, (_, seed) => sobolSequence(1, createRng(seed))(0)[0]!);
    const mean = first.reduce((a, b) => a + b, 0) / first.length;
    const square = first.reduce((a, b) => a + b * b, 0) / first.length;
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(0.028); // three standard errors
    expect(Math.abs(square - 1 / 3)).toBeLessThan(0.028);
  });
});
