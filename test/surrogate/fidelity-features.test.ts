import { describe, expect, it } from 'vitest';
import type { Scale } from '../../src/domain/fidelity.js';
import { fidelityFeatures, scaleGap2 } from '../../src/surrogate/fidelity-features.js';

const scale = (name: string, parameters: number, steps: readonly number[]): Scale => ({
  name,
  parameters,
  tokensPerStep: 1,
  steps,
});

describe('where fidelities lie', () => {
  it('goes by log size and log steps, each from 0 to 1', () => {
    const place = fidelityFeatures({
      scales: [scale('S', 10, [10, 1000]), scale('M', 100, [100, 1000]), scale('L', 1000, [10, 1000])],
    });
    expect(place({ scale: 'S', steps: 10 })).toEqual({ size: 0, tokens: 0, steps: 0 });
    expect(place({ scale: 'L', steps: 1000 })).toEqual({ size: 1, tokens: 0, steps: 1 });
    expect(place({ scale: 'L', steps: 100 }).steps).toBeCloseTo(0.5, 12);
    expect(place({ scale: 'M', steps: 100 }).size).toBeCloseTo(0.5, 12);
  });

  it('takes runs that went to their end for alike, whatever their steps, and parts of them likewise', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [20, 100]), scale('L', 1000, [4000, 20000])] });
    expect(place({ scale: 'S', steps: 100 }).steps).toBe(place({ scale: 'L', steps: 20000 }).steps);
    expect(place({ scale: 'S', steps: 20 }).steps).toBeCloseTo(place({ scale: 'L', steps: 4000 }).steps, 12);
  });

  it('tells scales apart by their tokens as by their parameters, the least and the most of both 1 apart', () => {
    const [small, large] = [scale('S', 10, [1000]), scale('L', 1000, [10_000])];
    const place = fidelityFeatures({ scales: [small, { ...scale('M', 100, [100]), tokensPerStep: 100 }, large] });
    const [s, m, l] = [
      place({ scale: 'S', steps: 1000 }),
      place({ scale: 'M', steps: 100 }),
      place({ scale: 'L', steps: 10_000 }),
    ];
    expect(scaleGap2(s, l)).toBeCloseTo(1, 12);
    expect([s.tokens, m.tokens, l.tokens]).toEqual([0, l.tokens, l.tokens]); // 100 steps of 100 tokens are as many as 10,000 of one
    expect(l.size / l.tokens).toBeCloseTo(2, 12); // a hundred times the parameters, ten times the tokens
    expect(m.size).toBeCloseTo(l.size / 2, 12);
  });

  it('keeps models of one compute apart, the larger of fewer tokens', () => {
    const place = fidelityFeatures({
      scales: [scale('S', 10, [1000]), scale('M', 100, [100]), scale('L', 1000, [10])],
    });
    const [s, m, l] = [
      place({ scale: 'S', steps: 1000 }),
      place({ scale: 'M', steps: 100 }),
      place({ scale: 'L', steps: 10 }),
    ];
    expect(scaleGap2(s, m)).toBeCloseTo(1 / 4, 12);
    expect(scaleGap2(s, l)).toBeCloseTo(1, 12);
  });

  it('knows no place for a scale that the sweep has not', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [1000])] });
    expect(place({ scale: 'X', steps: 1000 }).size).toBeNaN();
  });

  it('is 1 where there is nothing to tell apart', () => {
    const place = fidelityFeatures({ scales: [scale('L', 1000, [500])] });
    expect(place({ scale: 'L', steps: 500 })).toEqual({ size: 1, tokens: 0, steps: 1 });
  });
});
