/**
 * What a run would be worth: by how much it is expected to lower the best predicted value at the target.
 *
 *   value(c) = min_a mu_a - E min_a (mu_a + s_a Z) ,   s_a = cov(f(a, target), y(c)) / sqrt(var y(c))
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | mu | posterior means of the alternatives at the target | A |
 * | s | change of each mean, in standard normal units, that observing candidate c causes | A |
 *
 * Frazier, Powell & Dayanik 2009, "The knowledge-gradient policy for correlated normal beliefs", algorithms 1 and 2.
 */
import type { Fidelity } from '../domain/fidelity.js';
import type { Belief, Member } from '../surrogate/belief.js';
import { normalGain } from './normal.js';

/** Returns min_a mu_a - E min_a (mu_a + s_a Z), exactly, by the lower envelope of the lines. */
export const expectedDrop = (mu: ArrayLike<number>, s: ArrayLike<number>): number => {
  // As a maximum: lines -mu_a + (-s_a) z, by slope, of equal slopes the highest.
  const order = Array.from({ length: mu.length }, (_, a) => a).sort((a, b) => s[b]! - s[a]! || mu[b]! - mu[a]!);
  const envelope: number[] = [];
  const breaks: number[] = []; // breaks[k]: where envelope[k + 1] takes over from envelope[k]
  for (const a of order) {
    while (envelope.length > 0) {
      const last = envelope.at(-1)!;
      const rise = s[last]! - s[a]!;
      const crossing = rise > 0 ? (mu[a]! - mu[last]!) / rise : -Infinity;
      const isHidden = crossing <= (breaks.at(-1) ?? -Infinity) || crossing === -Infinity;
      if (!isHidden) {
        breaks.push(crossing);
        break;
      }
      envelope.pop();
      breaks.pop();
    }
    envelope.push(a);
  }
  return breaks.reduce((sum, z, k) => sum + (s[envelope[k]!]! - s[envelope[k + 1]!]!) * normalGain(Math.abs(z)), 0);
};

/** Alternatives at the target, as each member sees them. */
export interface Alternatives {
  readonly mixtures: readonly ArrayLike<number>[];
  readonly byMember: readonly { readonly whitened: readonly Float64Array[]; readonly means: Float64Array }[];
}

/** Prepares a set of mixtures to choose from at the target. */
export const alternativesAt = (belief: Belief, mixtures: readonly ArrayLike<number>[]): Alternatives => ({
  mixtures,
  byMember: belief.members.map(({ process, target }) => {
    const whitened = process.whiten(mixtures, target.fidelity);
    return { whitened, means: process.meansOf(whitened) };
  }),
});

const ANY_CHANGE = 1e-9; // of the largest change: ranks candidates whose drop underflows, and is no worth of its own

const memberValues = (
  member: Member,
  alternatives: Alternatives,
  seen: Alternatives['byMember'][number],
  candidates: readonly ArrayLike<number>[],
  at: ReturnType<Belief['place']>,
): Float64Array => {
  const { process, target, warp } = member;
  const count = candidates.length;
  const whitened = process.whiten(candidates, at);
  const covariance = process.crossCovariance(
    alternatives.mixtures,
    target.fidelity,
    seen.whitened,
    candidates,
    at,
    whitened,
  );
  const slope = warp.slope(seen.means.reduce((a, b) => Math.min(a, b), Infinity));
  return Float64Array.from(candidates, (shares, c) => {
    const explained = whitened[c]!.reduce((sum, entry) => sum + entry * entry, 0);
    const variance = Math.max(0, process.prior(shares, at, shares, at) - process.scale * explained) + process.noise;
    const s = Float64Array.from(seen.means, (_, a) => covariance[a * count + c]! / Math.sqrt(variance));
    const largest = s.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return slope * (expectedDrop(seen.means, s) + ANY_CHANGE * largest);
  });
};

/** Values, in units of the minimised objective, of running each candidate mixture at one fidelity. */
export const valuesAt = (
  belief: Belief,
  alternatives: Alternatives,
  candidates: readonly ArrayLike<number>[],
  fidelity: Fidelity,
): Float64Array => {
  const at = belief.place(fidelity);
  const total = new Float64Array(candidates.length);
  belief.members.forEach((member, i) => {
    const values = memberValues(member, alternatives, alternatives.byMember[i]!, candidates, at);
    for (let c = 0; c < total.length; c++) total[c] = total[c]! + member.weight * values[c]!;
  });
  return total;
};
