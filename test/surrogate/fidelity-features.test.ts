import { describe, expect, it } from 'vitest';
import type { Scale } from '../../src/domain/fidelity.js';
import { fidelityFeatures } from '../../src/surrogate/fidelity-features.js';

const scale = (name: string, parameters: number, steps: readonly number[]): Scale => ({
  name,
  parameters,
  tokensPerStep: 1,
  steps,
});

describe('where fidelities lie', () => {
  it('goes by log size and log steps, each from 0 to 1', () => {
    const place = fidelityFeatures({
      scales: [scale('S', 10, [10, 1000]), scale('M', 100, [100]), scale('L', 1000, [10, 1000])],
    });
    expect(place({ scale: 'S', steps: 10 })).toEqual({ size: 0, steps: 0 });
    expect(place({ scale: 'L', steps: 1000 })).toEqual({ size: 1, steps: 1 });
    expect(place({ scale: 'L', steps: 100 }).steps).toBeCloseTo(0.5, 12);
    expect(place({ scale: 'M', steps: 100 }).size).toBeCloseTo(0.5, 12);
  });

  it('takes runs that went to their end for alike, whatever their steps, and parts of them likewise', () => {
    const place = fidelityFeatures({ scales: [scale('S', 10, [20, 100]), scale('L', 1000, [4000, 20000])] });
    expect(place({ scale: 'S', steps: 100 }).steps).toBe(place({ scale: 'L', steps: 20000 }).steps);
    expect(place({ scale: 'S', steps: 20 }).steps).toBeCloseTo(place({ scale: 'L', steps: 4000 }).steps, 12);
  });

  it('is 1 where there is nothing to tell apart', () => {
    const place = fidelityFeatures({ scales: [scale('L', 1000, [500])] });
    expect(place({ scale: 'L', steps: 500 })).toEqual({ size: 1, steps: 1 });
  });
});
