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
  it('goes by log size and log steps, in factors of 50 from the smallest and of 10 from the end', () => {
    const place = fidelityFeatures({
      scales: [scale('S', 10, [10, 1000]), scale('M', 100, [100, 1000]), scale('L', 500, [10, 1000])],
    });
    expect(place({ scale: 'S', steps: 10 })).toMatchObject({ size: 0, tokens: 0 });
    expect(place({ scale: 'S', steps: 10 }).steps).toBeCloseTo(-1, 12);
    expect(place({ scale: 'L', steps: 1000 })).toEqual({ size: 1, tokens: 0, steps: 1 });
    expect(place({ scale: 'L', steps: 100 }).steps).toBeCloseTo(0, 12);
    expect(place({ scale: 'M', steps: 100 }).size).toBeCloseTo(Math.log(10) / Math.log(50), 12);
  });

  it('puts two scales as far apart as they are, whatever others there are', () => {
    const [small, middle, large] = [scale('S', 10, [100]), scale('M', 250, [100]), scale('L', 500, [100])];
    const gapIn = (scales: readonly Scale[]): number => {
      const place = fidelityFeatures({ scales });
      return scaleGap2(place({ scale: 'M', steps: 100 }), place({ scale: 'L', steps: 100 }));
    };
    expect(gapIn([middle, large])).toBeCloseTo(gapIn([small, middle, large]), 12);
  });

  it('takes runs that went to their end for alike, whatever their steps, and parts of them likewise', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [20, 100]), scale('L', 1000, [4000, 20000])] });
    expect(place({ scale: 'S', steps: 100 }).steps).toBe(place({ scale: 'L', steps: 20000 }).steps);
    expect(place({ scale: 'S', steps: 20 }).steps).toBeCloseTo(place({ scale: 'L', steps: 4000 }).steps, 12);
  });

  it('tells scales apart by their tokens as by their parameters', () => {
    const [small, large] = [scale('S', 10, [1000]), scale('L', 500, [50_000])];
    const place = fidelityFeatures({ scales: [small, { ...scale('M', 10, [100]), tokensPerStep: 500 }, large] });
    const [s, m, l] = [
      place({ scale: 'S', steps: 1000 }),
      place({ scale: 'M', steps: 100 }),
      place({ scale: 'L', steps: 50_000 }),
    ];
    expect(scaleGap2(s, m)).toBeCloseTo(1, 12); // 100 steps of 500 tokens are as many as 50,000 of one
    expect(scaleGap2(m, l)).toBeCloseTo(1, 12);
    expect(scaleGap2(s, l)).toBeCloseTo(2, 12);
  });

  it('keeps models of one compute apart, the larger of fewer tokens', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [500]), scale('L', 500, [10])] });
    expect(scaleGap2(place({ scale: 'S', steps: 500 }), place({ scale: 'L', steps: 10 }))).toBeCloseTo(2, 12);
  });

  it('knows no place for a scale that the sweep has not', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [1000])] });
    expect(place({ scale: 'X', steps: 1000 }).size).toBeNaN();
  });

  it('puts a run to the end of the only scale at the start of sizes and the end of steps', () => {
    const place = fidelityFeatures({ scales: [scale('L', 1000, [500])] });
    expect(place({ scale: 'L', steps: 500 })).toEqual({ size: 0, tokens: 0, steps: 1 });
  });
});
