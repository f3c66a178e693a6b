/**
 * titrate's own policy: an opening ladder over corners and scales, then the run of the largest value of information about
 * the target per cost, never cheaper than what was spent, up to half a target run, unless its scale has proved a guide or it stands in
 * for a gap; every third run tests the mixture that would be recommended.
 */
import { z } from 'zod';
import { costOf } from '../domain/cost.js';
import type { Candidate, Explanation, Proposal } from '../domain/decision.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { massMoved, mixtureOf, sharesOf } from '../domain/mixture.js';
import type { Observation } from '../domain/observation.js';
import { createRng, seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief } from '../surrogate/belief.js';
import { formBelief, hyperparametersOf } from '../surrogate/form-belief.js';
import { trustOf } from '../surrogate/trust.js';
import { formBeliefs, type Beliefs } from './beliefs.js';
import { findOffers, isLate, nothingLeft } from './candidates.js';
import { BY_MEAN, cautiousScore, surveyMixtures, type Survey } from './choose-mixture.js';
import {
  bestPerFidelity,
  costText,
  fidelityText,
  fitQualityOf,
  incumbentOf,
  predictionOf,
  runnersUp,
  searchReason,
} from './explain.js';
import { missingContrast } from './contrasts.js';
import { LEAP } from './cost-floor.js';
import { chanceText, formGuards } from './guards.js';
import { planOpening, type Tier } from './opening.js';
import { awaitsResults } from './patience.js';
import type { Policy, Situation } from './policy.js';
import { parseOptions } from './policy-options.js';
import { trustPool } from './pool.js';
import { recommendable } from './recommendable.js';
import { allFidelities } from './run-lengths.js';
import { formSurvival, shunnedText, survivalText, type Survival } from './survival.js';
import { drawTradeOff, tradeOffText, type TradeOff } from './trade-off.js';

const Options = z.strictObject({}); // none yet: what is not known is refused

const TEST_EVERY = 3; // search runs; measured against 2, 4 and never (docs/tried.md)
const TESTED_WITHIN = 0.01; // mass moved: a proposal this near to a run at that fidelity counts as tested

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

/** Says which planned runs are still to be made: not those that were, nor those that stand to diverge. */
const dueRuns = ({ sweep, observations, history }: Situation): ((shares: Float64Array, tier: Tier) => boolean) => {
  const survival = formSurvival(sweep, observations);
  return (shares, tier) => !history.isTaken(shares, tier) && survival?.isStable(shares, tier) !== false;
};

/** A run of the opening. */
interface PlannedRun extends Fidelity, Pick<Tier, 'because'> {
  readonly shares: Float64Array;
}

/** The next run of the opening that is neither taken nor beyond the budget, nor too early. */
const nextInOpening = (situation: Situation, tiers: readonly Tier[]): PlannedRun | undefined => {
  const { history } = situation;
  const isDue = dueRuns(situation);
  for (const tier of tiers) {
    const { scale, steps, mixtures, because } = tier;
    if (tier.awaits === true || isServed(situation, tiers, tier)) continue;
    const shares = mixtures.find((mixture) => isDue(mixture, tier));
    if (shares !== undefined && history.offer(shares, tier).cost <= history.available)
      return { scale, steps, shares, ...(because === undefined ? {} : { because }) };
  }
  return undefined;
};

/**
 * Leaves out the runs of a tier that is still going on, once an earlier tier is complete: what half of a tier does not
 * cover would be guessed from it, and the recommendation would lurch.
 */
export const settledObservations = (situation: Situation): readonly Observation[] => {
  const { sweep, observations } = situation;
  const tiers = planOpening(situation);
  const domains = Object.keys(sweep.domains);
  const isDue = dueRuns(situation);
  const firstOpen = tiers.findIndex((tier) => tier.mixtures.some((shares) => isDue(shares, tier)));
  if (firstOpen < 1) return observations;
  if (!observations.every((run) => isPlanned(tiers, domains, run))) return observations;
  const done = tiers.slice(0, firstOpen);
  return observations.filter((run) => isPlanned(done, domains, run));
};

const committedOf = ({ history }: Situation): number => history.spent + history.pendingCost;

type Shown = Pick<Explanation, 'hyperparameters' | 'trust' | 'fit' | 'incumbent'>;

/** One belief serves a whole tier of the opening, so that what it shows is worked out once. */
const shownOf = new WeakMap<Belief, Shown>();

const showBelief = ({ sweep, feasible }: Situation, belief: Belief, settled: readonly Observation[]): Shown => {
  const allowed = recommendable(sweep, feasible);
  const score = cautiousScore(belief, sweep, allowed, settled);
  const guards = formGuards(sweep, allowed, settled, []);
  const { best } = surveyMixtures(belief, sweep, allowed, settled, sweep.seed, score, guards);
  return {
    hyperparameters: hyperparametersOf(belief),
    fit: fitQualityOf(belief),
    trust: trustOf(sweep, settled, belief, trustPool(sweep, feasible)),
    incumbent: incumbentOf(sweep, belief, best.shares),
  };
};

