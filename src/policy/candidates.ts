/** What the search may buy: mixtures worth a look, at every fidelity that can be paid for, with their value per cost. */
import { costOf } from '../domain/cost.js';
import type { Candidate } from '../domain/decision.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { mixtureOf } from '../domain/mixture.js';
import { createRng, seedOf } from '../domain/rng.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import type { Beliefs } from './beliefs.js';
import type { Survey } from './choose-mixture.js';
import { missingContrast } from './contrasts.js';
import { costFloorOf, type CostFloor } from './cost-floor.js';
import { figure, type Excluded } from './explain.js';
import { chanceWeights, likelyKept, type Guards } from './guards.js';
import { alternativesAt, valuesAt } from './knowledge-gradient.js';
import type { Situation } from './policy.js';
import { bound } from './polish.js';
import type { Survival } from './survival.js';
import { runLengths, stepsNear } from './run-lengths.js';

const LONGEST_STEPS = 2; // of each scale: shorter runs are passed on the way
const SHORTER_PARTS = [1 / 2, 1 / 4, 1 / 8]; // of the longest run: what is bought at guides as well
const ALTERNATIVES = 40; // best pool members by each score below
const CANDIDATES = 8; // likewise, and as many at random
const DOUBTS = [0, -1, -2].map(bound); // mean, and mean less one and two sd: good, and perhaps good
const NOTHING_TO_GAIN = 1e-6; // of the spread of predictions over the pool: no run is worth its cost below
const WORTH_A_TARGET_RUN = 3e-4; // of that spread, late in a sweep; of a part of such a run, that part (docs/tried.md)

/** In target runs' worth of spending. */
const LATE = 2.5;

/** What was looked at. */
export interface Offers {
  /** What may be chosen. */
  readonly open: readonly Candidate[];
  /** What a rule forbids, valued all the same, so that the record shows what the rule cost. */
  readonly ruledOut: readonly Candidate[];
  /** Fidelities that may not be chosen, each with the reason. */
  readonly excluded: readonly Excluded[];
  readonly floor: CostFloor;
}

const bestBy = (pool: readonly TargetPoint[], count: number): TargetPoint[] =>
  DOUBTS.flatMap((score) => [...pool].sort((a, b) => score(a) - score(b)).slice(0, count));

const distinctPoints = (points: readonly TargetPoint[]): TargetPoint[] => [
  ...new Map(points.map((point) => [Array.from(point.shares).join(), point])).values(),
];

/** The mixtures worth running: the proposal, the best of the pool by several scores, and a few at random. */
const candidateMixtures = ({ pool, best }: Survey, seed: number): TargetPoint[] => {
  const rng = createRng(seedOf(seed, 'candidates'));
  const random = Array.from({ length: pool.length > 0 ? CANDIDATES : 0 }, () => pool[rng.integer(pool.length)]!);
  return distinctPoints([best, ...bestBy(pool, CANDIDATES), ...random]);
};

/**
 * The mixtures worth running at a fidelity. Of a finite list, those are looked for among the members that can still be run
 * there: the best of the survey may all have been run, or have no run there that can be made.
 */
const mixturesFor = (
  { sweep, feasible, history, seed }: Situation,
  belief: Belief,
  survey: Survey,
  guards: Guards | undefined,
): ((fidelity: Fidelity) => readonly TargetPoint[]) => {
  const likely = (pool: readonly TargetPoint[]) =>
    guards === undefined || pool.length === 0 ? pool : likelyKept(guards, pool);
  if (feasible.list === undefined) {
    const mixtures = candidateMixtures({ ...survey, pool: likely(survey.pool) }, seed);
    return () => mixtures;
  }
  // Where runs are listed, the survey knows of the members that may be recommended alone.
  const members = sweep.runs === undefined ? survey.pool : feasible.list.map((shares) => belief.predict(shares));
  return (fidelity) => {
    const left = members.filter(({ shares }) => !history.isTaken(shares, fidelity));
    return candidateMixtures({ pool: likely(left), best: survey.best }, seed);
  };
};

