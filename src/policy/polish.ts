import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';

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

/** Moves up to `step` of share from one domain to another, as far as the limits allow; null when they allow nothing. */
const transfer = (
  feasible: FeasibleSet,
  shares: ArrayLike<number>,
  from: number,
  to: number,
  step: number,
): Float64Array | null => {
  const direction = new Float64Array(shares.length);
  direction[from] = -1;
  direction[to] = 1;
  const t = feasible.maxStep(shares, direction, step);
  if (!(t > step * 1e-3)) return null; // too little to matter
  return Float64Array.from(shares, (share, i) => share + t * direction[i]!);
};

const allTransfers = (feasible: FeasibleSet, shares: ArrayLike<number>, step: number): Float64Array[] => {
  const moves: Float64Array[] = [];
  for (let from = 0; from < shares.length; from++) {
    if (!(shares[from]! > 0)) continue;
    for (let to = 0; to < shares.length; to++) {
      const moved = from === to ? null : transfer(feasible, shares, from, to, step);
      if (moved !== null) moves.push(moved);
    }
  }
  return moves;
};

const SCREENED = 4; // moves of least mean whose doubt is looked at too

const promising = (belief: Belief, moves: readonly Float64Array[]): Float64Array[] =>
  moves
    .map((shares) => ({ shares, mean: belief.meanOf(shares) }))
    .sort((a, b) => a.mean - b.mean)
    .slice(0, SCREENED)
    .map(({ shares }) => shares);

/** Improves a mixture by moving share between pairs of domains, the best move first, until the step is fine. */
export const polish = (belief: Belief, feasible: FeasibleSet, start: TargetPoint, score: Score): TargetPoint => {
  if (feasible.list !== undefined) return start;
  let best = start;
  for (let round = 0, step = FIRST_STEP; round < ROUNDS && step >= LAST_STEP; round++) {
    let next = best;
    for (const shares of promising(belief, allTransfers(feasible, best.shares, step))) {
      const point = belief.predict(shares);
      if (score(point) < score(next)) next = point;
    }
    if (next === best) step /= 2;
    best = next;
  }
  return best;
};
