import { costOf, costUnit } from '../domain/cost.js';
import type { Candidate, Explanation, FitQuality, Prediction } from '../domain/decision.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { mixtureOf } from '../domain/mixture.js';
import { objectiveSign } from '../domain/objective.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';

/** A fidelity left out, with the reason. */
export type Excluded = Explanation['excluded'][number];

/** Formats a number for people: three significant digits. */
export const figure = (value: number): string => String(Number(value.toPrecision(3)));

/** Names a fidelity for people. */
export const fidelityText = ({ scale, steps }: Fidelity): string => `${scale} x ${steps} steps`;

/** Formats a cost in the sweep's unit. */
export const costText = (sweep: Sweep, cost: number): string => `${figure(cost)} ${costUnit(sweep.cost)}`;

/** Turns a point of the belief into a prediction in the user's direction. */
export const predictionOf = (sweep: Sweep, point: Pick<TargetPoint, 'mean' | 'sd'>): Prediction => ({
  mean: objectiveSign(sweep.objective) * point.mean,
  sd: point.sd,
});

/** How well the belief fits. */
export const fitQualityOf = ({ fit, rows }: Belief): FitQuality => {
  const errors = fit.standardizedErrors;
  const meanSquare = errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length);
  return { rows, logMarginalLikelihood: fit.logLikelihood, standardizedError: Math.sqrt(meanSquare) };
};

/** Keeps the best candidate of each fidelity, best first by value per cost. */
export const bestPerFidelity = (candidates: readonly Candidate[]): Candidate[] => {
  const best = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = fidelityText(candidate);
    const known = best.get(key);
    if (known === undefined || candidate.valuePerCost > known.valuePerCost) best.set(key, candidate);
  }
  return [...best.values()].sort((a, b) => b.valuePerCost - a.valuePerCost);
};

/** Picks the best candidate at a scale that costs more per step than the choice's, and at one that costs less. */
export const runnersUp = (
  sweep: Sweep,
  considered: readonly Candidate[],
  chosen: Fidelity,
): Pick<Explanation, 'runnerUpCostlier' | 'runnerUpCheaper'> => {
  const price = ({ scale }: Fidelity): number => costOf(sweep, { scale, steps: 1 });
  const costlier = considered.find((candidate) => price(candidate) > price(chosen));
  const cheaper = considered.find((candidate) => price(candidate) < price(chosen));
  return {
    ...(costlier === undefined ? {} : { runnerUpCostlier: costlier }),
    ...(cheaper === undefined ? {} : { runnerUpCheaper: cheaper }),
  };
};

/** What a reason is made from. */
export interface ReasonFor {
  readonly sweep: Sweep;
  /** The best candidate of each fidelity, best first by value per cost, those that a rule forbids included. */
  readonly considered: readonly Candidate[];
  readonly excluded: readonly Excluded[];
  readonly chosen: Candidate;
  readonly isTest: boolean;
}

/** How much a run teaches beside the chosen one, which may be a test that teaches nothing. */
const muchBeside = (chosen: Candidate, { valuePerCost }: Candidate, forWhat = ''): string => {
  const times = valuePerCost / chosen.valuePerCost;
  if (Number.isFinite(times)) return `${figure(times)} times as much${forWhat}`;
  return valuePerCost > 0 ? 'something where this run teaches nothing' : 'as little';
};

/** Compares with the best other candidate, or says which rule forbids a better one. */
const comparison = ({ considered, excluded, chosen }: ReasonFor, others: readonly Candidate[]): string => {
  const rule = (candidate: Candidate): string | undefined =>
    excluded.find((fidelity) => isSameFidelity(fidelity, candidate))?.reason;
  const open = others.find((candidate) => rule(candidate) === undefined);
  const forbidden = considered.find((candidate) => others.includes(candidate) && rule(candidate) !== undefined);
  const parts: string[] = [];
  if (open !== undefined)
    parts.push(`${fidelityText(open)}, the next best, teaches ${muchBeside(chosen, open, ' for its price')}`);
  if (forbidden !== undefined && forbidden.valuePerCost > chosen.valuePerCost) {
    parts.push(`${fidelityText(forbidden)} would teach ${muchBeside(chosen, forbidden)}, but ${rule(forbidden) ?? ''}`);
  }
  return parts.length === 0 ? 'nothing else can be bought now' : parts.join('; ');
};

/** Says why the target itself was not bought, or why now. */
const targetClause = (reason: ReasonFor): string => {
  const { sweep, considered, excluded, chosen } = reason;
  const { target } = sweep;
  const isAtTarget = ({ scale }: Fidelity): boolean => scale === target.scale;
  if (isAtTarget(chosen)) {
    const others = considered.filter((candidate) => !isAtTarget(candidate));
    return `why the target scale now: ${comparison(reason, others)}`;
  }
  const atTarget = considered.find(isAtTarget);
  if (atTarget !== undefined) {
    const much = muchBeside(chosen, atTarget, ' for its price');
    return `why not the target scale: its best run teaches ${much}`;
  }
  const left = excluded.find((fidelity) => isSameFidelity(fidelity, target));
  return `why not the target scale: ${left?.reason ?? 'every candidate there was run'}`;
};

/** One sentence: why this job, why this scale, and why not the target (or why now). */
export const searchReason = (reason: ReasonFor): string => {
  const { sweep, chosen, isTest } = reason;
  const what = isTest
    ? 'Tests the mixture that would be recommended'
    : 'Runs the mixture that teaches most per cost about the best one';
  const go = chosen.continues === undefined ? '' : `, going on from ${chosen.continues}`;
  const price = `${fidelityText(chosen)} for ${costText(sweep, chosen.cost)}${go}`;
  const worth = `expected to improve the recommendation by ${figure(chosen.value)}`;
  return `${what}: ${price}, ${worth}; ${targetClause(reason)}.`;
};

/** Names the incumbent for the record. */
export const incumbentOf = (
  sweep: Sweep,
  belief: Belief,
  shares: ArrayLike<number>,
): NonNullable<Explanation['incumbent']> => ({
  mixture: mixtureOf(shares, Object.keys(sweep.domains)),
  ...predictionOf(sweep, belief.tell(shares)),
});
