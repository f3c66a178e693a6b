import type { Group, Sweep } from './sweep.js';

/** The parts of a sweep that say which mixtures it allows. */
export type LimitedSweep = Pick<Sweep, 'domains' | 'groups' | 'maxEpochs' | 'scales' | 'target' | 'mixtures'>;

/** A limit on the summed share of some domains, by their place in the order of domains. */
export interface GroupLimit {
  readonly members: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** What each share and each group of shares may be; vectors `(D)` in the order of `domains`. */
export interface Limits {
  readonly domains: readonly string[];
  readonly min: Float64Array;
  /** The smaller of the domain's own maximum, its epoch cap at the target, and 1. */
  readonly max: Float64Array;
  /** Groups that exclude something; the others are left out. */
  readonly groups: readonly GroupLimit[];
}

/** How far outside a limit a share may be and still count as inside: rounding of sums of thirty shares, with room. */
export const FEASIBLE = 1e-9;

/** How far a share as people write and publish it may be off, and a sum of them: they have three decimals. */
export const PUBLISHED = 1e-3;

/** Returns the tokens that a run to the target trains on, or NaN when its scale is not listed. */
export const targetTokens = ({ scales, target }: Pick<Sweep, 'scales' | 'target'>): number => {
  const scale = scales.find(({ name }) => name === target.scale);
  return scale === undefined ? Number.NaN : scale.tokensPerStep * target.steps;
};

/** Returns the largest share of each domain that its available tokens allow at the target; Infinity where there is no cap. */
export const epochCaps = (sweep: Omit<LimitedSweep, 'mixtures' | 'groups'>): number[] =>
  Object.values(sweep.domains).map(({ tokens }) =>
    tokens === undefined || sweep.maxEpochs === undefined
      ? Number.POSITIVE_INFINITY
      : (tokens * sweep.maxEpochs) / targetTokens(sweep),
  );

const groupLimit = (group: Group, names: readonly string[]): GroupLimit => ({
  members: [...new Set(group.domains)].map((domain) => names.indexOf(domain)).filter((i) => i >= 0),
  min: Math.max(0, group.min),
  max: Math.min(1, group.max),
});

const limitsShares = ({ min, max }: GroupLimit): boolean => min > 0 || max < 1;

/** Collects what a sweep's bounds, groups and epoch caps say about shares; a group of one domain is a bound. */
export const limitsOf = (sweep: LimitedSweep): Limits => {
  const domains = Object.keys(sweep.domains);
  const bounds = Object.values(sweep.domains);
  const caps = epochCaps(sweep);
  const min = Float64Array.from(bounds, (bound) => bound.min);
  const max = Float64Array.from(bounds, (bound, i) => Math.min(1, bound.max, caps[i] ?? 1));
  const groups = sweep.groups.map((group) => groupLimit(group, domains));
  for (const { members, min: low, max: high } of groups) {
    const [only] = members;
    if (members.length !== 1 || only === undefined) continue;
    min[only] = Math.max(min[only] ?? 0, low);
    max[only] = Math.min(max[only] ?? 1, high);
  }
  return { domains, min, max, groups: groups.filter((group) => group.members.length > 1 && limitsShares(group)) };
};

/** Sums the shares of some domains. */
export const sumOver = (shares: ArrayLike<number>, members: readonly number[]): number => {
  let sum = 0;
  for (const i of members) sum += shares[i] ?? 0;
  return sum;
};

/** Sums a vector. */
export const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum;
};

/** Sums the products of two vectors of one length. */
export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

/** Returns the largest amount by which a group's limit is broken, 0 when all are kept. */
export const groupViolation = (limits: Limits, shares: ArrayLike<number>): number => {
  let worst = 0;
  for (const { members, min, max } of limits.groups) {
    const sum = sumOver(shares, members);
    worst = Math.max(worst, min - sum, sum - max);
  }
  return worst;
};

/** Returns the largest amount by which any limit is broken, the sum of 1 among them; NaN for shares that are not numbers. */
export const violation = (limits: Limits, shares: ArrayLike<number>): number => {
  if (shares.length !== limits.domains.length) return Number.POSITIVE_INFINITY;
  let worst = Math.max(groupViolation(limits, shares), Math.abs(total(shares) - 1));
  for (let i = 0; i < shares.length; i++) {
    const share = shares[i] ?? 0;
    worst = Math.max(worst, (limits.min[i] ?? 0) - share, share - (limits.max[i] ?? 1));
  }
  return worst;
};
