import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatAmount,
  formatCost,
  formatDuration,
  formatInterval,
  formatKnown,
  formatMixture,
  formatPrediction,
  formatShare,
  formatSignificant,
} from '../../src/reports/format.js';

describe('numbers for people', () => {
  it('keep three digits over many powers of ten', () => {
    expect([0.00001234, 0.0123, 1.256, 41.23, 412.3, 1234.5].map((cost) => formatCost(cost))).toEqual([
      '1.23e-5',
      '0.0123',
      '1.26',
      '41.2',
      '412',
      '1,235',
    ]);
  });

  it('keep all digits of what a person set', () => {
    expect([250.1, 0.1 + 0.2, 1234.5, 0.00012].map(formatAmount)).toEqual(['250.1', '0.3', '1,234.5', '0.00012']);
  });

  it('write a belief with the digits that its deviation leaves', () => {
    expect(formatPrediction({ mean: 2.13456, sd: 0.0123 })).toBe('2.135 ± 0.024');
    expect(formatPrediction({ mean: 61.2, sd: 3 })).toBe('61.2 ± 5.9');
    expect(formatPrediction({ mean: 2.5, sd: 0 })).toMatch(/^2\.500/);
  });

  it('never write what is small as nothing', () => {
    expect(formatPrediction({ mean: 2.98e-5, sd: 1e-7 })).toBe('2.980e-5 ± 2.0e-7');
    expect(formatPrediction({ mean: -3.2e-12, sd: 4e-12 })).toBe('-3.2e-12 ± 7.8e-12');
    expect(formatPrediction({ mean: 1.7, sd: 1e-9 })).toBe('1.700000 ± 2.0e-9');
    expect(formatInterval({ mean: 3e-8, sd: 1e-8 })).toBe('1.0e-8 to 5.0e-8');
    expect(formatKnown(3.14159e-7, 1e-10)).toBe('3.1416e-7');
  });

  it('name the largest shares and sum the rest', () => {
    const mixture = { a: 0.5, b: 0.3, c: 0.15, d: 0.05, e: 0.0001 };
    expect(formatMixture(mixture, 2)).toBe('a 50.0 %, b 30.0 %, 2 more 20.0 %');
  });

  it('write durations in two units', () => {
    expect([41_000, 185_000, 7_620_000, 270_000_000].map(formatDuration)).toEqual([
      '41 s',
      '3 min 05 s',
      '2 h 07 min',
      '3 d 3 h',
    ]);
  });

  it('never write NaN or Infinity', () => {
    const property = fc.property(fc.double(), (value) => {
      for (const text of [
        formatSignificant(value),
        formatCost(value),
        formatShare(value),
        formatPrediction({ mean: value, sd: value }),
      ]) {
        expect(text).not.toMatch(/NaN|Infinity/);
      }
    });
    fc.assert(property, { numRuns: 300, seed: 5 });
  });

  it('read back as the number they stand for', () => {
    const property = fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (value) => {
      expect(Number(formatSignificant(value, 4).replaceAll(',', '')) / value).toBeCloseTo(1, 2);
    });
    fc.assert(property, { numRuns: 300, seed: 6 });
  });
});
