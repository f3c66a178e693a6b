import { describe, expect, it } from 'vitest';
import { historyOf } from '../../src/policy/history.js';
import { makeSweep } from './sweeps.js';

describe('what was run', () => {
  const sweep = makeSweep();
  const at = { scale: 'L', steps: 1000 };
  /** Of three shares, of which the first two are digits from a boundary of rounding. */
  const near = (digits: number): number[] => [0.1234565 + digits, 0.5 - digits, 0.3765435];
  const historyWith = ([web, code, books]: readonly number[]) =>
    historyOf(
      sweep,
      [
        {
          trial: 't1',
          mixture: { web: web!, code: code!, books: books! },
          scale: 'L',
          steps: 300,
          status: 'completed',
          metrics: { loss: 2 },
        },
      ],
      [],
    );

  it('is a mixture once, wherever its shares would be rounded to', () => {
    const history = historyWith(near(-1e-7));
    for (const digits of [-9e-7, -1e-7, 1e-9, 1e-7, 8e-7]) {
      expect(history.isTaken(near(digits), { ...at, steps: 300 })).toBe(true);
      expect(history.offer(near(digits), at)).toMatchObject({ continues: 't1', cost: 70 });
    }
    for (const digits of [-1.2e-6, 1e-6, 1e-3]) {
      expect(history.isTaken(near(digits), { ...at, steps: 300 })).toBe(false);
      expect(history.offer(near(digits), at)).toEqual({ cost: 100 });
    }
  });
});
