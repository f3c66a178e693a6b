import { expect, it } from 'vitest';
import { leftOutLines } from '../../src/cli/left-out-lines.js';

const leftOut = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ run: `r${i}`, lines: [2 + i], reason: 'known' }));

it('names the lines of a run by ranges', () => {
  const lines = [...Array.from({ length: 20 }, (_, i) => 2 + i), 30, 40, 41];
  expect(leftOutLines({ leftOut: [{ run: 'a', lines, reason: 'the sweep made it itself' }] })).toEqual([
    'left out: a (line 2 to 21, 30, 40 to 41): the sweep made it itself',
  ]);
});

it('names fifty runs, and counts the rest', () => {
  expect(leftOutLines({ leftOut: leftOut(50) }).at(-1)).toBe('left out: r49 (line 51): known');
  expect(leftOutLines({ leftOut: leftOut(1151) }).slice(49)).toEqual([
    'left out: r49 (line 51): known',
    'left out: 1,101 more (--json names all)',
  ]);
});