/** What is believed while the opening goes on, once its first tier is complete: shown, and no part of the choice. */
const beliefSoFar = (situation: Situation, tiers: readonly Tier[]): Shown => {
  const { sweep, observations } = situation;
  const settled = settledObservations(situation);
  const isEarly = observations.length < (tiers[0]?.mixtures.length ?? Infinity);
  const belief = isEarly ? null : formBelief(sweep, settled, []);
  if (belief === null) return { hyperparameters: {}, trust: [] };
  const shown = shownOf.get(belief) ?? showBelief(situation, belief, settled);
  shownOf.set(belief, shown);
  return shown;
};

const openingProposal = (situation: Situation, next: PlannedRun, tiers: readonly Tier[]): Proposal => {
  const { sweep, feasible, history } = situation;
  const { shares, scale, steps } = next;
  const { cost, continues, mixture } = history.offer(shares, next);
  const runs = tiers.reduce((sum, tier) => sum + tier.mixtures.length, 0);
  const total = tiers.reduce((sum, tier) => sum + tier.cost, 0);
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
        `${fidelityText(next)} for ${costText(sweep, cost)}; target-scale runs wait until smaller ones have said where to look.` +
        (next.because === undefined ? '' : ` ${next.because}`),
      committed: committedOf(situation),
      considered: [],
      excluded: [],
      ...beliefSoFar(situation, tiers),
    },
  };
};

/** Is it the turn of a test, counted over runs beyond the opening? */
const isTestTurn = ({ sweep, history }: Situation, tiers: readonly Tier[]): boolean => {
  const domains = Object.keys(sweep.domains);
  const searched = history.made.filter((run) => !isPlanned(tiers, domains, run)).length;
  return searched % TEST_EVERY === 0;
};

/** The candidates that test the proposal, at fidelities where nothing like it was run. */
const testCandidates = (
  { history }: Situation,
  candidates: readonly Candidate[],
  tested: Candidate['mixture'],
): Candidate[] =>
  candidates.filter(
    (candidate) =>
      massMoved(candidate.mixture, tested) < 1e-6 &&
      !history.made.some(
        (run) =>
          run.scale === candidate.scale &&
          run.steps >= candidate.steps &&
          massMoved(run.mixture, tested) < TESTED_WITHIN,
      ),
  );

/** Those at the target; where there is none, the costliest. */
const weightiest = (sweep: Sweep, candidates: readonly Candidate[]): Candidate[] => {
  const atTarget = candidates.filter((candidate) => isSameFidelity(candidate, sweep.target));
  if (atTarget.length > 0) return atTarget;
  const most = Math.max(...candidates.map((candidate) => costOf(sweep, candidate)));
  return candidates.filter((candidate) => costOf(sweep, candidate) === most);
};

/** Of all that is open: tests of the proposal where it is their turn and they are no leap, otherwise everything; nothing, where nothing is left to learn. */
const choicesOf = (
  situation: Situation,
  { best, pool }: Survey,
  open: readonly Candidate[],
  isTurn: boolean,
): { readonly choices: readonly Candidate[]; readonly isTest: boolean } => {
  const { sweep, feasible, history } = situation;
  const untested = testCandidates(situation, open, mixtureOf(best.shares, feasible.domains));
  // Certain is not tested: before it stops, the policy sees its recommendation confirmed where that says most.
  const last = nothingLeft(situation, open, pool);
  const near = untested.filter((candidate) => costOf(sweep, candidate) <= LEAP * history.seen);
  const tests = last || (isTurn && isLate(situation)) ? weightiest(sweep, untested) : isTurn ? near : [];
  if (tests.length > 0) return { choices: tests, isTest: true };
  if (!last) return { choices: open, isTest: false };
  // Nor is certainty that the target ranks mixtures like smaller scales, while it was asked about one mixture.
  const isFar = missingContrast(situation);
  const contrasts = open.filter(({ scale, mixture }) => scale === sweep.target.scale && isFar?.(mixture) === true);
  return { choices: contrasts, isTest: false };
};

const contrastText = (situation: Situation, { scale, mixture }: Candidate): string | undefined =>
  scale === situation.sweep.target.scale && missingContrast(situation)?.(mixture) === true
    ? "At the target's scale only one mixture and its neighbours were run so far: this one, far from them, shows whether it ranks mixtures as smaller scales do."
    : undefined;

/** What a decision goes by: the objective, or, where a front is sought, a trade-off drawn for the decision. */
interface Aim {
  readonly beliefs: Beliefs;
  readonly tradeOff?: TradeOff;
}

const aimOf = (situation: Situation, beliefs: Beliefs): Aim => {
  if (situation.sweep.objective.pareto === undefined) return { beliefs };
  const tradeOff = drawTradeOff(situation);
  return { beliefs: formBeliefs(situation, tradeOff.objective) ?? beliefs, tradeOff };
};

