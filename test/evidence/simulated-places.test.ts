import { describe, expect, it } from 'vitest';
import { SimulatedPlaces } from '../../src/evidence/simulated-places.js';

/** Runs jobs of these costs, started whenever there is a place; returns what ended when, and what had been paid. */
const play = (places: number, costs: readonly number[]) => {
  const clock = new SimulatedPlaces<number>(places);
  const ends: { job: number; now: number; paid: number }[] = [];
  let next = 0;
  const fill = (): void => {
    while (!clock.isFull && next < costs.length) clock.start(next, costs[next++]!);
  };
  fill();
  for (let job = clock.finish(); job !== undefined; job = clock.finish()) {
    ends.push({ job, now: clock.now, paid: clock.paid });
    fill();
  }
  return ends;
};

describe('places where runs go on side by side', () => {
  it('takes as much time as it costs with one place', () => {
    expect(play(1, [3, 1, 2])).toEqual([
      { job: 0, now: 3, paid: 3 },
      { job: 1, now: 4, paid: 4 },
      { job: 2, now: 6, paid: 6 },
    ]);
  });

  it('charges runs that go on for the part that is done, and starts the next as soon as one ends', () => {
    expect(play(2, [3, 1, 1, 5])).toEqual([
      { job: 1, now: 1, paid: 2 }, // run 0 is a third through
      { job: 2, now: 2, paid: 4 },
      { job: 0, now: 3, paid: 6 }, // run 3 began at 2
      { job: 3, now: 7, paid: 10 },
    ]);
  });

  it('ends the run that was started first where two end at once', () => {
    expect(play(3, [2, 2, 2]).map(({ job }) => job)).toEqual([0, 1, 2]);
  });

  it('says what will have been paid when the next run ends', () => {
    const clock = new SimulatedPlaces<string>(2);
    expect(clock.paidAtNextEnd).toBe(Infinity);
    clock.start('long', 10);
    clock.start('short', 4);
    expect(clock.paidAtNextEnd).toBe(8);
    expect(clock.pending).toEqual(['long', 'short']);
    expect(() => clock.start('third', 1)).toThrow(/taken/);
  });

  it('refuses less than one place', () => {
    expect(() => new SimulatedPlaces(0)).toThrow(/one place/);
  });
});
