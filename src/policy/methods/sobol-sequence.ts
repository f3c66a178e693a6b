/**
 * The Sobol sequence (Sobol' 1967; direction numbers of Joe and Kuo 2008, see `sobol-directions.ts`), in the order of the
 * Gray code (Antonov and Saleev 1979), with a random linear scramble and a digital shift (Matousek 1998, Journal of
 * Complexity 14, 527-556): any 2^m points from a multiple of 2^m on stay as evenly spread as without them, and each point is
 * uniform by itself.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | v | direction numbers of one dimension, as 32-bit fractions | BITS |
 * | L | lower triangular binary matrix with a diagonal of 1: what scrambles a dimension | BITS × BITS |
 */
import type { Rng } from '../../domain/rng.js';
import { SOBOL_DIMENSIONS, type SobolDimension } from './sobol-directions.js';

const BITS = 32; // bitwise operations are on 32 bits; no sweep has more runs
const WHOLE = 2 ** BITS;

/** How many dimensions there are direction numbers for. */
export const MOST_SOBOL_DIMENSIONS = SOBOL_DIMENSIONS.length + 1;

const vanDerCorput = (): Uint32Array => Uint32Array.from({ length: BITS }, (_, k) => 2 ** (BITS - 1 - k));

/** Carries the recurrence of the direction numbers on from the first ones (Joe and Kuo 2008, eq. 2). */
const directionsOf = ({ inner, initial }: SobolDimension): Uint32Array => {
  const degree = initial.length;
  const v = new Uint32Array(BITS);
  initial.forEach((m, k) => (v[k] = m * 2 ** (BITS - 1 - k)));
  for (let k = degree; k < BITS; k++) {
    let next = v[k - degree]! ^ (v[k - degree]! >>> degree);
    for (let j = 1; j < degree; j++) if ((inner >>> (degree - 1 - j)) & 1) next ^= v[k - j]!;
    v[k] = next;
  }
  return v;
};

const randomBits = (rng: Rng): number => (rng.integer(2 ** 16) * 2 ** 16 + rng.integer(2 ** 16)) >>> 0;

/** The parity of the set bits. */
const parity = (bits: number): number => {
  let odd = bits;
  for (let shift = 16; shift > 0; shift >>>= 1) odd ^= odd >>> shift;
  return odd & 1;
};

/** Multiplies the directions by a random L; row r of it is kept as a mask over bits, the highest bit first. */
const scrambled = (v: Uint32Array, rng: Rng): Uint32Array => {
  const rows = Array.from({ length: BITS }, (_, r) => {
    const diagonal = 2 ** (BITS - 1 - r);
    const above = r === 0 ? 0 : randomBits(rng) & ~(2 ** (BITS - r) - 1);
    return (above | diagonal) >>> 0;
  });
  return v.map((direction) => rows.reduce((bits, row) => ((bits << 1) | parity(row & direction)) >>> 0, 0));
};

/**
 * Returns the function from a point's index (0, 1, 2, ...) to its coordinates `(dimensions)` in [0, 1). Scrambled when there is a
 * source of chance, which is drawn from here alone; the plain sequence starts at the origin.
 */
export const sobolSequence = (dimensions: number, rng?: Rng): ((index: number) => Float64Array) => {
  const plain = [vanDerCorput(), ...SOBOL_DIMENSIONS.map(directionsOf)].slice(0, dimensions);
  const directions = rng === undefined ? plain : plain.map((v) => scrambled(v, rng));
  const shifts = directions.map(() => (rng === undefined ? 0 : randomBits(rng)));
  return (index) => {
    const gray = (index ^ (index >>> 1)) >>> 0;
    return Float64Array.from(directions, (v, d) => {
      let bits = shifts[d]!;
      for (let k = 0, rest = gray; rest > 0; k++, rest >>>= 1) if (rest & 1) bits ^= v[k]!;
      return (bits >>> 0) / WHOLE;
    });
  };
};
