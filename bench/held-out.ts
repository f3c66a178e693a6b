/** Held-out predictions: how often the belief's 90 % interval at the target holds the truth of mixtures that were not run there. */
import { isSameFidelity } from '../src/domain/fidelity.js';
import { feasibleSet, type FeasibleSet } from '../src/domain/feasible-set.js';
import { isSameMixture, mixtureOf, type Mixture } from '../src/domain/mixture.js';
import type { Observation } from '../src/domain/observation.js';
import { createRng, seedOf } from '../src/domain/rng.js';
import type { Sweep } from '../src/domain/sweep.js';
import { historyOf } from '../src/policy/history.js';
import { parseObservations } from '../src/policy/parse-observations.js';
import { policyOf } from '../src/policy/policies.js';
import { settledObservations } from '../src/policy/titrate.js';
import { formBelief } from '../src/surrogate/form-belief.js';
import type { Problem } from './arena.js';
import { isHeld } from './choice-statistics.js';
import { shuffled } from './shuffled.js';

const MIXTURES = 20;

/** A mixture with what it is worth at the target, less is better. */
interface Answer {
  readonly mixture: Mixture;
  readonly shares: Float64Array;
  readonly value: number;
}

/** How many of so many intervals held the truth. */
export interface Tally {
  readonly inside: number;
  readonly of: number;
}

const candidates = (feasible: FeasibleSet, seed: number): Float64Array[] => {
  const rng = createRng(seed);
  if (feasible.list !== undefined) return shuffled(feasible.list, rng);
  return Array.from({ length: MIXTURES }, () => feasible.sample(rng, 1));
};

/** Draws the mixtures of a sweep's test: of a finite list, some that the world knows at the target. */
export const drawTest = (problem: Problem, sweep: Sweep): Answer[] => {
  const { domains } = problem.arena;
  return candidates(feasibleSet(sweep), seedOf(sweep.seed, 'held-out'))
    .map((shares) => ({ shares, mixture: mixtureOf(shares, domains) }))
    .map((question) => ({ ...question, value: problem.truth(question.mixture) }))
    .filter(({ value }) => !Number.isNaN(value))
    .slice(0, MIXTURES);
};

/** Judges what is believed after some runs; undefined while nothing is. */
export const judgeHeldOut = (
  sweep: Sweep,
  observations: readonly Observation[],
  test: readonly Answer[],
): Tally | undefined => {
  const { seed } = sweep;
  const parsed = parseObservations(sweep, observations);
  const history = historyOf(sweep, parsed, []);
  const situation = { sweep, feasible: feasibleSet(sweep), observations: parsed, pending: [], seed, history };
  const isBelieved = policyOf(sweep).recommendsBy === 'belief';
  const belief = formBelief(sweep, isBelieved ? settledObservations(situation) : parsed, []);
  if (belief === null) return undefined;
  const seen = parsed.filter((run) => isSameFidelity(run, sweep.target));
  const unseen = test.filter(({ mixture }) => !seen.some((run) => isSameMixture(run.mixture, mixture)));
  const inside = unseen.filter(({ shares, value }) => {
    const { mean, sd } = belief.tell(shares);
    return isHeld((value - mean) / sd);
  });
  return { inside: inside.length, of: unseen.length };
};
