import { describe, expect, it } from 'vitest';
import { axisOf, barText, stripText } from '../../src/reports/interval-strip.js';

describe('an interval in the characters of a terminal', () => {
  it('lies where its values are on the axis', () => {
    expect(stripText({ low: 0, mid: 5, high: 10 }, [0, 10], 11)).toBe('├────●────┤');
    expect(stripText({ low: 2, mid: 3, high: 4 }, [0, 10], 11)).toBe('  ├●┤      ');
  });

  it('is cut off with arrows where it leaves the axis', () => {
    expect(stripText({ low: -5, mid: 5, high: 15 }, [0, 10], 11)).toBe('◄────●────►');
    expect(stripText({ low: 12, mid: 13, high: 14 }, [0, 10], 5)).toBe('    ►');
  });

  it('is left out where nothing is known', () => {
    expect(stripText({ low: Number.NaN, mid: 1, high: 2 }, [0, 10], 3)).toBe('   ');
    expect(axisOf([{ low: Number.NaN, mid: 1, high: 2 }])).toBeNull();
    expect(axisOf([{ low: 1, mid: 1, high: 1 }])).toBeNull();
  });

  it('has bars to an eighth of a character, and none that is drawn as nothing', () => {
    expect(barText(1, 4)).toBe('████');
    expect(barText(0.5, 4)).toBe('██');
    expect(barText(1e-6, 4)).toBe('▏');
    expect([barText(0), barText(Number.NaN), barText(-1)]).toEqual(['', '', '']);
  });
});