/** Says what runs that came to no end changed in the choice. */
const survivalReasons = (
  survival: Survival | undefined,
  { shunned }: Survey,
  candidates: readonly Candidate[],
  chosen: Candidate,
  domains: readonly string[],
): string[] => {
  if (survival === undefined) return [];
  const weighed = survivalText(survival, candidates, chosen, domains);
  return [
    ...(weighed === undefined ? [] : [weighed]),
    ...(shunned === undefined ? [] : [shunnedText(survival, shunned, domains)]),
  ];
};

const searchProposal = (situation: Situation, own: Beliefs, tiers: readonly Tier[]): Proposal | null => {
  const { sweep, feasible, observations, pending, seed } = situation;
  const isTurn = isTestTurn(situation, tiers);
  const { beliefs, tradeOff } = isTurn ? { beliefs: own } : aimOf(situation, own);
  const allowed = recommendable(sweep, feasible);
  const guards = formGuards(sweep, allowed, observations, pending);
  const survival = formSurvival(sweep, observations);
  const survey = surveyMixtures(beliefs.counting, sweep, allowed, observations, seed, BY_MEAN, guards, survival);
  const { open, ruledOut, excluded, floor } = findOffers(situation, beliefs, survey, guards, survival);
  const { choices, isTest } = choicesOf(situation, survey, open, isTurn);
  if (choices.length === 0) return null;
  const considered = bestPerFidelity([...open, ...ruledOut]);
  const chosen = bestPerFidelity(choices)[0]!;
  const shares = sharesOf(chosen.mixture, feasible.domains);
  const incumbent =
    tradeOff === undefined
      ? survey.best
      : surveyMixtures(own.counting, sweep, allowed, observations, seed, BY_MEAN, guards, survival).best;
  const shownGuards = pending.length === 0 ? guards : formGuards(sweep, allowed, observations, []);
  const { value: _value, valuePerCost: _valuePerCost, ...run } = chosen;
  const explanation: Explanation = {
    policy: 'titrate',
    phase: isTest ? 'test-recommendation' : 'search',
    reason: [
      searchReason({ sweep, considered, excluded, chosen, isTest }),
      ...[floor.exception(chosen), contrastText(situation, chosen)].filter((text) => text !== undefined),
      ...(tradeOff === undefined ? [] : [tradeOffText(tradeOff)]),
      ...(guards === undefined ? [] : [chanceText(guards, shares)]),
      ...survivalReasons(survival, survey, choices, chosen, feasible.domains),
    ].join(' '),
    committed: committedOf(situation),
    // What is shown is what runs have said; what is in flight has said nothing yet.
    hyperparameters: hyperparametersOf(own.reported),
    fit: fitQualityOf(own.reported),
    trust: trustOf(sweep, observations, own.reported, trustPool(sweep, feasible)),
    expected: predictionOf(sweep, own.reported.expectReport(shares, chosen)),
    ...(shownGuards === undefined ? {} : { guards: shownGuards.forecast(shares) }),
    considered,
    ...runnersUp(sweep, considered, chosen),
    excluded,
    incumbent: incumbentOf(sweep, own.reported, incumbent.shares),
  };
  return { ...run, explanation };
};

/** Without one usable run there is no belief: draws a mixture at the cheapest fidelity that can be paid for. */
const blindProposal = (situation: Situation): Proposal | null => {
  const { sweep, feasible, history, seed, observations, pending } = situation;
  const rng = createRng(seedOf(seed, 'blind', observations.length + pending.length));
  const members = feasible.list ?? [feasible.sample(rng, 1)];
  const first = rng.integer(members.length);
  const drawn = [...members.slice(first), ...members.slice(0, first)];
  const free = allFidelities(sweep)
    .sort((a, b) => costOf(sweep, a) - costOf(sweep, b))
    .map((fidelity) => ({ fidelity, shares: drawn.find((member) => !history.isTaken(member, fidelity)) }))
    .find(({ shares }) => shares !== undefined);
  if (free?.shares === undefined || costOf(sweep, free.fidelity) > history.available) return null;
  const { fidelity, shares } = free;
  const proposal = openingProposal(situation, { ...fidelity, shares }, []);
  const reason = `No run has taught anything yet: tries a mixture drawn at random at ${fidelityText(fidelity)}, the cheapest there is.`;
  return { ...proposal, explanation: { ...proposal.explanation, reason } };
};

/** Opens, then searches. */
const proposeTitrate = (situation: Situation): Proposal | null => {
  const tiers = planOpening(situation);
  const next = nextInOpening(situation, tiers);
  if (next !== undefined) return openingProposal(situation, next, tiers);
  if (!(situation.history.available > 0) || awaitsResults(situation, tiers)) return null;
  const beliefs = formBeliefs(situation);
  return beliefs === null ? blindProposal(situation) : searchProposal(situation, beliefs, tiers);
};

/** Makes titrate's policy. */
export const createTitrate = (sweep: Sweep): Policy => {
  parseOptions(sweep, Options);
  return { recommendsBy: 'belief', propose: proposeTitrate };
};
