import { costOf, costUnit } from '../domain/cost.js';
import type { Candidate, Explanation, FitQuality, Prediction } from '../domain/decision.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { mixtureOf } from '../domain/mixture.js';
import { objectiveSign } from '../surrogate/objective-value.js';
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

/** How well the belief's weightiest member fits. */
export const fitQualityOf = (belief: Belief): FitQuality => {
  const best = belief.members.reduce((a, b) => (b.weight > a.weight ? b : a));
  const errors = best.fit.standardizedErrors;
  const meanSquare = errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length);
  return { rows: belief.rows, logMarginalLikelihood: best.fit.logLikelihood, standardizedError: Math.sqrt(meanSquare) };
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

/** Says why the target itself was not bought, or why now. */
const targetClause = (
  sweep: Sweep,
  considered: readonly Candidate[],
  excluded: readonly Excluded[],
  chosen: Candidate,
): string => {
  const { target } = sweep;
  if (chosen.scale === target.scale) {
    return considered.length > 1
      ? `the target scale is worth its price now, ahead of ${considered.length - 1} other fidelities`
      : 'no other fidelity is open now';
  }
  const atTarget = considered.find((candidate) => candidate.scale === target.scale);
  if (atTarget !== undefined) {
    const ratio = chosen.valuePerCost / atTarget.valuePerCost;
    return `the best run at the target scale teaches ${figure(1 / ratio)} times as much for its price`;
  }
  const left = excluded.find((fidelity) => isSameFidelity(fidelity, target));
  return `the target scale is left out: ${left?.reason ?? 'every candidate there was run'}`;
};

/** One sentence: why this job, why this scale, and why not the target (or why now). */
export const searchReason = (
  sweep: Sweep,
  considered: readonly Candidate[],
  excluded: readonly Excluded[],
  chosen: Candidate,
  isTest: boolean,
): string => {
  const what = isTest
    ? 'Tests the mixture that would be recommended'
    : 'Runs the mixture that teaches most per cost about the best one';
  const go = chosen.continues === undefined ? '' : `, going on from ${chosen.continues}`;
  const price = `${fidelityText(chosen)} for ${costText(sweep, chosen.cost)}${go}`;
  const worth = `expected to improve the recommendation by ${figure(chosen.value)}`;
  return `${what}: ${price}, ${worth}; ${targetClause(sweep, considered, excluded, chosen)}.`;
};

/** Names the incumbent for the record. */
export const incumbentOf = (sweep: Sweep, point: TargetPoint): NonNullable<Explanation['incumbent']> => ({
  mixture: mixtureOf(point.shares, Object.keys(sweep.domains)),
  ...predictionOf(sweep, point),
});
