import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { transfer } from './transfer.js';

/** What is minimised over mixtures. */
export type Score = (point: TargetPoint) => number;

/** Mean + `doubt` times sd at the target. */
export const bound =
  (doubt: number): Score =>
  ({ mean, sd }) =>
    mean + doubt * sd;

const FIRST_STEP = 0.1; // share moved at first
const LAST_STEP = 0.004; // finer than any data pipeline keeps its shares
const ROUNDS = 24; // twelve moves and the halvings between

/** What taking up to a step from each share, or giving it, does to a figure, to first order (each D). */
export interface ShareEffects {
  readonly take: Float64Array;
  readonly give: Float64Array;
}

export const scaled = ({ take, give }: ShareEffects, factor: number): ShareEffects => ({
  take: take.map((effect) => factor * effect),
  give: give.map((effect) => factor * effect),
});

export const sumOf = (effects: readonly ShareEffects[]): ShareEffects =>
  effects.reduce((sum, { take, give }) => ({
    take: sum.take.map((effect, i) => effect + take[i]!),
    give: sum.give.map((effect, i) => effect + give[i]!),
  }));

const SCREENED = 6; // moves looked at closely, of those that promise most to first order

/** The moves of up to `step` between pairs of domains that promise most, by their effects. */
const promising = (
  { take, give }: ShareEffects,
  feasible: FeasibleSet,
  { shares }: TargetPoint,
  step: number,
): Float64Array[] => {
  const pairs: { from: number; to: number; effect: number }[] = [];
  for (let from = 0; from < shares.length; from++) {
    if (!(shares[from]! > 0)) continue;
    for (let to = 0; to < shares.length; to++) {
      if (from !== to) pairs.push({ from, to, effect: take[from]! + give[to]! });
    }
  }
  pairs.sort((a, b) => a.effect - b.effect);
  const moves: Float64Array[] = [];
  for (const { from, to } of pairs) {
    const moved = transfer(feasible, shares, from, to, step);
    if (moved !== null) moves.push(moved);
    if (moves.length === SCREENED) break;
  }
  return moves;
};

/**
 * Improves a mixture by moving share between pairs of domains, the best move first, until the step is fine. `effectsAt`
 * says which moves are looked at; by default, those that lower the mean.
 */
export const polish = (
  belief: Belief,
  feasible: FeasibleSet,
  start: TargetPoint,
  score: Score,
  effectsAt: (point: TargetPoint, step: number) => ShareEffects = (point, step) => belief.shareEffects(point, step),
): TargetPoint => {
  if (feasible.list !== undefined) return start;
  let best = start;
  for (let round = 0, step = FIRST_STEP; round < ROUNDS && step >= LAST_STEP; round++) {
    let next = best;
    for (const shares of promising(effectsAt(best, step), feasible, best, step)) {
      const point = belief.predict(shares);
      if (score(point) < score(next)) next = point;
    }
    if (next === best) step /= 2;
    best = next;
  }
  return best;
};
