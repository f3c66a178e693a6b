import { expect, it } from 'vitest';
import { PlaysProgress } from '../../src/cli/plays-progress.js';

it('tells every ten seconds how far plays are together, one that ended early being over', () => {
  const told: string[] = [];
  let now = 0;
  const progress = new PlaysProgress(
    2,
    (line) => told.push(line),
    () => now,
  );
  const [first, second] = [progress.of(0), progress.of(1)];
  first(1, 0.01);
  now = 10_000;
  first(40, 0.5);
  second(3, 0.1); // within the same ten seconds
  now = 19_999;
  second(60, 0.2);
  progress.done(0);
  now = 20_000;
  second(1061, 0.6);
  expect(told).toEqual([
    '0 of 2 played; 40 runs so far, 25 % of what may be spent',
    '1 of 2 played; 1,101 runs so far, 80 % of what may be spent',
  ]);
});
