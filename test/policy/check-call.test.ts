import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose, type ProposeOptions } from '../../src/policy/propose.js';
import { recommend, type RecommendOptions } from '../../src/policy/recommend.js';
import { makeSweep } from './sweeps.js';

const problemsOf = (call: () => unknown): InputError['problems'] => {
  try {
    call();
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  return [];
};

describe.each([
  ['propose', propose],
  ['recommend', recommend],
] as const)('what %s is given', (_, ask) => {
  const askWith = (options: unknown, sweep: unknown = makeSweep()) =>
    problemsOf(() => ask(sweep as Sweep, [], options as ProposeOptions & RecommendOptions));

  it('is a sweep of parseSweep, not a file as it was read', () => {
    const expected = 'a sweep as parseSweep returns it';
    const raw = { ...makeSweep(), objective: { minimize: 'loss' }, policy: 'titrate' };
    expect(askWith({ seed: 1 }, raw)).toEqual([{ path: 'sweep', expected, found: 'a map' }]);
    expect(askWith({ seed: 1 }, null)).toEqual([{ path: 'sweep', expected, found: 'null' }]);
    expect(askWith({ seed: 1 }, 'name: x')).toEqual([{ path: 'sweep', expected, found: '"name: x"' }]);
  });

  it('has a seed, a whole number', () => {
    expect(askWith(undefined)).toEqual([{ path: 'options', expected: 'a map', found: 'nothing' }]);
    expect(askWith({})).toEqual([{ path: 'options.seed', expected: 'a finite number', found: 'nothing' }]);
    expect(askWith({ seed: 0.5 })).toEqual([{ path: 'options.seed', expected: 'a whole number', found: '0.5' }]);
    expect(askWith({ seed: 1, pending: [], prefer: { web: 1 } })).toEqual([]);
  });

  it('prefers a mixture of the domains, if any', () => {
    expect(askWith({ seed: 1, prefer: { wiki: 1 } })).toMatchObject([
      { path: 'options.prefer.wiki' },
      { path: 'options.prefer' },
    ]);
    expect(askWith({ seed: 1, prefer: null })).toMatchObject([{ path: 'options.prefer' }]);
  });
});
