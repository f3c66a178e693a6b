import { describe, expect, it } from 'vitest';
import { thinRows, type Thinnable } from '../../src/surrogate/thin-rows.js';

/** Runs of so many rows each, of an effort that the run number gives. */
const rowsOf = (lengths: readonly number[], effortOf: (run: number) => number = () => 1): Thinnable[] =>
  lengths.flatMap((length, run) => Array.from({ length }, (_, i) => ({ run, effort: effortOf(run) + i / length })));

const runsOf = (rows: readonly Thinnable[], places: readonly number[]): number[] => [
  ...new Set(places.map((place) => rows[place]!.run)),
];

describe('thinning rows', () => {
  it('keeps all that there is room for', () => {
    const rows = rowsOf([3, 4, 5]);
    expect(thinRows(rows, 12, 1)).toHaveLength(12);
  });

  it('thins long curves and keeps every run, its last row among what is kept', () => {
    const rows = rowsOf(Array<number>(10).fill(100));
    const places = thinRows(rows, 45, 1);
    expect(places).toHaveLength(40);
    expect(runsOf(rows, places)).toHaveLength(10);
    expect(places.slice(0, 4)).toEqual([24, 49, 74, 99]);
  });

  it('leaves short curves whole where long ones make room', () => {
    const rows = rowsOf([2, 100, 2]);
    const places = thinRows(rows, 20, 1);
    expect(places).toHaveLength(20);
    expect(places.filter((place) => rows[place]!.run !== 1)).toEqual([0, 1, 102, 103]);
  });

  it('leaves runs out where that is not enough, the costliest half kept and the rest at even ranks', () => {
    const rows = rowsOf(Array<number>(20).fill(8), (run) => run);
    const kept = runsOf(rows, thinRows(rows, 32, 4));
    expect(kept).toHaveLength(8);
    expect(kept.slice(-4)).toEqual([16, 17, 18, 19]);
    expect(kept[0]).toBeLessThan(5);
  });

  it('keeps the same runs in whatever order they came', () => {
    const efforts = Array.from({ length: 30 }, (_, run) => (7 * run) % 30);
    const rows = rowsOf(Array<number>(30).fill(1), (run) => efforts[run]!);
    const backwards = rows.toReversed();
    const effortsOf = (list: readonly Thinnable[]): number[] =>
      thinRows(list, 10, 1)
        .map((place) => list[place]!.effort)
        .sort((a, b) => a - b);
    expect(effortsOf(backwards)).toEqual(effortsOf(rows));
  });
});
