/** A seeded source of chance: the only one that the pure rooms may draw from. */
export interface Rng {
  /** Uniform on [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** An integer, uniform on 0 .. n-1. */
  integer(n: number): number;
}

const UINT32 = 4294967296; // 2^32

/** Spreads a seed over 32 bits (the finaliser of MurmurHash3, Austin Appleby, public domain). */
const mix32 = (seed: number): number => {
  let h = seed >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** Folds text into a 32-bit seed (FNV-1a), so that streams can be named. */
export const seedOf = (...parts: readonly (string | number)[]): number => {
  let h = 0x811c9dc5; // FNV offset basis
  for (const char of parts.join('\u0000')) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193); // FNV prime
  return mix32(h);
};

/** Creates a generator (mulberry32, period 2^32, by Tommy Ettinger, public domain) from a 32-bit seed. */
export const createRng = (seed: number): Rng => {
  let state = mix32(seed);
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / UINT32;
  };
  // Box-Muller; 1 - u keeps the logarithm finite.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, integer: (n) => Math.floor(uniform() * n) };
};