/** While the target's scale was asked about neighbours alone, leaves there only what lies far from them, if anything does. */
const contrastsAtTarget =
  (situation: Situation) =>
  (mixtures: readonly TargetPoint[], { scale }: Fidelity): readonly TargetPoint[] => {
    const { sweep, feasible } = situation;
    const isFar = scale === sweep.target.scale ? missingContrast(situation) : undefined;
    const far = mixtures.filter(({ shares }) => isFar?.(mixtureOf(shares, feasible.domains)) === true);
    return far.length > 0 ? far : mixtures;
  };

/** The longest runs of each scale; where none of them can be paid for anew, with the longest of each scale that can. */
const fidelitiesToSearch = ({ sweep, history }: Situation): Fidelity[] => {
  const lengths = sweep.scales.map((scale) =>
    runLengths(sweep, scale).map((steps): Fidelity => ({ scale: scale.name, steps })),
  );
  const longest = lengths.flatMap((fidelities) => fidelities.slice(-LONGEST_STEPS));
  const isPayable = (fidelity: Fidelity): boolean => costOf(sweep, fidelity) <= history.available;
  if (longest.some(isPayable)) return longest;
  return [
    ...lengths.flatMap((fidelities) => fidelities.slice(0, -LONGEST_STEPS).filter(isPayable).slice(-1)),
    ...longest,
  ];
};

/** Shorter runs of the scales that need not keep to the least cost: they say there much of what longer ones do, for less. */
const shorterAtGuides = ({ sweep }: Situation, floor: CostFloor, longest: readonly Fidelity[]): readonly Fidelity[] =>
  sweep.scales.flatMap((scale) => {
    const lengths = runLengths(sweep, scale);
    if (lengths.length === 0) return [];
    return [...new Set(SHORTER_PARTS.map((part) => stepsNear(lengths, part)))]
      .map((steps): Fidelity => ({ scale: scale.name, steps }))
      .filter((fidelity) => floor.isAtGuide(fidelity))
      .filter((fidelity) => !longest.some((other) => isSameFidelity(other, fidelity)));
  });

const unaffordableReason = ({ sweep, history }: Situation, fidelity: Fidelity): string => {
  const cost = costOf(sweep, fidelity);
  if (cost <= history.available) return 'every candidate there was run';
  return `costs ${figure(cost)}, and ${figure(Math.max(0, history.available))} of the budget is free`;
};

/** What a run's value is multiplied by. */
type Weight = (point: TargetPoint, fidelity: Fidelity) => number;

/** Values candidate mixtures at a list of fidelities, leaving out what was run and what cannot be paid for. */
const valuer = (situation: Situation, belief: Belief, survey: Survey, weightOf: Weight) => {
  const { feasible, history } = situation;
  const points = distinctPoints([survey.best, ...bestBy(survey.pool, ALTERNATIVES)]);
  const alternatives = alternativesAt(belief, points);
  return (mixtures: readonly TargetPoint[], fidelity: Fidelity): Candidate[] => {
    const offers = mixtures
      .filter(({ shares }) => !history.isTaken(shares, fidelity))
      .map((point) => ({ point, ...history.offer(point.shares, fidelity) }))
      .filter(({ cost }) => cost <= history.available);
    if (offers.length === 0) return [];
    const run = offers.map(({ point }) => point);
    const values = valuesAt(belief, alternatives, run, fidelity);
    return offers.map(({ cost, continues, mixture, point }, i) => {
      const value = weightOf(point, fidelity) * values[i]!;
      return {
        ...fidelity,
        mixture: mixture ?? mixtureOf(point.shares, feasible.domains),
        cost,
        value,
        valuePerCost: value / cost,
        ...(continues === undefined ? {} : { continues }),
      };
    });
  };
};

