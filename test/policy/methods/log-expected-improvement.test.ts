import { describe, expect, it } from 'vitest';
import { logExpectedImprovement } from '../../../src/policy/methods/log-expected-improvement.js';
import { expectedImprovement } from '../../../src/policy/normal.js';

/**
 * ln E max(z + Z, 0) by quadrature. With c = max(0, -z), the integrand (z + x) phi(x) over x > -z is phi(c) times something that
 * fits a floating-point number wherever z is; Simpson's rule on that.
 */
const byQuadrature = (z: number): number => {
  const c = Math.max(0, -z);
  const integrand = (x: number): number => (z + x) * Math.exp(-0.5 * (x - c) * (x + c));
  const [from, to, panels] = [-z, c + 40 / (1 + c), 20_000];
  const start = Math.max(from, -40); // below, the density is 0
  const h = (to - start) / panels;
  let sum = integrand(start) + integrand(to);
  for (let i = 1; i < panels; i++) sum += (i % 2 === 1 ? 4 : 2) * integrand(start + i * h);
  return Math.log((sum * h) / 3) - 0.5 * c * c - 0.5 * Math.log(2 * Math.PI);
};

describe('log expected improvement', () => {
  it('is the density at 0 where nothing is ahead or behind', () => {
    expect(logExpectedImprovement(2, 1, 2)).toBeCloseTo(Math.log(0.3989422804014327), 14);
    expect(logExpectedImprovement(2, 0.5, 2)).toBeCloseTo(Math.log(0.5 * 0.3989422804014327), 14);
  });

  it.each([8, 3, 1, 0.1, 0, -0.5, -1, -2, -2.999, -3, -3.001, -5, -10, -37, -100, -1000])(
    'agrees with quadrature at z = %d',
    (z) => {
      const exact = byQuadrature(z);
      expect(Math.abs(logExpectedImprovement(-z, 1, 0) - exact)).toBeLessThan(1e-9 * Math.max(1, Math.abs(exact)));
    },
  );

  it('is the logarithm of expected improvement wherever that is not 0', () => {
    for (const mean of [-3, -0.4, 0, 0.7, 2, 5]) {
      expect(logExpectedImprovement(mean, 0.7, 0.1)).toBeCloseTo(Math.log(expectedImprovement(mean, 0.7, 0.1)), 10);
    }
  });

  it('falls steadily where expected improvement itself is 0 in floating point', () => {
    expect(expectedImprovement(50, 1, 0)).toBe(0);
    const values = [40, 41, 60, 1e3, 1e6].map((mean) => logExpectedImprovement(mean, 1, 0));
    for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThan(values[i - 1]!);
    expect(values.every(Number.isFinite)).toBe(true);
    // Asymptotically -z^2 / 2 - ln sqrt(2 pi) - 2 ln |z| (Ament et al. 2023, eq. 9, last case).
    expect(values.at(-1)).toBeCloseTo(-0.5e12 - 0.5 * Math.log(2 * Math.PI) - 2 * Math.log(1e6), 3); // 5e11 has four digits after the point
  });

  it('is the plain lead without doubt, and minus infinity without a lead', () => {
    expect(logExpectedImprovement(1, 0, 3)).toBe(Math.log(2));
    expect(logExpectedImprovement(3, 0, 1)).toBe(Number.NEGATIVE_INFINITY);
  });
});
