/**
 * The program of UtiliMax (Held et al. 2025, arXiv 2501.11747), exactly, over any allowed set:
 *
 *   minimise  ||U'w - 1||  +  risk ||w||^2 .
 *
 * As ||r|| is the largest u.r over the unit ball, its dual is the concave, smooth function over the ball
 *
 *   D(u) = min_w u.(U'w - 1) + risk ||w||^2 ,  attained at the allowed point nearest to -U u / (2 risk) ,
 *
 * with gradient U'w - 1. It is climbed by accelerated projected gradient steps with restarts (Nesterov 1983; Beck and Teboulle
 * 2009; O'Donoghue and Candes 2015), and ||U'w - 1|| - u.(U'w - 1) is the duality gap: how far w is from optimal, at most.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | U | utility of a domain for a task; 1 is the best there is | D × T |
 * | w | shares | D |
 * | u | dual variables, one a task | T |
 */
import type { FeasibleSet } from '../../domain/feasible-set.js';
import { dot } from '../../domain/limits.js';

export interface UtilityProgram {
  readonly utilities: readonly Float64Array[];
  /** Positive. */
  readonly risk: number;
}

export interface UtilityOptimum {
  readonly shares: Float64Array;
  readonly value: number;
  /** The value is at most so far above the least possible. */
  readonly gap: number;
}

const GAP = 1e-12; // of values near 1: shares are then within about 1e-6 of the optimum, by strong convexity
const MOST_STEPS = 5000; // typical are some dozens; a step is one projection

const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** U'w - 1 `(T)`. */
const shortfall = (utilities: readonly Float64Array[], shares: ArrayLike<number>): Float64Array => {
  const residual = new Float64Array(utilities[0]!.length).fill(-1);
  utilities.forEach((row, i) => row.forEach((utility, t) => (residual[t] = residual[t]! + shares[i]! * utility)));
  return residual;
};

const valueAt = ({ utilities, risk }: UtilityProgram, shares: ArrayLike<number>): number =>
  norm(shortfall(utilities, shares)) + risk * dot(shares, shares);

/** Scales a point back onto the unit ball. */
const ontoBall = (u: Float64Array): Float64Array => {
  const length = norm(u);
  return length > 1 ? u.map((entry) => entry / length) : u;
};

const bestOfList = (program: UtilityProgram, list: readonly Float64Array[]): UtilityOptimum => {
  const options = list.map((shares) => ({ shares, value: valueAt(program, shares), gap: 0 }));
  return options.reduce((a, b) => (b.value < a.value ? b : a));
};

/** Solves the program over an allowed set; of a finite list, by trying each member. */
export const solveUtilityProgram = (program: UtilityProgram, feasible: FeasibleSet): UtilityOptimum => {
  if (feasible.list !== undefined) return bestOfList(program, feasible.list);
  const { utilities, risk } = program;
  const primalAt = (u: Float64Array): { shares: Float64Array; residual: Float64Array } => {
    const shares = feasible.project(Float64Array.from(utilities, (row) => -dot(row, u) / (2 * risk)));
    return { shares, residual: shortfall(utilities, shares) };
  };
  const size = utilities.reduce((sum, row) => sum + dot(row, row), 0); // at least the largest squared singular value of U
  const step = (2 * risk) / Math.max(size, Number.MIN_VALUE);
  let u: Float64Array = new Float64Array(utilities[0]!.length);
  let ahead = u; // where the next gradient is taken: u with momentum
  let momentum = 1;
  let best: UtilityOptimum = {
    shares: feasible.centre,
    value: Number.POSITIVE_INFINITY,
    gap: Number.POSITIVE_INFINITY,
  };
  for (let round = 0; round < MOST_STEPS && best.gap > GAP; round++) {
    const { shares, residual } = primalAt(ahead);
    const gap = norm(residual) - dot(ahead, residual);
    if (gap < best.gap) best = { shares, value: norm(residual) + risk * dot(shares, shares), gap };
    const next = ontoBall(ahead.map((entry, t) => entry + step * residual[t]!));
    const move = next.map((entry, t) => entry - u[t]!);
    const isBackwards = dot(residual, move) < 0;
    const following = isBackwards ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const carry = isBackwards ? 0 : (momentum - 1) / following;
    ahead = ontoBall(next.map((entry, t) => entry + carry * move[t]!));
    u = next;
    momentum = following;
  }
  return best;
};
