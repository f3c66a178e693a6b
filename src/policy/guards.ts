/**
 * Guarded metrics at the target: what is believed of each, and how likely a mixture keeps their limits.
 *
 *   P(kept) = Phi((atMost - mean) / sd) + Phi((mean - atLeast) / sd) - 1 ,   either term 1 where there is no such limit
 *   shortfall = sum over limits of E max(0, what the metric is beyond it) / spread
 *
 * | name | meaning | unit |
 * |---|---|---|
 * | mean, sd | the metric's prediction at the target | of the metric |
 * | spread | range of its predicted means over a fixed set of allowed mixtures | of the metric |
 * | excess | what mean + z sd is beyond a limit, z the quantile of the guard's confidence | spreads |
 *
 * Chances are multiplied over metrics, as if they were independent given what was seen. Weighing a run by them follows
 * Gardner et al. 2014, "Bayesian optimization with inequality constraints", eq. 6.
 */
import type { GuardForecast } from '../domain/decision.js';
import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Metrics, Observation, PendingTrial } from '../domain/observation.js';
import type { Guard, Sweep } from '../domain/sweep.js';
import type { TargetPoint } from '../surrogate/belief.js';
import { figure } from './explain.js';
import { beliefAbout, spreadOver, type MetricBelief } from './metric-belief.js';
import { expectedImprovement, normalCdf, normalQuantile } from './normal.js';
import { scaled, type Score, type ShareEffects } from './polish.js';
import { trustPool } from './pool.js';

/** What the choice asks of the guards; mixtures are shares `(D)`. */
export interface Guards {
  /** The chance that all limits are kept. */
  chance(shares: ArrayLike<number>): number;
  /** Is every guard kept with its own confidence? */
  areKept(shares: ArrayLike<number>): boolean;
  /** By how much limits are expected to be broken in all, in spreads. */
  shortfall(shares: ArrayLike<number>): number;
  /** The excess over each limit. */
  excesses(shares: ArrayLike<number>): number[];
  /** What moving up to `step` of share does to each excess, to first order, doubts taken as they are. */
  effectsOnExcesses(shares: ArrayLike<number>, step: number): ShareEffects[];
  forecast(shares: ArrayLike<number>): GuardForecast[];
}

/** A guard with the belief about its metric. */
interface Watched {
  readonly guard: Guard;
  readonly belief: MetricBelief;
  readonly spread: number;
}

/** One limit of a guard; `sign` is 1 where more is worse. */
interface Limit extends Watched {
  readonly sign: 1 | -1;
  readonly bound: number;
  readonly z: number;
}

const limitsOf = (watched: Watched): Limit[] => {
  const { atMost, atLeast, confidence } = watched.guard;
  const z = normalQuantile(confidence);
  return [
    ...(atMost === undefined ? [] : [{ ...watched, z, sign: 1 as const, bound: atMost }]),
    ...(atLeast === undefined ? [] : [{ ...watched, z, sign: -1 as const, bound: atLeast }]),
  ];
};

/** Phi(gap / sd); certain where nothing is in doubt. */
const chanceOfGap = (gap: number, sd: number): number => (sd > 0 ? normalCdf(gap / sd) : gap >= 0 ? 1 : 0);

const chanceOf = ({ guard: { atMost, atLeast }, belief }: Watched, shares: ArrayLike<number>): number => {
  const { mean, sd } = belief.predict(shares);
  const below = atMost === undefined ? 1 : chanceOfGap(atMost - mean, sd);
  const above = atLeast === undefined ? 1 : chanceOfGap(mean - atLeast, sd);
  return Math.max(0, below + above - 1);
};

const shortfallOf = ({ belief, spread, sign, bound }: Limit, shares: ArrayLike<number>): number => {
  const { mean, sd } = belief.predict(shares);
  return expectedImprovement(-sign * mean, sd, -sign * bound) / spread;
};

/**
 * Forms what is believed of the guarded metrics; undefined when nothing is guarded. A metric that no run has reported yet
 * is left out.
 */
