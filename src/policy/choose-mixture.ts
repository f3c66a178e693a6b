import { costOf } from '../domain/cost.js';
import type { FeasibleSet } from '../domain/feasible-set.js';
import { sharesOf } from '../domain/mixture.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import { contrastedScales } from './contrasts.js';
import { scoreWithin, type Guards } from './guards.js';
import { bound, polish, type Score, type ShareEffects } from './polish.js';
import { polishWithin, rangeOf } from './polish-within.js';
import { broadPool, localPool, triedMixtures, typicalMixture } from './pool.js';
import { scoreIfSound, soundOf, type Survival } from './survival.js';

// Sds of the lead over the typical mixture, by what was seen. While one size alone has ranked mixtures, how far it can be believed is only
// guessed; once another size has ranked some, what is believed of it was put to the test. Both measured (docs/tried.md).
const CAUTION = { oneScale: 0.25, severalScales: 0.15 };

// Sds of a mixture's own prediction, once something is known at the target: that is then not left for what only looks a little
// better between runs. While every prediction is a guess at another size, their sds are alike, and this counts for nothing.
const OWN_DOUBT = 0.3; // measured against none (docs/tried.md)
const COSTLIEST = 20; // runs, among whose mixtures the best known is looked for

/** 0 while the mixtures of runs are as much in doubt at the target as the typical one, towards 1 as one of them is known there. */
const knownPart = (
  belief: Belief,
  sweep: Sweep,
  { domains }: FeasibleSet,
  completed: readonly Observation[],
  { sd }: TargetPoint,
): number => {
  const costliest = completed.toSorted((a, b) => costOf(sweep, b) - costOf(sweep, a)).slice(0, COSTLIEST);
  const sds = costliest.map(({ mixture }) => belief.predict(sharesOf(mixture, domains)).sd);
  const most = Math.max(sd, ...sds);
  return sds.length > 0 && most > 0 ? 1 - Math.min(...sds) / most : 0;
};

/** What a proposal goes by: the mean alone. */
export const BY_MEAN: Score = bound(0);

/**
 * What is reported: mean + part of the sd of the difference to the typical mixture, and of its own sd. A mixture leaves the middle of what is
 * allowed only for a lead that stands out of the doubt, be it that small scale misleads or that nothing like it was run.
 */
export const cautiousScore = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
): Score => {
  const typical = belief.predict(typicalMixture(feasible));
  const doubt = belief.doubtOfLead(typical);
  const completed = observations.filter(({ status }) => status === 'completed');
  // A single run at another size, or neighbours, say how large losses are there and nothing of which mixture is better.
  const ranking = contrastedScales(sweep, feasible, completed);
  const isTested = ranking.length > 1;
  const caution = isTested ? CAUTION.severalScales : CAUTION.oneScale;
  const isCompared = isTested || ranking.includes(sweep.target.scale);
  const own = isCompared ? OWN_DOUBT * knownPart(belief, sweep, feasible, completed, typical) : 0;
  return (point) => point.mean + caution * doubt(point) + own * point.sd;
};

const TRIED = 40; // mixtures of past runs looked at, best first
const STARTS = 2; // pool members polished; more found nothing better

/** The mixtures looked at, best mean first, and the best of them after polishing. */
export interface Survey {
  readonly pool: readonly TargetPoint[];
  readonly best: TargetPoint;
  /** What would have been best of those looked at, had runs of it not diverged; absent where that changed nothing. */
  readonly shunned?: TargetPoint;
}

/** A score that is never below the mean, and how to find its least values without working out every doubt. */
const lowest = (points: readonly TargetPoint[], score: Score, count: number): TargetPoint[] => {
  const found: { point: TargetPoint; value: number }[] = [];
  for (const point of [...points].sort((a, b) => a.mean - b.mean)) {
    if (found.length === count && point.mean >= found[count - 1]!.value) break;
    found.push({ point, value: score(point) });
    found.sort((a, b) => a.value - b.value);
    found.length = Math.min(found.length, count);
  }
  return found.map(({ point }) => point);
};

/** Looks over the feasible set for the mixture of least score at the target, among those that keep the guards and do not diverge. */
export const surveyMixtures = (
  belief: Belief,
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  seed: number,
  score: Score,
  guards?: Guards,
  survival?: Survival,
): Survey => {
  const plain = guards === undefined ? score : scoreWithin(guards, score);
  const rank = scoreIfSound(survival, plain);
  const goal = scoreIfSound(survival, score);
  const tried = feasible.list === undefined ? triedMixtures(sweep, feasible, observations) : [];
  const broad = [
    ...broadPool(feasible, seed).map((shares) => belief.predict(shares)),
    ...lowest(
      tried.map((shares) => belief.predict(shares)),
      guards === undefined ? BY_MEAN : scoreWithin(guards, BY_MEAN),
      TRIED,
    ),
  ];
  const around = lowest(broad, rank, 1)[0]!;
  const local = localPool(feasible, Float64Array.from(around.shares), seed).map((shares) => belief.predict(shares));
  const all = [...broad, ...local];
  const pool = soundOf(survival, all);
  const effectsAt = (point: TargetPoint, step: number): ShareEffects => belief.shareEffects(point, step);
  const polished = lowest(pool, rank, STARTS).map((start) =>
    guards === undefined
      ? polish(belief, feasible, start, goal)
      : polishWithin(belief, feasible, start, guards, { score: goal, worth: rangeOf(pool), effectsAt }),
  );
  const best = lowest(polished, rank, 1)[0]!;
  const shares = Float64Array.from(best.shares);
  const first = survival === undefined ? best : lowest(all, plain, 1)[0]!;
  return {
    pool,
    // Rounding of many small moves is undone before anything leaves.
    best: feasible.contains(shares) ? best : belief.predict(feasible.project(shares)),
    ...(survival?.isSound(first.shares) === false && !pool.includes(first) ? { shunned: first } : {}),
  };
};
