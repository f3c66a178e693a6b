import type { Problem } from './errors.js';
import type { LimitedSweep } from './limits.js';
import { limitsOf, PUBLISHED, total } from './limits.js';
import type { Mixture } from './mixture.js';
import { mixtureOf, sharesOf } from './mixture.js';
import { knownWords } from './nearest-word.js';
import { numberText, pathText } from './zod-problems.js';

const EXACT = 1e-12; // a sum nearer to 1 is left as it is, so that reading twice changes nothing

const nameProblems = (mixture: Mixture, index: number, names: readonly string[]): Problem[] =>
  Object.keys(mixture)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path: pathText(['mixtures', index, name]),
      expected: knownWords(name, names),
      found: 'an unknown domain',
    }));

/** Fills in and scales a listed mixture, which may be rounded, so that its shares sum to 1. */
export const readMixture = (mixture: Mixture, domains: readonly string[]): Mixture => {
  const shares = sharesOf(mixture, domains);
  const sum = total(shares);
  return mixtureOf(Math.abs(sum - 1) <= EXACT ? shares : shares.map((share) => share / sum), domains);
};

const breachText = (value: number, min: number, max: number): string | undefined => {
  if (value < min - PUBLISHED) return `at least ${numberText(min)}`;
  return value > max + PUBLISHED ? `at most ${numberText(max)}` : undefined;
};

const breaches = (mixture: Mixture, index: number, sweep: Omit<LimitedSweep, 'mixtures'>): Problem[] => {
  const { domains, min, max } = limitsOf({ ...sweep, groups: [] });
  const shares = sharesOf(mixture, domains);
  const single = domains.flatMap((name, i) => {
    const expected = breachText(shares[i] ?? 0, min[i] ?? 0, max[i] ?? 1);
    const path = pathText(['mixtures', index, name]);
    return expected === undefined ? [] : [{ path, expected, found: numberText(shares[i] ?? 0) }];
  });
  const grouped = sweep.groups.flatMap((group, g) => {
    const sum = total(sharesOf(mixture, [...new Set(group.domains)]));
    const expected = breachText(sum, group.min, group.max);
    if (expected === undefined) return [];
    const path = pathText(['mixtures', index]);
    return [{ path, expected: `${group.domains.join(' + ')} ${expected} (groups[${g}])`, found: numberText(sum) }];
  });
  return [...single, ...grouped];
};

/** Checks listed mixtures: known domains, shares that sum to 1, and the limits where those are sound themselves. */
export const mixtureProblems = (
  mixtures: readonly (Mixture | undefined)[],
  names: readonly string[],
  limits: Omit<LimitedSweep, 'mixtures'> | undefined,
): Problem[] =>
  mixtures.flatMap((mixture, index) => {
    if (mixture === undefined) return [];
    const unknown = nameProblems(mixture, index, names);
    const sum = total(Object.values(mixture));
    if (Math.abs(sum - 1) > PUBLISHED) {
      const path = pathText(['mixtures', index]);
      return [...unknown, { path, expected: 'shares that sum to 1', found: numberText(sum) }];
    }
    return unknown.length > 0 || limits === undefined ? unknown : breaches(mixture, index, limits);
  });