/**
 * Looks at every fidelity: what it offers, and whether it may be chosen. The survey is of what may be recommended. Under
 * guards, that is what keeps them rather than not, and a run's value is weighed by the chance that its mixture does.
 * Where runs diverged or failed, it is weighed by the chance that this one comes to its end. Where smaller scales are believed to be guides,
 * the target is asked about mixtures that lie far apart first, so that this is put to the test.
 *
 * The least cost of a run does not end the search: where it leaves nothing that is worth anything, it comes down, the costliest
 * fidelity first, until something is.
 */
export const findOffers = (
  situation: Situation,
  { counting: belief, reported }: Beliefs,
  survey: Survey,
  guards?: Guards,
  survival?: Survival,
): Offers => {
  const { sweep } = situation;
  const longest = fidelitiesToSearch(situation);
  const mixturesAt = mixturesFor(situation, belief, survey, guards);
  const floor = costFloorOf(situation, reported, longest);
  const fidelities = [...longest, ...shorterAtGuides(situation, floor, longest)];
  const worthwhile = floor.hasGuides ? contrastsAtTarget(situation) : (mixtures: readonly TargetPoint[]) => mixtures;
  const looks = fidelities.map((fidelity) => ({ fidelity, mixtures: worthwhile(mixturesAt(fidelity), fidelity) }));
  const within = guards === undefined ? survey : { ...survey, pool: likelyKept(guards, survey.pool) };
  const all = distinctPoints(looks.flatMap(({ mixtures }) => mixtures));
  const guarded = guards === undefined ? () => 1 : chanceWeights(guards, all);
  const weightOf: Weight = (point, fidelity) => guarded(point) * (survival?.chance(point.shares, fidelity) ?? 1);
  const value = valuer(situation, belief, within, weightOf);
  const isBelow = ({ fidelity }: { fidelity: Fidelity }): boolean => floor.isBelow(fidelity);
  const valued = ({ fidelity, mixtures }: (typeof looks)[number]): Candidate[] => value(mixtures, fidelity);
  const above = looks.filter((look) => !isBelow(look)).flatMap(valued);
  const below = looks.filter(isBelow).sort((a, b) => costOf(sweep, b.fidelity) - costOf(sweep, a.fidelity));
  const open = [...above];
  for (let next = 0; next < below.length && nothingLeft(situation, open, survey.pool); next++)
    open.push(...valued(below[next]!));
  if (nothingLeft(situation, open, survey.pool)) open.splice(above.length);
  const isOpen = (fidelity: Fidelity): boolean => open.some((candidate) => isSameFidelity(candidate, fidelity));
  // The first candidates are the proposal and the best by mean: enough to show what a forbidden fidelity is worth.
  const ruledOut = below
    .filter(({ fidelity }) => !isOpen(fidelity))
    .flatMap(({ fidelity, mixtures }) => value(mixtures.slice(0, 1 + CANDIDATES), fidelity));
  const excluded = looks
    .filter(({ fidelity }) => !isOpen(fidelity))
    .map((look) => {
      const reason = isBelow(look) ? floor.reason(look.fidelity) : unaffordableReason(situation, look.fidelity);
      return { ...look.fidelity, reason };
    });
  return { open, ruledOut, excluded, floor };
};

/** Was so much spent that what is believed can be held to it? What was learnt below the target is then checked there, and a large run must promise something. */
export const isLate = ({ sweep, history }: Situation): boolean => history.spent > LATE * costOf(sweep, sweep.target);

/** Is no open candidate worth its cost? Where runs diverged a promise is cut by the chance that this one does too, and says little of what is left to learn. */
export const nothingLeft = (
  situation: Situation,
  candidates: readonly Candidate[],
  pool: readonly TargetPoint[],
): boolean => {
  const { sweep, observations } = situation;
  const means = pool.map(({ mean }) => mean);
  const spread = Math.max(...means) - Math.min(...means);
  const isHeld = isLate(situation) && observations.every(({ status }) => status !== 'diverged');
  const perCost = isHeld ? WORTH_A_TARGET_RUN / costOf(sweep, sweep.target) : 0;
  return candidates.every(({ value, cost }) => value <= Math.max(NOTHING_TO_GAIN, perCost * cost) * spread);
};
