/**
 * Bayesian optimisation at the target alone: a Gaussian process with Matern 5/2 and a linear mean, and the logarithm of expected
 * improvement (Ament et al. 2023, arXiv 2310.20708). What a team would do that has heard of no cheaper scale.
 *
 * Differs from the usual: what is to be improved on is the least posterior mean among the mixtures run, as runs are noisy; runs at
 * other fidelities and checkpoints on the way are left aside.
 */
import { z } from 'zod';
import type { Explanation, Proposal } from '../../domain/decision.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import { isSameFidelity } from '../../domain/fidelity.js';
import { mixtureOf, sharesOf } from '../../domain/mixture.js';
import { minimizedValue, objectiveSign } from '../../domain/objective.js';
import { createRng, seedOf } from '../../domain/rng.js';
import type { Sweep } from '../../domain/sweep.js';
import { fitLinearMeanProcess, type LinearMeanProcess } from '../../surrogate/linear-mean-process.js';
import { climb } from './climb.js';
import { costText, fidelityText, figure } from '../explain.js';
import { logExpectedImprovement } from './log-expected-improvement.js';
import { plainProposal } from './plain-proposal.js';
import { parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';
import { hasSobolMixtures } from './quasi-random.js';
import { drawUntried } from './random-search.js';
import { nextQuasiRandom } from './sobol.js';

const Options = z.strictObject({
  /** Quasi-random runs before the search; one more than there are domains when absent. */
  initial: z.number().int().positive().optional(),
});

const POLICY = 'single-fidelity-gp';
const DRAWS = 256; // candidates drawn evenly, and as many around the best; the best few are then climbed from
const CORNERS = 24; // extreme points among the candidates: optima often lie there
const STARTS = 4; // candidates climbed from; more found nothing better
const NEAR = 0.3; // draws around the best mixture move at most so far towards a random one

/** The runs at the target with their values, minimised; a diverged one counts as the worst seen. */
const dataOf = ({ sweep, feasible, observations }: Situation): { mixtures: number[][]; values: number[] } => {
  const runs = observations.filter((run) => isSameFidelity(run, sweep.target));
  const completed = runs.filter(({ status }) => status === 'completed');
  const values = completed.map(({ metrics }) => minimizedValue(sweep.objective, metrics));
  const diverged = completed.length === 0 ? [] : runs.filter(({ status }) => status === 'diverged');
  return {
    mixtures: [...completed, ...diverged].map(({ mixture }) => sharesOf(mixture, feasible.domains)),
    values: [...values, ...diverged.map(() => Math.max(...values))],
  };
};

const processFor = (situation: Situation): LinearMeanProcess | undefined => {
  const { mixtures, values } = dataOf(situation);
  return values.length === 0 ? undefined : fitLinearMeanProcess(mixtures, values);
};

/** Mixtures to look at: a list's members; else corners, centre, even draws, and draws around the best. */
const poolOf = (feasible: FeasibleSet, best: ArrayLike<number>, seed: number): readonly Float64Array[] => {
  if (feasible.list !== undefined) return feasible.list;
  const rng = createRng(seedOf(seed, POLICY));
  const around = Array.from({ length: DRAWS }, () => {
    const t = NEAR * rng.uniform();
    const drawn = feasible.sample(rng, 1).map((share, i) => best[i]! + t * (share - best[i]!));
    return feasible.contains(drawn) ? drawn : feasible.project(drawn);
  });
  const even = Array.from({ length: DRAWS }, () => feasible.sample(rng, 1));
  return [...feasible.extremePoints(CORNERS), feasible.centre, ...even, ...around];
};

/** The mixtures of a pool of most height, climbed from where that is allowed, best first. */
const highest = (
  feasible: FeasibleSet,
  pool: readonly Float64Array[],
  height: (shares: Float64Array) => number,
): { shares: Float64Array; value: number }[] => {
  const valued = pool.map((shares) => ({ shares, value: height(shares) })).sort((a, b) => b.value - a.value);
  const climbed = valued.slice(0, STARTS).map(({ shares }) => climb(feasible, shares, height));
  return [...climbed.map((shares) => ({ shares, value: height(shares) })), ...valued].sort((a, b) => b.value - a.value);
};

/** The allowed mixture of least posterior mean; among those run alone until the first runs are done, as few say nothing of others. */
const leastMean = (situation: Situation, initial: number): Float64Array | undefined => {
  const { feasible, seed } = situation;
  const process = processFor(situation);
  if (process === undefined) return undefined;
  const mean = (shares: ArrayLike<number>): number => process.predict(shares).mean;
  const tried = dataOf(situation).mixtures.map((shares) => Float64Array.from(shares));
  const allowed = tried.filter((shares) => feasible.contains(shares));
  const best = allowed.reduce((a, b) => (mean(b) < mean(a) ? b : a), allowed[0] ?? feasible.centre);
  if (tried.length < initial) return best;
  return highest(feasible, [best, ...poolOf(feasible, best, seed)], (shares) => -mean(shares))[0]!.shares;
};

const openingRun = (situation: Situation, runs: number): Proposal | null => {
  const { sweep, history } = situation;
  const shares = hasSobolMixtures(sweep)
    ? nextQuasiRandom(situation, sweep.target)
    : drawUntried(situation, sweep.target, 1);
  if (shares === undefined) return null;
  const offer = history.offer(shares, sweep.target);
  if (offer.cost > history.available) return null;
  const reason = `One of ${runs} quasi-random runs before the search: ${fidelityText(sweep.target)} for ${costText(sweep, offer.cost)}.`;
  return plainProposal(situation, sweep.target, shares, offer, { policy: POLICY, phase: 'opening', reason });
};

const fitOf = (process: LinearMeanProcess): Pick<Explanation, 'hyperparameters' | 'fit'> => {
  const squares = process.standardizedErrors.reduce((sum, error) => sum + error * error, 0);
  return {
    hyperparameters: process.hyperparameters,
    fit: {
      rows: process.rows,
      logMarginalLikelihood: process.logLikelihood,
      standardizedError: Math.sqrt(squares / process.rows),
    },
  };
};

const searchRun = (situation: Situation, fitted: LinearMeanProcess): Proposal | null => {
  const { sweep, feasible, history, pending, seed } = situation;
  const inFlight = pending.filter((run) => isSameFidelity(run, sweep.target));
  const process = fitted.withGuesses(inFlight.map(({ mixture }) => sharesOf(mixture, feasible.domains)));
  const tried = dataOf(situation).mixtures;
  const incumbent = tried.reduce((a, b) => (fitted.predict(b).mean < fitted.predict(a).mean ? b : a));
  const least = fitted.predict(incumbent).mean;
  const gain = (shares: ArrayLike<number>): number => {
    const { mean, sd } = process.predict(shares);
    return logExpectedImprovement(mean, sd, least);
  };
  const open = highest(feasible, poolOf(feasible, incumbent, seed), gain);
  const chosen = open.find(({ shares }) => !history.isTaken(shares, sweep.target));
  if (chosen === undefined) return null;
  const offer = history.offer(chosen.shares, sweep.target);
  if (offer.cost > history.available) return null;
  const value = Math.exp(chosen.value);
  const reason =
    `Largest expected improvement at the target (${figure(value)}) on the best mixture run, whose value is put at ` +
    `${figure(objectiveSign(sweep.objective) * least)}: ${fidelityText(sweep.target)} for ${costText(sweep, offer.cost)}; it compares no scales.`;
  const plain = plainProposal(situation, sweep.target, chosen.shares, offer, {
    policy: POLICY,
    phase: 'search',
    reason,
  });
  const { mixture, scale, steps, cost } = plain;
  const considered = [{ mixture, scale, steps, cost, value, valuePerCost: value / cost }];
  return {
    ...plain,
    explanation: { ...plain.explanation, ...fitOf(fitted), considered, ...incumbentOf(situation, fitted, incumbent) },
  };
};

/** Names the mixture to be improved on, in the user's direction. */
const incumbentOf = (
  { sweep, feasible }: Situation,
  process: LinearMeanProcess,
  shares: ArrayLike<number>,
): Pick<Explanation, 'incumbent'> => {
  const { mean, sd } = process.predict(shares);
  const mixture = mixtureOf(shares, feasible.domains);
  return { incumbent: { mixture, mean: objectiveSign(sweep.objective) * mean, sd } };
};

/** Makes the policy of Bayesian optimisation at the target; it recommends the allowed mixture of least posterior mean. */
export const createSingleFidelityGp = (sweep: Sweep): Policy => {
  const { initial = Object.keys(sweep.domains).length + 1 } = parseOptions(sweep, Options);
  return {
    recommendsBy: (situation) => leastMean(situation, initial),
    propose: (situation) => {
      const atTarget = situation.history.made.filter((run) => isSameFidelity(run, sweep.target));
      const process = atTarget.length < initial ? undefined : processFor(situation);
      return process === undefined ? openingRun(situation, initial) : searchRun(situation, process);
    },
  };
};
