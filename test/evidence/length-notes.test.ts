import { expect, it } from 'vitest';
import { lengthNotes } from '../../src/evidence/length-notes.js';
import { lawSweep } from './table-of-law.js';

it('lengths of imported runs that are hardly steps are noted, by scale', () => {
  const run = (scale: string, steps: number, status: 'completed' | 'failed' = 'completed') => ({
    scale,
    steps,
    status,
  });
  const usual = [run('small', 10), run('small', 100), run('big', 25), run('small', 1, 'failed')];
  expect(lengthNotes(lawSweep(), usual)).toEqual([]);
  expect(lengthNotes(lawSweep(), [...usual, run('small', 20_000), run('small', 10_000), run('big', 2)])).toEqual([
    '2 runs at small of 20,000 steps at most, where the longest of the sweep has 20: if these are tokens, a mapping says so (columns.tokens)',
    '1 run at big of 2 steps, where the shortest of the sweep has 20: are these thousands of steps, or epochs?',
  ]);
});
