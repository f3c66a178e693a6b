/** Nearest mixtures under bounds alone: one shift of all shares, clipped, meets bounds and the sum of 1 exactly. */
import type { Limits } from './limits.js';
import { total } from './limits.js';

const SHIFT_ROUNDS = 100; // a bisection from width 1 to rounding takes 53; Newton steps take about 5
const SUM_ROUNDING = 1e-14; // a sum of thirty shares cannot be had better; `settleSum` does the rest

export const clip = (value: number, low: number, high: number): number =>
  value < low ? low : value > high ? high : value;

/** Puts what rounding left of the sum of 1 onto the share that has most room for it. */
const settleSum = (shares: Float64Array, { min, max }: Limits): Float64Array => {
  for (let round = 0; round < 2; round++) {
    const rest = 1 - total(shares);
    if (rest === 0) return shares;
    let best = 0;
    let room = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < shares.length; i++) {
      const free = rest > 0 ? (max[i] ?? 1) - (shares[i] ?? 0) : (shares[i] ?? 0) - (min[i] ?? 0);
      if (free <= room) continue;
      room = free;
      best = i;
    }
    shares[best] = (shares[best] ?? 0) + rest;
  }
  return shares;
};

/**
 * Finds the shift of all shares after which the clipped shares sum to 1. The sum falls with the shift, piecewise
 * linearly: Newton's method, kept inside a bracket by bisection.
 */
export const findShift = (point: ArrayLike<number>, { min, max }: Limits): number => {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < min.length; i++) {
    low = Math.min(low, (point[i] ?? 0) - (max[i] ?? 1));
    high = Math.max(high, (point[i] ?? 0) - (min[i] ?? 0));
  }
  let shift = clip((total(point) - 1) / min.length, low, high);
  for (let round = 0; round < SHIFT_ROUNDS; round++) {
    let excess = -1;
    let free = 0;
    for (let i = 0; i < min.length; i++) {
      const moved = (point[i] ?? 0) - shift;
      const share = clip(moved, min[i] ?? 0, max[i] ?? 1);
      excess += share;
      if (share === moved) free++;
    }
    if (Math.abs(excess) <= SUM_ROUNDING) return shift;
    if (excess > 0) low = shift;
    else high = shift;
    const step = free > 0 ? shift + excess / free : Number.NaN;
    const next = step > low && step < high ? step : (low + high) / 2;
    if (next === shift) return shift;
    shift = next;
  }
  return shift;
};

/** Returns the nearest shares within the single bounds that sum to 1, groups left aside. */
export const projectOntoBounds = (point: ArrayLike<number>, limits: Limits): Float64Array => {
  const shift = findShift(point, limits);
  const shares = new Float64Array(limits.min.length);
  for (let i = 0; i < shares.length; i++) {
    shares[i] = clip((point[i] ?? 0) - shift, limits.min[i] ?? 0, limits.max[i] ?? 1);
  }
  return settleSum(shares, limits);
};

/** Snaps shares that rounding left beside a bound onto it, and settles the sum of 1. */
export const polish = (shares: Float64Array, limits: Limits): Float64Array => {
  const snap = 1e-15; // a solve's rounding on numbers up to 1; more would break groups that are held exactly
  for (let i = 0; i < shares.length; i++) {
    const share = clip(shares[i] ?? 0, limits.min[i] ?? 0, limits.max[i] ?? 1);
    const low = limits.min[i] ?? 0;
    const high = limits.max[i] ?? 1;
    shares[i] = share - low <= snap ? low : high - share <= snap ? high : share;
  }
  return settleSum(shares, limits);
};
