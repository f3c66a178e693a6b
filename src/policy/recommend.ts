import { costOf } from '../domain/cost.js';
import type { Recommendation } from '../domain/decision.js';
import { feasibleSet, type FeasibleSet } from '../domain/feasible-set.js';
import { mixtureOf, sharesOf, type Mixture } from '../domain/mixture.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { formBelief } from '../surrogate/form-belief.js';
import { minimizedValue } from '../domain/objective.js';
import { trustOf } from '../surrogate/trust.js';
import { checkCall } from './check-call.js';
import { cautiousScore, surveyMixtures, type Survey } from './choose-mixture.js';
import { withoutCrumbs } from './crumbs.js';
import { predictionOf } from './explain.js';
import { frontOf } from './front.js';
import { formGuards, guardNote, keptByReport, type Guards } from './guards.js';
import { historyOf } from './history.js';
import { nearOptimalSet, shareRangesOf, withinDoubtOf } from './near-optimal.js';
import { parseObservations } from './parse-observations.js';
import { policyOf } from './policies.js';
import type { Policy, Situation } from './policy.js';
import { triedMixtures, trustPool, typicalMixture } from './pool.js';
import { recommendable } from './recommendable.js';
import { formSurvival, shunnedText, type Survival } from './survival.js';
import { settledObservations } from './titrate.js';

export interface RecommendOptions {
  readonly seed: number;
  /** Recommended instead of the best unless the belief is clear (two sd) that it is worse. */
  readonly prefer?: Mixture;
}

const SDS_TO_LEAVE = 2; // a preferred mixture, such as a confirmed one, is left on clear evidence only
const CORNERS_SHOWN = 7; // with the centre: the eight mixtures that a recommendation shows at most

/** Nothing is known of `shares`: a mean of 0 and an sd of 1 stand for no knowledge at all, and all mixtures are alike. */
const blankRecommendation = (sweep: Sweep, feasible: FeasibleSet, shares: ArrayLike<number>): Recommendation => {
  const alike = [shares, ...feasible.extremePoints(CORNERS_SHOWN)];
  return {
    mixture: mixtureOf(shares, feasible.domains),
    mean: 0,
    sd: 1,
    nearOptimal: alike.map((point) => ({ mixture: mixtureOf(point, feasible.domains), mean: 0, sd: 1 })),
    shareRanges: shareRangesOf(feasible.domains, alike),
    trust: sweep.scales.map(({ name }) => ({ scale: name, correlation: 0, interval: [-1, 1] as const, runs: 0 })),
  };
};

/** The best completed run at the costliest fidelity that has one; there, those that reported to keep the guards come first. */
const bestRun = (
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
): Float64Array | undefined => {
  const completed = observations.filter(
    ({ status, mixture }) => status === 'completed' && triedMixtures(sweep, feasible, [{ mixture }]).length > 0,
  );
  const value = ({ metrics }: Observation): number => minimizedValue(sweep.objective, metrics);
  const best = completed.reduce<Observation | undefined>((a, b) => {
    if (a === undefined) return b;
    const dearer = costOf(sweep, b) - costOf(sweep, a);
    const safer = Number(keptByReport(sweep, b.metrics)) - Number(keptByReport(sweep, a.metrics));
    return dearer > 0 || (dearer === 0 && (safer > 0 || (safer === 0 && value(b) < value(a)))) ? b : a;
  }, undefined);
  return best === undefined ? undefined : Float64Array.from(sharesOf(best.mixture, feasible.domains));
};

/** The mixture that the policy itself names; undefined where the belief chooses. */
const namedMixture = (
  { recommendsBy }: Policy,
  situation: Situation,
  feasible: FeasibleSet,
): ArrayLike<number> | undefined => {
  if (recommendsBy === 'belief') return undefined;
  if (recommendsBy === 'best-run') return bestRun(situation.sweep, feasible, situation.observations);
  return recommendsBy({ ...situation, feasible }) ?? typicalMixture(feasible);
};

/** What counts as good as the chosen mixture keeps the guards where that one does, and diverges as little. */
const allowedLike = (
  guards: Guards | undefined,
  survival: Survival | undefined,
  chosen: TargetPoint,
): ((point: TargetPoint) => boolean) => {
  const within = guards?.areKept(chosen.shares) === true ? guards : undefined;
  const sound = survival?.isSound(chosen.shares) === true ? survival : undefined;
  return ({ shares }) => within?.areKept(shares) !== false && sound?.isSound(shares) !== false;
};

