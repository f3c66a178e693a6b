/**
 * Carries mixtures of earlier runs over to the domains of today. The rules, in this order:
 * 1. joined: the weight of a new domain is the sum of the old ones' it is made of;
 * 2. split: an old domain's weight is divided by the declared shares;
 * 3. added: weight 0;
 * 4. dropped: up to the declared share is overlooked and the other weights are scaled up to sum to 1; a run with more
 *    of it says too little about mixtures without it, and is left out, as is one that has nothing else.
 */
import type { Problem } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import type { DomainChanges } from './table-mapping.js';

/** A mixture over the domains of today, and what was done to it; or why its run is left out. */
export type Carried =
  | { readonly kind: 'kept'; readonly mixture: Mixture; readonly changed: readonly string[] }
  | { readonly kind: 'left-out'; readonly reason: string };

const SUM_TOLERANCE = 1e-6; // shares that people declare in YAML are exact decimals

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** Names what is wrong with declared changes; `before` are the domains of the table. */
export const changeProblems = (changes: DomainChanges, before: readonly string[], file: string): Problem[] => {
  const { split = {}, joined = {}, added = [], dropped = {} } = changes;
  const old = [...Object.keys(split), ...Object.values(joined).flat(), ...Object.keys(dropped)];
  const others = domainsAfter({ split, joined, dropped }, before);
  const unknown = old.filter((domain) => !before.includes(domain));
  const twice = old.filter((domain, i) => old.indexOf(domain) !== i);
  const unequal = Object.entries(split).filter(
    ([, shares]) => Math.abs(Object.values(shares).reduce((sum, share) => sum + share, 0) - 1) > SUM_TOLERANCE,
  );
  const path = (domain: string): string => `${file}: domains (${domain})`;
  return [
    ...unknown.map((found) => ({ path: path(found), expected: `a domain of the table: ${before.join(', ')}`, found })),
    ...twice.map((found) => ({ path: path(found), expected: 'one rule for a domain', found: 'two' })),
    ...added
      .filter((domain) => others.includes(domain))
      .map((found) => ({
        path: path(found),
        expected: 'added: a domain that the table did not have',
        found: 'one that it has',
      })),
    ...unequal.map(([domain, shares]) => ({
      path: path(`split.${domain}`),
      expected: 'shares that sum to 1',
      found: Object.values(shares).join(' + '),
    })),
  ];
};

/** Lists the domains of today that the changes make of those of a table. */
export const domainsAfter = (changes: DomainChanges, before: readonly string[]): string[] => {
  const { split = {}, joined = {}, added = [], dropped = {} } = changes;
  const gone = new Set([...Object.keys(split), ...Object.values(joined).flat(), ...Object.keys(dropped)]);
  const kept = before.filter((domain) => !gone.has(domain));
  const made = [...Object.keys(joined), ...Object.values(split).flatMap((shares) => Object.keys(shares)), ...added];
  return [...new Set([...kept, ...made])];
};

/** Carries one mixture over. */
export const carryOver = (changes: DomainChanges, mixture: Mixture): Carried => {
  const { split = {}, joined = {}, added = [], dropped = {} } = changes;
  const weights = new Map(Object.entries(mixture));
  const changed: string[] = [];
  const take = (domain: string): number => {
    const weight = weights.get(domain) ?? 0;
    weights.delete(domain);
    return weight;
  };
  const give = (domain: string, weight: number): void => void weights.set(domain, (weights.get(domain) ?? 0) + weight);
  for (const [domain, parts] of Object.entries(joined)) {
    give(
      domain,
      parts.reduce((sum, part) => sum + take(part), 0),
    );
    changed.push(`${parts.join(' and ')} joined to ${domain}`);
  }
  for (const [domain, shares] of Object.entries(split)) {
    const weight = take(domain);
    for (const [part, share] of Object.entries(shares)) give(part, weight * share);
    const parts = Object.entries(shares).map(([part, share]) => `${part} ${percent(share)}`);
    changed.push(`${domain} split into ${parts.join(', ')}`);
  }
  for (const domain of added) give(domain, 0);
  if (added.length > 0) changed.push(`${added.join(', ')} added with weight 0`);
  for (const [domain, limit] of Object.entries(dropped)) {
    const weight = take(domain);
    if (weight > limit) {
      const reason = `it has ${percent(weight)} of ${domain}, which was dropped; up to ${percent(limit)} is overlooked`;
      return { kind: 'left-out', reason };
    }
    if (weight > 0) changed.push(`${domain} dropped (it had ${percent(weight)})`);
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  if (total === 0) {
    const reason = `it has nothing but ${Object.keys(dropped).join(' and ')}, which ${Object.keys(dropped).length === 1 ? 'was' : 'were'} dropped`;
    return { kind: 'left-out', reason };
  }
  const isWhole = Math.abs(total - 1) < 1e-12; // nothing was dropped: weights keep their last digits
  const scaled = [...weights].map(([domain, weight]): [string, number] => [domain, isWhole ? weight : weight / total]);
  return { kind: 'kept', mixture: Object.fromEntries(scaled), changed };
};
