/** A data mixture: domain name to share of training tokens; shares are in [0, 1] and sum to 1. */
export type Mixture = Readonly<Record<string, number>>;

/** Names a mixture's shares in the given order `(domains)`; a domain that is not named has share 0. */
export const sharesOf = (mixture: Mixture, domains: readonly string[]): number[] =>
  domains.map((domain) => mixture[domain] ?? 0);

/** Builds a mixture from shares in the order of `domains`. */
export const mixtureOf = (shares: ArrayLike<number>, domains: readonly string[]): Mixture =>
  Object.fromEntries(domains.map((domain, i) => [domain, shares[i] ?? 0]));

/** Returns half the sum of absolute differences of two mixtures' shares: the mass that must move, in [0, 1]. */
export const massMoved = (a: Mixture, b: Mixture): number => {
  const domains = new Set([...Object.keys(a), ...Object.keys(b)]);
  let moved = 0;
  for (const domain of domains) moved += Math.abs((a[domain] ?? 0) - (b[domain] ?? 0));
  return moved / 2;
};

/** The same of two mixtures given as shares (D each) in one order. */
export const massMovedBetween = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let moved = 0;
  for (let i = 0; i < a.length; i++) moved += Math.abs(a[i]! - b[i]!);
  return moved / 2;
};

const SAME_MASS = 1e-9; // shares are kept to this accuracy everywhere

export const isSameMixture = (a: Mixture, b: Mixture): boolean => massMoved(a, b) <= SAME_MASS;
