import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../src/domain/rng.js';
import { expectedDrop } from '../../src/policy/knowledge-gradient.js';
import { expectedImprovement, normalDensity, normalGain } from '../../src/policy/normal.js';

describe('the gain of a normal beyond a bar', () => {
  it('is the density at 0, and tends to phi(c) / c^2 far out', () => {
    expect(normalGain(0)).toBeCloseTo(0.3989422804014327, 15);
    expect(normalGain(1)).toBeCloseTo(0.08331547058768, 12); // phi(1) - Phi(-1), by tables
    expect(normalGain(30) / (normalDensity(30) / 900)).toBeCloseTo(1 - 3 / 900, 4);
  });

  it('is continuous where series and continued fraction meet', () => {
    expect(normalGain(3 - 1e-9) / normalGain(3)).toBeCloseTo(1, 7);
  });

  it('makes expected improvement of no doubt the plain lead', () => {
    expect(expectedImprovement(1, 0, 3)).toBe(2);
    expect(expectedImprovement(3, 1, 3)).toBeCloseTo(normalGain(0), 14);
    expect(expectedImprovement(1, 1, 3)).toBeCloseTo(2 + normalGain(2), 12);
  });
});

describe('the expected drop of the best mean', () => {
  it('has the closed form of two lines', () => {
    // min(0, 1 + 2 Z) drops by 2 gain(1 / 2).
    expect(expectedDrop([0, 1], [0, 2])).toBeCloseTo(2 * normalGain(0.5), 12);
  });

  it('is what numerical integration gives, and never negative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 20 }), (seed, n) => {
        const rng = createRng(seed);
        const mu = Array.from({ length: n }, () => rng.normal());
        const s = Array.from({ length: n }, () => 2 * rng.normal());
        const h = 0.002;
        let mean = 0;
        for (let z = -8; z <= 8; z += h) mean += h * normalDensity(z) * Math.min(...mu.map((m, a) => m + s[a]! * z));
        const drop = expectedDrop(mu, s);
        expect(drop).toBeGreaterThanOrEqual(0);
        expect(drop).toBeCloseTo(Math.min(...mu) - mean, 4);
      }),
      { numRuns: 25 },
    );
  });

  it('is 0 when every mean moves alike', () => {
    expect(expectedDrop([1, 2, 3], [0.7, 0.7, 0.7])).toBe(0);
  });
});
