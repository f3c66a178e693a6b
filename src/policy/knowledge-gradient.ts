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
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { inner } from '../surrogate/linear-algebra.js';
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

/** Alternatives at the target. */
export interface Alternatives {
  /** L^-1 k (n) of each. */
  readonly whitened: readonly Float64Array[];
  /** Sd of the objective at each, per sd of the process. */
  readonly scales: Float64Array;
  readonly means: Float64Array;
  /** Likeness (A) of the alternatives to a candidate, worked out once for all fidelities. */
  likenessTo(candidate: TargetPoint): Float64Array;
}

/** Prepares a set of mixtures to choose from at the target. */
export const alternativesAt = (belief: Belief, points: readonly TargetPoint[]): Alternatives => {
  const { process, target } = belief;
  const places = process.placesOf(points.map(({ shares }) => shares));
  const known = new Map<TargetPoint, Float64Array>();
  return {
    whitened: process.whitenLikeness(
      points.map(({ likeness }) => likeness),
      target.fidelity,
    ),
    scales: Float64Array.from(points, (point) => belief.scaleAt(point)),
    means: Float64Array.from(points, ({ mean }) => mean),
    likenessTo: (candidate) => {
      const likeness = known.get(candidate) ?? process.likenessTo(candidate.shares, places);
      known.set(candidate, likeness);
      return likeness;
    },
  };
};

const ANY_CHANGE = 1e-9; // of the largest change: ranks candidates whose drop underflows, and is no worth of its own

/** Values, in units of the minimised objective, of running each candidate mixture at one fidelity. */
export const valuesAt = (
  belief: Belief,
  alternatives: Alternatives,
  candidates: readonly TargetPoint[],
  fidelity: Fidelity,
): Float64Array => {
  const { process, target } = belief;
  const place = belief.place(fidelity);
  const { whitened, scales, means } = alternatives;
  const seen = process.whitenLikeness(
    candidates.map(({ likeness }) => likeness),
    place,
  );
  return Float64Array.from(candidates, (candidate, c) => {
    const prior = process.priorTable(alternatives.likenessTo(candidate), target.fidelity, place);
    const own = process.priorVariance(candidate.shares, place);
    const sd = Math.sqrt(Math.max(0, own - inner(seen[c]!, seen[c]!)) + process.noise);
    const change = scales.map((scale, a) => (scale * (prior[a]! - inner(whitened[a]!, seen[c]!))) / sd);
    const largest = change.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return expectedDrop(means, change) + ANY_CHANGE * largest;
  });
};
