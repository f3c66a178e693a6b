import type { Rng } from '../src/domain/rng.js';

/** A list in random order. */
export const shuffled = <T>(list: readonly T[], rng: Rng): T[] =>
  list
    .map((item) => ({ item, at: rng.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
