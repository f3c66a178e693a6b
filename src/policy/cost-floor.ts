/**
 * How little a run may cost by now. Without a floor the search polishes what it holds best at a cheap scale and never asks whether
 * the target agrees. Scales that have shown that they rank mixtures as the target does need not keep to it, for a while; nor need runs that
 * stand in for what a ladder with a gap lacks.
 */
import { costOf } from '../domain/cost.js';
import type { FidelityTrust } from '../domain/decision.js';
import type { Fidelity } from '../domain/fidelity.js';
import type { Belief } from '../surrogate/belief.js';
import { rankerFor, trustOf } from '../surrogate/trust.js';
import { figure } from './explain.js';
import type { Situation } from './policy.js';
import { trustPool } from './pool.js';

// Of a target run. A whole one learns slower on smooth laws (0.035 instead of 0.007 at ten target runs), a third nothing more.
const FLOOR_CAP = 0.5;
const SLACK = 1 - 1e-9; // relative: sums of costs are rounded

/**
 * A scale is a guide once so many runs have shown it, and all but a twentieth of the belief says that it ranks mixtures like the
 * target by such a correlation, at its longest run and at the one in question: the kernel's own view, without runs, is no evidence.
 * Measured: docs/tried.md.
 */
const GUIDE = { runs: 4, correlation: 0.8 };

/** Runs below the floor's cap may take a target run's worth, and as much again as the larger runs: belief alone is not paid for without end. */
const SMALL_TARGET_RUNS = 1;

/** A run that costs more than so many times all that was spent is a leap: before it, smaller runs say where to. Measured: docs/tried.md. */
export const LEAP = 10;

/**
 * Where nothing costs between a run and so many times its price, it stands in for what the ladder lacks. Such runs may take this part of
 * the money, their own price counted, and as much as lets the next larger run be no leap. Measured: docs/tried.md.
 */
const GAP = { times: 8, share: 0.5 };

/** Which runs are too small by now. */
export interface CostFloor {
  isBelow(fidelity: Fidelity): boolean;
  /** Why a run may not be that small. */
  reason(fidelity: Fidelity): string;
  /** Why one may, where the floor does not hold; undefined for a run that keeps to it. */
  exception(fidelity: Fidelity): string | undefined;
  /** Need it not keep to the floor, as its scale is a guide? */
  isAtGuide(fidelity: Fidelity): boolean;
  /** Are there scales that are believed to be guides? What is learnt there is then put to the test at the target. */
  readonly hasGuides: boolean;
}

/** Scales below the target's that have shown that they are guides. */
interface Guides {
  readonly some: boolean;
  /** What is known of the scale of a run, where the run ranks mixtures as the target does too; undefined otherwise. */
  at(fidelity: Fidelity): FidelityTrust | undefined;
}

const ranksAlike = ({ interval }: Pick<FidelityTrust, 'interval'>): boolean => interval![0] >= GUIDE.correlation;

const guidesOf = ({ sweep, feasible, observations }: Situation, belief: Belief): Guides => {
  const pool = trustPool(sweep, feasible);
  const guides = trustOf(sweep, observations, belief, pool).filter(
    (trust) => trust.scale !== sweep.target.scale && trust.runs >= GUIDE.runs && ranksAlike(trust),
  );
  const byScale = new Map(guides.map((trust) => [trust.scale, trust]));
  const rank = rankerFor(belief, pool);
  return {
    some: byScale.size > 0,
    at: (fidelity) => {
      const guide = byScale.get(fidelity.scale);
      return guide !== undefined && ranksAlike(rank(fidelity)) ? guide : undefined;
    },
  };
};

/** As much as was spent, up to half a target run, for all but scales that are guides and runs below a gap of the ladder. */
export const costFloorOf = (situation: Situation, belief: Belief, fidelities: readonly Fidelity[]): CostFloor => {
  const { sweep, history } = situation;
  const targetCost = costOf(sweep, sweep.target);
  const costs = fidelities.map((fidelity) => costOf(sweep, fidelity));
  const cap = FLOOR_CAP * targetCost;
  const least = Math.min(history.spent, cap, Math.max(0, ...costs.filter((cost) => cost <= history.available)));
  const [small, all] = [history.committedBelow(cap * SLACK), history.spent + history.pendingCost];
  const guides = guidesOf(situation, belief);
  const mayGoOn = small <= SMALL_TARGET_RUNS * targetCost + (all - small);
  const guideFor = (fidelity: Fidelity): FidelityTrust | undefined => (mayGoOn ? guides.at(fidelity) : undefined);
  const isSmall = (fidelity: Fidelity): boolean => costOf(sweep, fidelity) < least * SLACK;
  const nextAbove = (cost: number): number => Math.min(...costs.filter((other) => other * SLACK > cost));
  const standsIn = (cost: number): boolean =>
    nextAbove(cost) > GAP.times * cost && small + cost <= Math.max(GAP.share * (all + cost), nextAbove(cost) / LEAP);
  const why = (fidelity: Fidelity): string | undefined => {
    const guide = guideFor(fidelity);
    if (guide !== undefined)
      return `${fidelity.scale} ranks mixtures like the target (correlation ${figure(guide.correlation)}, at least ${figure(guide.interval![0])}, after ${guide.runs} runs)`;
    const cost = costOf(sweep, fidelity);
    return standsIn(cost)
      ? `the next larger ones cost ${figure(nextAbove(cost))}, and runs below ${figure(cap)} have taken ${figure(small)} of ${figure(all)}`
      : undefined;
  };
  return {
    isBelow: (fidelity) => isSmall(fidelity) && why(fidelity) === undefined,
    reason: (fidelity) =>
      `costs ${figure(costOf(sweep, fidelity))}, less than the ${figure(least)} that a run should cost by now (as much as was spent, up to half a target run)`,
    exception: (fidelity) => {
      const because = isSmall(fidelity) ? why(fidelity) : undefined;
      return because && `It may cost less than the ${figure(least)} that other runs should by now, as ${because}.`;
    },
    isAtGuide: (fidelity) => isSmall(fidelity) && guideFor(fidelity) !== undefined,
    hasGuides: guides.some,
  };
};
