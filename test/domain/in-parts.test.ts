import { describe, expect, it } from 'vitest';
import { inParts } from '../../src/domain/in-parts.js';

describe('what is sent in parts', () => {
  const texts = (...lengths: number[]): string[] => lengths.map((length, n) => String(n).padEnd(length, '.'));

  it('keeps its order, and every part is small enough for a message', () => {
    const items = texts(100_000, 100_000, 100_000, 10, 240_000, 10);
    const parts = inParts(items);
    expect(parts.flat()).toEqual(items);
    expect(parts.map((part) => part.length)).toEqual([2, 2, 2]);
  });

  it('has what is too large for a part alone, and nothing of nothing', () => {
    expect(inParts(texts(10, 900_000, 10)).map((part) => part.length)).toEqual([1, 1, 1]);
    expect(inParts([])).toEqual([]);
  });

  it('has no more items in a part than asked for', () => {
    expect(inParts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  });
});
