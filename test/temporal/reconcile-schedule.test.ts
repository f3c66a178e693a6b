import { describe, expect, it } from 'vitest';
import { reconcileEveryMs } from '../../src/temporal/reconcile-schedule.js';

const every = (minutes?: string): number | null => reconcileEveryMs({ TITRATE_RECONCILE_MINUTES: minutes });

describe('how often jobs without an owner are looked for', () => {
  it('is every quarter of an hour, or as the environment says, or never', () => {
    expect([every(), every(''), every('2'), every('0.001'), every('0')]).toEqual([
      900_000,
      900_000,
      120_000,
      1000,
      null,
    ]);
  });

  it.each(['15m', '-1', 'never', 'Infinity'])('is not guessed from %s', (minutes) => {
    expect(() => every(minutes)).toThrow(/TITRATE_RECONCILE_MINUTES: expected minutes, or 0 for never; found/);
  });
});
