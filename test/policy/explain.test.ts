import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/domain/decision.js';
import { searchReason } from '../../src/policy/explain.js';
import { makeSweep } from './sweeps.js';

const sweep = makeSweep();
const candidate = (scale: string, value: number): Candidate => ({
  mixture: { web: 1, code: 0, books: 0 },
  scale,
  steps: 1000,
  cost: 10,
  value,
  valuePerCost: value / 10,
});
const reasonFor = (chosen: Candidate, other: Candidate, rule?: string): string => {
  const excluded = rule === undefined ? [] : [{ scale: other.scale, steps: other.steps, reason: rule }];
  return searchReason({ sweep, considered: [chosen, other], excluded, chosen, isTest: true });
};

describe('the reason of a run', () => {
  it('says how much another teaches, in words where the run itself is to teach nothing', () => {
    expect(reasonFor(candidate('L', 1), candidate('M', 0.5))).toContain('teaches 0.5 times as much for its price.');
    expect(reasonFor(candidate('L', 0), candidate('M', 0.5))).toContain(
      'teaches something where this run teaches nothing',
    );
    expect(reasonFor(candidate('L', 0), candidate('M', 0))).toContain('the next best, teaches as little.');
    expect(reasonFor(candidate('L', 0), candidate('M', 1), 'no')).toContain('teaches nothing, but no.');
    expect(reasonFor(candidate('M', 0), candidate('L', 0))).toContain('its best run teaches as little.');
  });
});
