/**
 * The frame of policies that fit a law once: runs of a design, the law, the exact best mixture under it, and one run of that
 * mixture at the target. What they differ by is the plan.
 */
import { costOf } from '../../domain/cost.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import type { Proposal } from '../../domain/decision.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { metricSign, minimizedValue, referenceOf } from '../../domain/objective.js';
import type { Metrics } from '../../domain/observation.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import { runnableAt } from './fixed-mixture.js';
import type { Design, DesignRow, DesignWish } from './law-design.js';
import { affordableDesign, nextRun, rowsAt } from './law-design.js';
import { chosenFidelity } from '../policy-options.js';
import { plainProposal } from './plain-proposal.js';
import type { Policy, Situation } from '../policy.js';

/** The best mixture under a law. */
export interface Solution {
  readonly shares: ArrayLike<number>;
  /** What was fitted and what was solved, for people: a clause without a full stop. */
  readonly words: string;
}

export interface LawPlan {
  readonly policy: string;
  readonly wish: (sweep: Sweep, feasible: FeasibleSet) => DesignWish;
  /** Fits and solves; undefined while the runs are too few. */
  readonly solve: (situation: Situation, design: Design) => Solution | undefined;
}

/** A metric of the objective, to be modelled on its own. */
export interface Task {
  /** The metric, signed so that less is better, in its own unit. */
  readonly read: (metrics: Metrics) => number;
  /** What the objective, signed so that less is better, is of the task: factor x (value - zero); the factor is positive. */
  readonly factor: number;
  readonly zero: number;
}

/** The metrics that the objective is a sum of. */
export const tasksOf = ({ objective }: Sweep): readonly Task[] =>
  Object.entries(objective.weights)
    .filter(([, weight]) => weight !== 0)
    .map(([metric, weight]) => {
      const sign = metricSign(objective, metric);
      const { zero, unit } = referenceOf(objective, metric);
      const read = (metrics: Metrics): number => sign * (metrics[metric] ?? Number.NaN);
      return { read, factor: Math.abs(weight / unit), zero: sign * zero };
    });

/** While a law has too few runs: the best of them at the last fidelity of the design that has any. */
const bestSoFar = (situation: Situation, design: Design): Solution | undefined => {
  const { objective } = situation.sweep;
  const value = (row: DesignRow): number => minimizedValue(objective, row.metrics);
  for (const fidelity of design.fidelities.toReversed()) {
    const rows = rowsAt(situation, design, fidelity).filter(({ shares }) => situation.feasible.contains(shares));
    if (rows.length === 0) continue;
    const best = rows.reduce((a, b) => (value(b) < value(a) ? b : a));
    return {
      shares: best.shares,
      words: `the best of ${rows.length} runs at ${fidelityText(fidelity)}, too few for the law`,
    };
  }
  return undefined;
};

const designProposal = (plan: LawPlan, situation: Situation, design: Design): Proposal | null | undefined => {
  const next = nextRun(situation, design);
  if (next === undefined) return undefined;
  const { shares, fidelity, before, of } = next;
  const imported = design.imported === 0 ? '' : `, ${design.imported} of them imported`;
  const offer = situation.history.offer(shares, fidelity);
  if (offer.cost > situation.history.available) return null;
  const reason = `Run ${before + 1} of the ${of} that the law is fitted to at ${fidelityText(fidelity)}${imported}, for ${costText(situation.sweep, offer.cost)}.`;
  return plainProposal(situation, fidelity, shares, offer, { policy: plan.policy, phase: 'opening', reason });
};

/** Runs the solution at the target, once nothing is pending that could still move it. */
const finalProposal = (
  plan: LawPlan,
  situation: Situation,
  solve: (situation: Situation) => Solution | undefined,
): Proposal | null => {
  const { sweep, history, pending } = situation;
  const runnable = runnableAt(situation, sweep.target);
  if (runnable === undefined || pending.length > 0) return null;
  const solution = solve({ ...situation, feasible: runnable });
  if (solution === undefined || history.isTaken(solution.shares, sweep.target)) return null;
  const offer = history.offer(solution.shares, sweep.target);
  if (offer.cost > history.available) return null;
  const price = costText(sweep, offer.cost);
  const reason = `Runs at the target, for ${price}, ${solution.words}.`;
  const words = { policy: plan.policy, phase: 'test-recommendation', reason } as const;
  return plainProposal(situation, sweep.target, solution.shares, offer, words);
};

/** Makes a policy of a plan. */
export const lawPolicy = (plan: LawPlan): Policy => {
  const designOf = (situation: Situation): Design =>
    affordableDesign(situation, plan.wish(situation.sweep, situation.feasible));
  const solutionOf = (situation: Situation, design: Design): Solution | undefined =>
    plan.solve(situation, design) ?? bestSoFar(situation, design);
  return {
    recommendsBy: (situation) => solutionOf(situation, designOf(situation))?.shares,
    propose: (situation) => {
      const design = designOf(situation);
      const next = designProposal(plan, situation, design);
      return next === undefined ? finalProposal(plan, situation, (at) => solutionOf(at, design)) : next;
    },
  };
};

/** Where a law of one fidelity may be fitted, the longest run first: shorter ones are for budgets that the longest is too dear for. */
export const cheapFidelities = (
  sweep: Sweep,
  { scale = cheapestScale(sweep), steps }: { scale?: string | undefined; steps?: number | undefined },
): readonly Fidelity[] => {
  const chosen = chosenFidelity(sweep, { scale, steps });
  if (steps !== undefined) return [chosen];
  const counts = sweep.scales.find(({ name }) => name === scale)!.steps.filter((count) => count <= chosen.steps);
  return counts.toReversed().map((count) => ({ scale, steps: count }));
};

/** The cheapest scale per step; the first of equals. */
export const cheapestScale = (sweep: Sweep): string =>
  sweep.scales.reduce((best, scale) =>
    costOf(sweep, { scale: scale.name, steps: 1 }) < costOf(sweep, { scale: best.name, steps: 1 }) ? scale : best,
  ).name;
