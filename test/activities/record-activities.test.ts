import { describe, expect, it } from 'vitest';
import { notBefore } from '../../src/activities/record-activities.js';
import type { NewEvent } from '../../src/ledger/chain.js';

const event = (at: string): NewEvent => ({
  key: `finished:${at}`,
  at,
  event: { type: 'ended', status: 'completed', spent: 1, reason: '' },
});

describe('the time of a line', () => {
  const scheduled = Date.parse('2026-11-22T22:35:22.515Z');

  it('is that of its writing where the sweep has a clock that stands still', () => {
    const times = notBefore(scheduled, [event('2026-11-22T22:34:54.231Z')]).map(({ at }) => at);
    expect(times).toEqual(['2026-11-22T22:35:22.515Z']);
  });

  it('is what the sweep says where that is not before', () => {
    const events = [event('2026-11-22T22:35:22.515Z'), event('2026-11-22T22:35:23.000Z')];
    expect(notBefore(scheduled, events)).toEqual(events);
  });
});
