/**
 * titrate's own policy: an opening ladder over corners and scales, then the run of the largest value of information about
 * the target per cost, never cheaper than doubling what was spent; every third run tests the mixture that would be recommended.
 */
import { z } from 'zod';
import { costOf } from '../domain/cost.js';
import type { Candidate, Explanation, Proposal } from '../domain/decision.js';
import type { Fidelity } from '../domain/fidelity.js';
import { massMoved, mixtureOf, sharesOf } from '../domain/mixture.js';
import type { Observation } from '../domain/observation.js';
import { createRng, seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import { formBelief, hyperparametersOf, type Belief, type TargetPoint } from '../surrogate/belief.js';
import { trustOf } from '../surrogate/trust.js';
import { surveyMixtures, type Survey } from './choose-mixture.js';
import {
  bestPerFidelity,
  costText,
  fidelityText,
  figure,
  fitQualityOf,
  incumbentOf,
  runnersUp,
  searchReason,
  type Excluded,
} from './explain.js';
import { alternativesAt, valuesAt } from './knowledge-gradient.js';
import { planOpening, type Tier } from './opening.js';
import type { Policy, Situation } from './policy.js';
import { parseOptions } from './policy-options.js';
import { score } from './polish.js';
import { trustPool } from './pool.js';

const Options = z.strictObject({}); // none yet: what is not known is refused

const TEST_EVERY = 3; // search runs; measured against 2, 4 and never (docs/methods.md)
const TESTED_WITHIN = 0.01; // mass moved: a proposal this near to a run at that fidelity counts as tested
const LONGEST_STEPS = 2; // of each scale: shorter runs are passed on the way
const ALTERNATIVES = 40; // best pool members by each score below
const CANDIDATES = 8; // likewise, and as many at random
const DOUBTS = [0, -1, -2]; // mean, and mean less one and two sd: good, and perhaps good
const NOTHING_TO_GAIN = 1e-6; // of the spread of predictions over the pool: no run is worth its cost below

const mixtureText = (shares: ArrayLike<number>): string => Array.from(shares, (share) => share.toFixed(6)).join();

const isPlanned = (
  tiers: readonly Tier[],
  domains: readonly string[],
  run: Pick<Observation, 'mixture' | 'scale'>,
): boolean => {
  const text = mixtureText(sharesOf(run.mixture, domains));
  return tiers.some(
    ({ scale, mixtures }) => scale === run.scale && mixtures.some((shares) => mixtureText(shares) === text),
  );
};

/** Does a scale already have as many runs of that length as the opening wants there, of whatever mixtures? */
const isServed = (
  { observations, pending }: Situation,
  tiers: readonly Tier[],
  { scale, steps }: Fidelity,
): boolean => {
  const wanted = tiers.filter((tier) => tier.scale === scale).reduce((sum, tier) => sum + tier.mixtures.length, 0);
  const runs = [...observations.filter(({ status }) => status === 'completed'), ...pending];
  return runs.filter((run) => run.scale === scale && run.steps >= steps).length >= wanted;
};

/** The next run of the opening that is neither taken nor beyond the budget. */
const nextInOpening = (
  situation: Situation,
  tiers: readonly Tier[],
): (Fidelity & { shares: Float64Array }) | undefined => {
  const { history } = situation;
  for (const tier of tiers) {
    const { scale, steps, mixtures } = tier;
    if (isServed(situation, tiers, tier)) continue;
    const shares = mixtures.find((mixture) => !history.isTaken(mixture, tier));
    if (shares !== undefined && history.offer(shares, tier).cost <= history.available) return { scale, steps, shares };
  }
  return undefined;
};

/**
 * Leaves out the runs of a tier that is still going on, once an earlier tier is complete: what half of a tier does not
 * cover would be guessed from it, and the recommendation would lurch.
 */
export const settledObservations = (situation: Situation): readonly Observation[] => {
  const { sweep, feasible, observations, history } = situation;
  const tiers = planOpening(sweep, feasible);
  const domains = Object.keys(sweep.domains);
  const firstOpen = tiers.findIndex((tier) => tier.mixtures.some((shares) => !history.isTaken(shares, tier)));
  if (firstOpen < 1) return observations;
  if (!observations.every((run) => isPlanned(tiers, domains, run))) return observations;
  const done = tiers.slice(0, firstOpen);
  return observations.filter((run) => isPlanned(done, domains, run));
};

const committedOf = ({ history }: Situation): number => history.spent + history.pendingCost;

const openingProposal = (
  situation: Situation,
  next: Fidelity & { shares: Float64Array },
  tiers: readonly Tier[],
): Proposal => {
  const { sweep, feasible, history } = situation;
  const { shares, scale, steps } = next;
  const { cost, continues, mixture } = history.offer(shares, next);
  const runs = tiers.reduce((sum, tier) => sum + tier.mixtures.length, 0);
  const total = tiers.reduce((sum, tier) => sum + tier.mixtures.length * costOf(sweep, tier), 0);
  return {
    mixture: mixture ?? mixtureOf(shares, feasible.domains),
    scale,
    steps,
    cost,
    ...(continues === undefined ? {} : { continues }),
    explanation: {
      policy: 'titrate',
      phase: 'opening',
      reason:
        `Part of the opening of ${runs} runs for ${costText(sweep, total)} over corners and centre of the allowed mixtures: ` +
        `${fidelityText(next)} for ${costText(sweep, cost)}; target-scale runs wait until smaller ones have said where to look.`,
      committed: committedOf(situation),
      hyperparameters: {},
      trust: [],
      considered: [],
      excluded: [],
    },
  };
};

/** Fidelities open to search, and those left out with the reason. */
const searchFidelities = ({ sweep, history }: Situation): { open: Fidelity[]; excluded: Excluded[] } => {
  const all = sweep.scales.flatMap(({ name, steps }) =>
    steps.slice(-LONGEST_STEPS).map((count) => ({ scale: name, steps: count })),
  );
  const affordable = all.map((fidelity) => costOf(sweep, fidelity)).filter((cost) => cost <= history.available);
  const floor = Math.min(history.spent, costOf(sweep, sweep.target), Math.max(0, ...affordable));
  const open: Fidelity[] = [];
  const excluded: Excluded[] = [];
  for (const fidelity of all) {
    const cost = costOf(sweep, fidelity);
    if (cost < floor * (1 - 1e-9)) {
      excluded.push({
        ...fidelity,
        reason: `costs ${figure(cost)}, less than the ${figure(floor)} that a run should cost by now`,
      });
    } else open.push(fidelity);
  }
  return { open, excluded };
};

const bestBy = (pool: readonly TargetPoint[], count: number): TargetPoint[] =>
  DOUBTS.flatMap((doubt) => [...pool].sort((a, b) => score(a, doubt) - score(b, doubt)).slice(0, count));

const distinctPoints = (points: readonly TargetPoint[]): TargetPoint[] => [
  ...new Map(points.map((point) => [Array.from(point.shares).join(), point])).values(),
];

/** The mixtures worth running: the proposal, the best of the pool by several scores, and a few at random. */
const candidateMixtures = ({ pool, best }: Survey, seed: number): TargetPoint[] => {
  const rng = createRng(seedOf(seed, 'candidates'));
  const random = Array.from({ length: CANDIDATES }, () => pool[rng.integer(pool.length)]!);
  return distinctPoints([best, ...bestBy(pool, CANDIDATES), ...random]);
};

/** Values every affordable candidate at every open fidelity. */
const valueCandidates = (
  { sweep, feasible, history }: Situation,
  belief: Belief,
  survey: Survey,
  mixtures: readonly TargetPoint[],
  open: readonly Fidelity[],
): Candidate[] => {
  const alternatives = alternativesAt(
    belief,
    distinctPoints([survey.best, ...bestBy(survey.pool, ALTERNATIVES)]).map(({ shares }) => shares),
  );
  return open.flatMap((fidelity) => {
    const affordable = mixtures
      .filter(({ shares }) => !history.isTaken(shares, fidelity))
      .map(({ shares }) => ({ shares, offer: history.offer(shares, fidelity) }))
      .filter(({ offer }) => offer.cost <= history.available);
    if (affordable.length === 0) return [];
    const values = valuesAt(
      belief,
      alternatives,
      affordable.map(({ shares }) => shares),
      fidelity,
    );
    return affordable.map(({ shares, offer: { cost, continues, mixture } }, i) => ({
      ...fidelity,
      mixture: mixture ?? mixtureOf(shares, Object.keys(sweep.domains)),
      cost,
      value: values[i]!,
      valuePerCost: values[i]! / cost,
      ...(continues === undefined ? {} : { continues }),
    }));
  });
};

/** Is it the turn of a test, counted over runs beyond the opening? */
const isTestTurn = ({ sweep, observations, pending }: Situation, tiers: readonly Tier[]): boolean => {
  const domains = Object.keys(sweep.domains);
  const searched = [...observations, ...pending].filter((run) => !isPlanned(tiers, domains, run)).length;
  return searched % TEST_EVERY === 0;
};

/** The candidates that test the proposal, at fidelities where nothing like it was run. */
const testCandidates = (
  { observations, pending }: Situation,
  candidates: readonly Candidate[],
  tested: Candidate['mixture'],
): Candidate[] =>
  candidates.filter(
    (candidate) =>
      massMoved(candidate.mixture, tested) < 1e-6 &&
      ![...observations, ...pending].some(
        (run) =>
          run.scale === candidate.scale &&
          run.steps >= candidate.steps &&
          massMoved(run.mixture, tested) < TESTED_WITHIN,
      ),
  );

const costliest = (sweep: Sweep, candidates: readonly Candidate[]): Candidate[] => {
  const most = Math.max(...candidates.map((candidate) => costOf(sweep, candidate)));
  return candidates.filter((candidate) => costOf(sweep, candidate) === most);
};

const nothingLeft = (candidates: readonly Candidate[], pool: readonly TargetPoint[]): boolean => {
  const means = pool.map(({ mean }) => mean);
  const spread = Math.max(...means) - Math.min(...means);
  return candidates.every(({ value }) => value <= NOTHING_TO_GAIN * spread);
};

const searchProposal = (situation: Situation, belief: Belief, tiers: readonly Tier[]): Proposal | null => {
  const { sweep, feasible, observations, seed, history } = situation;
  const survey = surveyMixtures(belief, sweep, feasible, observations, seed, 0);
  const { open, excluded } = searchFidelities(situation);
  const candidates = valueCandidates(situation, belief, survey, candidateMixtures(survey, seed), open);
  const untested = testCandidates(situation, candidates, mixtureOf(survey.best.shares, feasible.domains));
  // Certain is not tested: before it stops, the policy sees its recommendation confirmed where that says most.
  const last = nothingLeft(candidates, survey.pool);
  const tests = last ? costliest(sweep, untested) : isTestTurn(situation, tiers) ? untested : [];
  if (candidates.length === 0 || (last && tests.length === 0)) return null;
  const isTest = tests.length > 0;
  const considered = bestPerFidelity(candidates);
  const chosen = isTest ? bestPerFidelity(tests)[0]! : considered[0]!;
  const unaffordable = open
    .filter((fidelity) => !considered.some(({ scale, steps }) => scale === fidelity.scale && steps === fidelity.steps))
    .map((fidelity) => {
      const cost = costOf(sweep, fidelity);
      const reason =
        cost > history.available
          ? `costs ${figure(cost)}, and ${figure(Math.max(0, history.available))} of the budget is free`
          : 'every candidate there was run';
      return { ...fidelity, reason };
    });
  const leftOut = [...excluded, ...unaffordable];
  const { value: _value, valuePerCost: _valuePerCost, ...run } = chosen;
  const explanation: Explanation = {
    policy: 'titrate',
    phase: isTest ? 'test-recommendation' : 'search',
    reason: searchReason(sweep, considered, leftOut, chosen, isTest),
    committed: committedOf(situation),
    hyperparameters: hyperparametersOf(belief),
    fit: fitQualityOf(belief),
    trust: trustOf(sweep, observations, belief, trustPool(sweep, feasible)),
    considered,
    ...runnersUp(sweep, considered, chosen),
    excluded: leftOut,
    incumbent: incumbentOf(sweep, survey.best),
  };
  return { ...run, explanation };
};

/** Without one usable run there is no belief: draws a mixture at the cheapest fidelity that can be paid for. */
const blindProposal = (situation: Situation): Proposal | null => {
  const { sweep, feasible, history, seed, observations, pending } = situation;
  const rng = createRng(seedOf(seed, 'blind', observations.length + pending.length));
  const fidelities = sweep.scales
    .map(({ name, steps }) => ({ scale: name, steps: steps[0]! }))
    .sort((a, b) => costOf(sweep, a) - costOf(sweep, b));
  const shares = feasible.sample(rng, 1);
  const fidelity = fidelities.find((candidate) => !history.isTaken(shares, candidate));
  if (fidelity === undefined || costOf(sweep, fidelity) > history.available) return null;
  const proposal = openingProposal(situation, { ...fidelity, shares }, []);
  const reason = `No run has taught anything yet: tries a mixture drawn at random at ${fidelityText(fidelity)}, the cheapest there is.`;
  return { ...proposal, explanation: { ...proposal.explanation, reason } };
};

/** Opens, then searches. */
const proposeTitrate = (situation: Situation): Proposal | null => {
  const { sweep, feasible, observations, pending } = situation;
  const tiers = planOpening(sweep, feasible);
  const next = nextInOpening(situation, tiers);
  if (next !== undefined) return openingProposal(situation, next, tiers);
  if (!(situation.history.available > 0)) return null;
  const belief = formBelief(sweep, observations, pending);
  return belief === null ? blindProposal(situation) : searchProposal(situation, belief, tiers);
};

/** Makes titrate's policy. */
export const createTitrate = (sweep: Sweep): Policy => {
  parseOptions(sweep, Options);
  return { recommendsBy: 'belief', propose: proposeTitrate };
};
