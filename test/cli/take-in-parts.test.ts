import { expect, it } from 'vitest';
import { takeInParts } from '../../src/cli/take-in-parts.js';
import type { ActResult } from '../../src/domain/messages.js';

const PARTS = [[1, 2, 3], [4, 5], [6]];

it('says how many observations were taken in all, not how many in the last part', async () => {
  const seen: number[] = [];
  const take = (part: readonly number[]): Promise<ActResult> => {
    seen.push(...part);
    return Promise.resolve({ accepted: true, reason: `${part.length} observations count from the next decision on` });
  };
  const answer = await takeInParts(PARTS, take);
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(answer).toEqual({ accepted: true, reason: '6 observations count from the next decision on' });
});

it.each([
  [1, 'the sweep is being finished'],
  [4, 'the sweep is being finished; 3 of 6 observations had been taken by then'],
])('stops where a part is not taken, that with %i, and says what was before', async (first, reason) => {
  const asked: number[] = [];
  const answer = await takeInParts(PARTS, (part) => {
    asked.push(part[0]!);
    return Promise.resolve({ accepted: part[0] !== first, reason: 'the sweep is being finished' });
  });
  expect([asked.at(-1), answer]).toEqual([first, { accepted: false, reason }]);
});
