import type { FeasibleSet } from '../domain/feasible-set.js';

const WORTH_A_LOOK = 1e-3; // of a step: what the limits leave of it below is too little to matter

/** Moves up to `step` of share from one domain to another, as far as the limits allow; null when they allow nothing. */
export const transfer = (
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
  if (!(t > WORTH_A_LOOK * step)) return null;
  return Float64Array.from(shares, (share, i) => share + t * direction[i]!);
};