const chosenPoint = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  survey: Survey,
  prefer: Mixture | undefined,
  guards: Guards | undefined,
  survival: Survival | undefined,
): TargetPoint => {
  if (prefer === undefined) return survey.best;
  const shares = sharesOf(prefer, Object.keys(sweep.domains));
  if (!feasible.contains(shares)) return survey.best;
  if (guards?.areKept(shares) === false && guards.areKept(survey.best.shares)) return survey.best;
  const isSound = (mixture: ArrayLike<number>): boolean => survival?.isSound(mixture) !== false;
  if (!isSound(shares) && isSound(survey.best.shares)) return survey.best;
  const preferred = belief.predict(shares);
  return withinDoubtOf(belief, survey.best, SDS_TO_LEAVE)(preferred) ? preferred : survey.best;
};

/** What is said of the guards: their metrics at the mixture, and in words where they are not predicted to hold. */
const guardedPart = (
  guards: Guards,
  shares: ArrayLike<number>,
  recommendsBy: Policy['recommendsBy'],
): Pick<Recommendation, 'guards' | 'note'> => {
  const forecasts = guards.forecast(shares);
  const note = guardNote(forecasts, recommendsBy === 'belief' ? 'belief' : 'policy');
  return { guards: forecasts, ...(note === undefined ? {} : { note }) };
};

/**
 * Recommends a mixture for the target: least mean + doubt of its lead over the typical mixture, within all limits, among those predicted
 * to keep the guards; where there is none, the one expected to break them least. Shares too small to matter are left out. Policies that keep no
 * belief recommend the best of their runs at the costliest fidelity, with the belief's prediction as its interval. Before any
 * run has taught something it is what the policy names beforehand, or the typical mixture, with mean 0 and sd 1.
 *
 * @throws InputError when observations do not fit the sweep.
 */
export const recommend = (
  sweep: Sweep,
  observations: readonly Observation[],
  options: RecommendOptions,
): Recommendation => {
  checkCall(sweep, options);
  const parsed = parseObservations(sweep, observations);
  const policy = policyOf(sweep);
  const allowed = feasibleSet(sweep);
  const feasible = recommendable(sweep, allowed);
  const { seed, prefer } = options;
  const history = historyOf(sweep, parsed, []);
  const situation = { sweep, feasible: allowed, observations: parsed, pending: [], seed, history };
  const settled = policy.recommendsBy === 'belief' ? settledObservations(situation) : parsed;
  const belief = formBelief(sweep, settled, []);
  const named = namedMixture(policy, situation, feasible);
  if (belief === null) return blankRecommendation(sweep, feasible, named ?? typicalMixture(feasible));
  const guards = formGuards(sweep, feasible, settled, []);
  const survival = formSurvival(sweep, parsed);
  const score = cautiousScore(belief, sweep, feasible, settled);
  const survey: Survey =
    named === undefined
      ? surveyMixtures(belief, sweep, feasible, settled, seed, score, guards, survival)
      : {
          pool: triedMixtures(sweep, feasible, parsed).map((shares) => belief.predict(shares)),
          best: belief.predict(named),
        };
  const found = chosenPoint(belief, sweep, feasible, survey, prefer, guards, survival);
  const isAllowed = allowedLike(guards, survival, found);
  const isOwn = named === undefined && found === survey.best && guards?.areKept(found.shares) !== false;
  const chosen = isOwn ? withoutCrumbs(belief, feasible, found, isAllowed) : found;
  const isSound = allowedLike(undefined, survival, chosen);
  const alike = nearOptimalSet(belief, feasible, survey.pool, chosen, isAllowed);
  const guarded = guards === undefined ? {} : guardedPart(guards, chosen.shares, policy.recommendsBy);
  const notes = [
    ...('note' in guarded ? [guarded.note] : []),
    ...(survival === undefined || survey.shunned === undefined
      ? []
      : [shunnedText(survival, survey.shunned, feasible.domains)]),
  ];
  return {
    mixture: mixtureOf(chosen.shares, feasible.domains),
    ...predictionOf(sweep, belief.tell(chosen.shares)),
    expected: predictionOf(sweep, belief.expectReport(chosen.shares, sweep.target)),
    nearOptimal: alike.map((point) => ({
      mixture: mixtureOf(point.shares, feasible.domains),
      ...predictionOf(sweep, belief.tell(point.shares)),
    })),
    shareRanges: shareRangesOf(
      feasible.domains,
      alike.map(({ shares }) => shares),
    ),
    trust: trustOf(sweep, settled, belief, trustPool(sweep, feasible)),
    ...guarded,
    ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
    ...(sweep.objective.pareto === undefined
      ? {}
      : { front: frontOf(sweep, feasible, settled, belief, [...survey.pool, chosen], guards, isSound) }),
  };
};
