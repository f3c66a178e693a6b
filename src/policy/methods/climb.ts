import type { FeasibleSet } from '../../domain/feasible-set.js';
import { transfer } from '../transfer.js';

const FIRST_STEP = 0.2; // share moved at first
const LAST_STEP = 0.002; // finer than any data pipeline keeps its shares
const MOST_ROUNDS = 60; // a few dozen moves and the halvings between

/** Allowed mixtures a transfer of up to `step` away: share goes from one domain to another. */
function* transfers(feasible: FeasibleSet, shares: Float64Array, step: number): Generator<Float64Array> {
  for (let from = 0; from < shares.length; from++) {
    if (!(shares[from]! > 0)) continue;
    for (let to = 0; to < shares.length; to++) {
      const moved = to === from ? null : transfer(feasible, shares, from, to, step);
      if (moved !== null) yield moved;
    }
  }
}

/** Raises `height` by moving share between pairs of domains, the best move first, until the step is fine. A list's member stays. */
export const climb = (
  feasible: FeasibleSet,
  start: Float64Array,
  height: (shares: Float64Array) => number,
): Float64Array => {
  if (feasible.list !== undefined) return start;
  let best = start;
  let reached = height(start);
  for (let round = 0, step = FIRST_STEP; round < MOST_ROUNDS && step >= LAST_STEP; round++) {
    const from = best;
    for (const shares of transfers(feasible, from, step)) {
      const value = height(shares);
      if (!(value > reached)) continue;
      best = shares;
      reached = value;
    }
    if (best === from) step /= 2;
  }
  return feasible.project(best);
};
