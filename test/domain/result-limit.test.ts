import { describe, expect, it } from 'vitest';
import type { CurvePoint, Metrics } from '../../src/domain/observation.js';
import type { JobResult } from '../../src/domain/ports.js';
import { limitedCurve, limitedResult } from '../../src/domain/result-limit.js';

const metricsOf = (count: number, prefix = 'm'): Metrics =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, 1 / (n + 3)]));
const curveOf = (points: number, metrics: Metrics): CurvePoint[] =>
  Array.from({ length: points }, (_, i) => ({ steps: i + 1, metrics }));
const result = (change: Partial<JobResult>): JobResult => ({
  status: 'completed',
  metrics: {},
  curve: [],
  digest: '',
  folder: '',
  stepsReached: 1,
  warnings: [],
  ...change,
});

describe('what is kept of a result', () => {
  it('is all of it when it is small', () => {
    const whole = result({ metrics: metricsOf(200), curve: curveOf(20, metricsOf(200)), warnings: ['odd'] });
    expect(limitedResult(whole, ['m3'])).toEqual(whole);
  });

  it('is what the sweep learns from at every checkpoint, and as many others as there is room for', () => {
    const curve = curveOf(300, metricsOf(200));
    const kept = limitedCurve(curve, ['m199', 'm150']);
    expect(kept.map(({ steps }) => steps)).toEqual(curve.map(({ steps }) => steps));
    const names = Object.keys(kept[0]?.metrics ?? {});
    expect(names.slice(-2)).toEqual(['m150', 'm199']);
    expect(names.slice(0, 3)).toEqual(['m0', 'm1', 'm2']);
    const size = JSON.stringify(kept).length;
    expect(size).toBeLessThanOrEqual(250_000);
    expect(size).toBeGreaterThan(200_000);
    expect(limitedCurve(kept, ['m199', 'm150'])).toEqual(kept);
  });

  it('is fewer checkpoints, and always the last one, when even that is too much', () => {
    const curve = curveOf(20_000, metricsOf(3));
    const kept = limitedCurve(curve, ['m0', 'm1', 'm2']);
    expect(JSON.stringify(kept).length).toBeLessThanOrEqual(250_000);
    expect(kept.at(-1)).toEqual(curve.at(-1));
    expect(kept.length).toBeGreaterThan(2000);
  });

  it('is told together with what is left out', () => {
    const metrics = metricsOf(200, 'x'.repeat(900));
    const warnings = Array.from({ length: 130 }, (_, n) => `odd ${n}`);
    const kept = limitedResult(result({ metrics, curve: curveOf(30, metrics), warnings }), []);
    expect(kept.warnings[0]).toMatch(
      /^too large to be kept whole: \d+ of 200 final metrics, \d+ of 200 metrics at the/,
    );
    expect(kept.warnings.slice(-2)).toEqual(['odd 99', 'and 30 more like these']);
    expect(JSON.stringify(kept).length).toBeLessThan(400_000);
  });
});