export const formGuards = (
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  pending: readonly PendingTrial[],
): Guards | undefined => {
  const mixtures = trustPool(sweep, feasible);
  const watched = (sweep.guards ?? []).flatMap((guard): Watched[] => {
    const direction = guard.atMost === undefined ? 'maximize' : 'minimize';
    const belief = beliefAbout(sweep, guard.metric, direction, observations, pending);
    return belief === null ? [] : [{ guard, belief, spread: spreadOver(belief, mixtures) }];
  });
  if (watched.length === 0) return undefined;
  const limits = watched.flatMap(limitsOf);
  return {
    chance: (shares) => watched.reduce((product, guard) => product * chanceOf(guard, shares), 1),
    areKept: (shares) => watched.every((guard) => chanceOf(guard, shares) >= guard.guard.confidence),
    shortfall: (shares) => limits.reduce((sum, limit) => sum + shortfallOf(limit, shares), 0),
    excesses: (shares) =>
      limits.map(({ belief, sign, bound, z, spread }) => {
        const { mean, sd } = belief.predict(shares);
        return (sign * (mean - bound) + z * sd) / spread;
      }),
    effectsOnExcesses: (shares, step) =>
      limits.map(({ belief, sign, spread }) => scaled(belief.effectsAt(shares, step), sign / spread)),
    forecast: (shares) =>
      watched.map((guard) => ({
        ...guard.guard,
        ...guard.belief.predict(shares),
        probability: chanceOf(guard, shares),
      })),
  };
};

const NOT_KEPT = 1e15 * 2 ** 400; // near 1e135: beyond any objective, whose metrics go up to 1e100

/** Orders mixtures that keep the guards by the score, and all others behind them by what they are expected to break. */
export const scoreWithin =
  (guards: Guards, score: Score): Score =>
  (point) =>
    guards.areKept(point.shares) ? score(point) : NOT_KEPT * (1 + guards.shortfall(point.shares));

/** Did a run itself report values within all limits? */
export const keptByReport = ({ guards = [] }: Sweep, metrics: Metrics): boolean =>
  guards.every(
    ({ metric, atMost = Infinity, atLeast = -Infinity }) =>
      (metrics[metric] ?? Number.NaN) <= atMost && (metrics[metric] ?? Number.NaN) >= atLeast,
  );

const LIKELY = 0.5; // kept rather than broken

/** The mixtures that keep the guards rather than not; of none such, all. */
export const likelyKept = (guards: Guards, pool: readonly TargetPoint[]): readonly TargetPoint[] => {
  const likely = pool.filter(({ shares }) => guards.chance(shares) >= LIKELY);
  return likely.length > 0 ? likely : pool;
};

/**
 * The weight of a run's value: the chance that its mixture keeps the guards, over the largest such chance, so that the search
 * goes on where no mixture is likely to keep them yet.
 */
export const chanceWeights = (guards: Guards, mixtures: readonly TargetPoint[]): ((point: TargetPoint) => number) => {
  const most = Math.max(...mixtures.map(({ shares }) => guards.chance(shares)));
  return most > 0 ? ({ shares }) => guards.chance(shares) / most : () => 1;
};

/** Says how a run's value was weighed. */
export const chanceText = (guards: Guards, shares: ArrayLike<number>): string =>
  `Values are weighed by the chance that the guards hold at the target, ${figure(100 * guards.chance(shares))} % for this mixture.`;

/** Says which limits a guard has: `piqa at least 0.6`. */
const limitText = ({ metric, atMost, atLeast }: Guard): string =>
  [
    ...(atMost === undefined ? [] : [`${metric} at most ${figure(atMost)}`]),
    ...(atLeast === undefined ? [] : [`${metric} at least ${figure(atLeast)}`]),
  ].join(' and ');

/** What has to be said where a recommended mixture is not predicted to keep its guards; undefined where it is. */
export const guardNote = (
  forecasts: readonly GuardForecast[],
  recommendsBy: 'belief' | 'policy',
): string | undefined => {
  const broken = forecasts.filter(({ probability, confidence }) => probability < confidence);
  if (broken.length === 0) return undefined;
  const limits = broken.map((guard) => `${limitText(guard)} (chance ${figure(100 * guard.probability)} %)`).join(', ');
  return recommendsBy === 'belief'
    ? `No mixture looked at is predicted to keep every guard as surely as asked; this one is expected to break them least: ${limits}.`
    : `The policy's own choice is not predicted to keep every guard as surely as asked: ${limits}.`;
};
