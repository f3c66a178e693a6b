import { median } from 'd3-array';
import type { Played } from './backtest.js';

const SLACK = 1 + 1e-9; // sums of costs are rounded

/** Median over plays of the regret of what was recommended when so much had been paid; null before all of them recommended something. */
export const regretAt = (played: readonly Played[], paid: number): number | null => {
  const known = played.flatMap(
    ({ moments }) => moments.findLast((moment) => moment.paid <= paid * SLACK)?.regret ?? [],
  );
  return known.length < played.length ? null : (median(known) ?? Number.NaN);
};
