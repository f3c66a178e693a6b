/**
 * Improves a mixture while guards hold, by augmented Lagrangian: the guards' excesses are charged at prices that rise until
 * they are kept (Nocedal & Wright 2006, "Numerical Optimization", algorithm 17.4, inequalities as in eq. 17.65).
 *
 *   minimise  score / worth + STIFFNESS / 2  sum_k max(0, e_k + p_k)^2 ,   then  p_k <- max(0, p_k + e_k)
 *
 * | name | meaning |
 * |---|---|
 * | e | excess over each limit, in spreads of its metric |
 * | p | price of each excess over STIFFNESS |
 * | worth | range of the objective's predicted means over the mixtures looked at |
 *
 * What is left over a limit in the end is taken back on the straight way to a mixture that keeps them all.
 */
import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { scoreWithin, type Guards } from './guards.js';
import { polish, scaled, sumOf, type Score, type ShareEffects } from './polish.js';

const STIFFNESS = 20; // a twentieth of a spread of excess outweighs 2.5 % of the objective's range; prices do the rest
const PRICE_ROUNDS = 5; // an excess falls by a factor of about STIFFNESS times the spreads' ratio a round
const HALVINGS = 12; // of the way back: to less than a thousandth

/** Of the mixtures between one that breaks a guard and one that keeps them all, the first that keeps them. */
const pullWithin = (belief: Belief, guards: Guards, outside: TargetPoint, inside: TargetPoint): TargetPoint => {
  if (guards.areKept(outside.shares)) return outside;
  let best = inside;
  for (let k = 0, low = 0, high = 1; k < HALVINGS; k++) {
    const t = (low + high) / 2;
    const shares = Float64Array.from(outside.shares, (share, i) => (1 - t) * share + t * inside.shares[i]!);
    if (guards.areKept(shares)) {
      best = belief.predict(shares);
      high = t;
    } else low = t;
  }
  return best;
};

/** A mixture that keeps the guards, or the one found that breaks them least. */
const anchorFrom = (belief: Belief, feasible: FeasibleSet, start: TargetPoint, guards: Guards): TargetPoint => {
  if (guards.areKept(start.shares)) return start;
  const beyond = ({ shares }: TargetPoint, step: number): ShareEffects => {
    const excesses = guards.excesses(shares);
    return sumOf(guards.effectsOnExcesses(shares, step).map((effects, k) => scaled(effects, excesses[k]! > 0 ? 1 : 0)));
  };
  return polish(belief, feasible, start, ({ shares }) => guards.shortfall(shares), beyond);
};

const chargeOf = (excesses: readonly number[], prices: readonly number[]): number =>
  (STIFFNESS / 2) * excesses.reduce((sum, excess, k) => sum + Math.max(0, excess + prices[k]!) ** 2, 0);

/** What moves do to the score over its worth and to the charge, to first order. */
const effectsOf = (
  guards: Guards,
  { worth, effectsAt }: Goal,
  point: TargetPoint,
  step: number,
  prices: readonly number[],
): ShareEffects => {
  const slopes = guards.excesses(point.shares).map((excess, k) => STIFFNESS * Math.max(0, excess + prices[k]!));
  return sumOf([
    scaled(effectsAt(point, step), 1 / worth),
    ...guards.effectsOnExcesses(point.shares, step).map((effects, k) => scaled(effects, slopes[k]!)),
  ]);
};

/** What is sought among the mixtures that keep the guards. */
export interface Goal {
  readonly score: Score;
  /** A difference of score that matters, such as its range over the mixtures looked at. */
  readonly worth: number;
  /** What moves do to the score, to first order. */
  effectsAt(point: TargetPoint, step: number): ShareEffects;
}

/** The range of predicted means; 1 where they are all alike. */
export const rangeOf = (pool: readonly TargetPoint[]): number => {
  const means = pool.map(({ mean }) => mean);
  return Math.max(...means) - Math.min(...means) || 1;
};

/** Polishes by the goal's score among the mixtures that keep the guards; where none is found, brings what is broken to its least. */
export const polishWithin = (
  belief: Belief,
  feasible: FeasibleSet,
  start: TargetPoint,
  guards: Guards,
  goal: Goal,
): TargetPoint => {
  const { score, worth } = goal;
  const anchor = anchorFrom(belief, feasible, start, guards);
  if (feasible.list !== undefined || !guards.areKept(anchor.shares)) return anchor;
  const rank = scoreWithin(guards, score);
  let prices = guards.excesses(anchor.shares).map(() => 0);
  let point = anchor;
  let best = anchor;
  for (let round = 0; round < PRICE_ROUNDS; round++) {
    const merit = (candidate: TargetPoint): number =>
      score(candidate) / worth + chargeOf(guards.excesses(candidate.shares), prices);
    point = polish(belief, feasible, point, merit, (at, step) => effectsOf(guards, goal, at, step, prices));
    const excesses = guards.excesses(point.shares);
    prices = prices.map((price, k) => Math.max(0, price + excesses[k]!));
    const within = pullWithin(belief, guards, point, anchor);
    if (rank(within) < rank(best)) best = within;
    if (prices.every((price) => price === 0)) break; // no guard binds
  }
  return best;
};
