/**
 * How likely a run is to come to its end, learnt from the runs that did, diverged or failed.
 *
 *   P(ends at (w, f)) = (p_f + E) / (1 + E + sum over the others weight k) ,   k = k_w(w, w_i) k_f(f, f_i)
 *   p_f = min(PRIOR, (PRIOR COMMON + A) / (COMMON + A + sum over the diverged k_f))
 *
 * | name | meaning |
 * |---|---|
 * | k_w | Matern 5/2 of Hellinger's distance between mixtures |
 * | k_f | squared exponential of log parameters and log tokens, in the units of fidelity-features.ts |
 * | E | the largest k over the runs of one size that ended, summed over sizes: many cheap runs at one place vouch for it once |
 * | weight | 1 of a run that diverged, FAILED of one that failed |
 * | A | the sum of k_f over the runs, no smaller, that ended |
 * | p_f | that a run ends where none was made: what is common there, PRIOR worth COMMON runs |
 *
 * A Beta-Bernoulli model smoothed by kernels (Goetschalckx, Poupart & Hoey 2011, "Continuous correlated Beta processes").
 *
 * The kernels are those of the belief, with lengths of their own: how slowly a loss changes over mixtures says nothing about
 * how near to a run that blew up the next one does, and there are too few such runs to learn that from.
 *
 * Differs from the source: what a run tells of other steps is one-sided. A run that ended was whole at all steps before, and one
 * that diverged would not have come further; only the other way round it tells less with distance. And a run that ended tells less of
 * larger sizes than one that diverged does.
 *
 * Kernels of one length cannot tell an edge: what ended on one side of it outvotes what diverged just beyond, or the other way round. What may
 * be recommended is therefore decided, beside runs, by the nearest of them (Cover & Hart 1967). Runs in between move the edge on.
 */
import type { Candidate } from '../domain/decision.js';
import { TEACHES } from '../domain/ending.js';
import type { Fidelity } from '../domain/fidelity.js';
import { sharesOf } from '../domain/mixture.js';
import { RETRACTED, type Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { TargetPoint } from '../surrogate/belief.js';
import { fidelityFeatures, lengthOf, type FidelityPoint } from '../surrogate/fidelity-features.js';
import { distanceOf, embed, radialAt } from '../surrogate/kernel.js';
import { fidelityText, figure } from './explain.js';
import type { Score } from './polish.js';

const PRIOR = 0.9; // that a run ends before any was made, worth one run beside others: one that diverged at a place makes it less than even
// What is common at a fidelity is learnt from all its runs, wherever they lie: without it a search that is drawn to where runs diverge
// creeps away from there by one lost run after another. Worth so many runs; measured among 2, 3, 4, 6 and 10 (docs/tried.md).
const COMMON = 3;
const MIXTURE_LENGTH = 0.35; // of Hellinger's distance, 1.41 at most: corners say next to nothing of each other
const SIZE_LENGTH = 0.41; // a factor of five in parameters: a divergence at a 25th of the size counts an eighth
const STEPS_LENGTH = 0.5; // a factor of three in tokens
const VOUCHED_LENGTH = SIZE_LENGTH / 2; // of size: larger models are the less stable ones, so small ones vouch for little
// A job that fails with its own error, or its machine's, says little about the mixture: four of them count as one divergence.
const FAILED = 0.25;
const EVEN = 0.5; // below it, a run is sooner lost than not
const SHARES_NAMED = 2; // of a mixture: enough to say where runs blow up

const SHAPE = { embedding: 'sqrt', radial: 'matern52' } as const;

/** What was learnt from runs that came to no end. */
export interface Survival {
  /** The chance that a run ends well: neither diverges nor fails. */
  chance(shares: ArrayLike<number>, fidelity: Fidelity): number;
  /** Do the runs near it leave it more likely than not that a run does not diverge? Failed jobs say nothing of that. */
  isStable(shares: ArrayLike<number>, fidelity: Fidelity): boolean;
  /** The chance that a run at the target does not diverge. */
  stability(shares: ArrayLike<number>): number;
  /** May it be recommended: do the runs beside it say so or, where none is, is it more likely than not to be stable at the target? */
  isSound(shares: ArrayLike<number>): boolean;
}

/** The mixtures that may be recommended; of none such, all. */
export const soundOf = (survival: Survival | undefined, pool: readonly TargetPoint[]): readonly TargetPoint[] => {
  if (survival === undefined) return pool;
  const sound = pool.filter(({ shares }) => survival.isSound(shares));
  return sound.length > 0 ? sound : pool;
};

const BLOWS_UP = 1e30 * 2 ** 500; // near 1e180: beyond any objective and any broken guard, also over what a tiny objective is counted in

/** Orders mixtures that may be recommended by the score, and all others behind them by how likely they diverge. */
export const scoreIfSound = (survival: Survival | undefined, score: Score): Score =>
  survival === undefined
    ? score
    : (point) => (survival.isSound(point.shares) ? score(point) : BLOWS_UP * (2 - survival.stability(point.shares)));

const percent = (chance: number): string => `${figure(100 * chance)} %`;

/** Says that what looked best was left out, as runs of it diverge; for the reader of a recommendation or a decision. */
export const shunnedText = (survival: Survival, shunned: TargetPoint, domains: readonly string[]): string => {
  const mixture = [...domains.keys()]
    .sort((a, b) => shunned.shares[b]! - shunned.shares[a]!)
    .slice(0, SHARES_NAMED)
    .filter((i) => shunned.shares[i]! > 0)
    .map((i) => `${domains[i]!} ${figure(100 * shunned.shares[i]!)} %`)
    .join(', ');
  const stability = survival.stability(shunned.shares);
  const why =
    stability < EVEN
      ? `the chance that one at the target would not is put at ${percent(stability)}`
      : 'none as large and as long that lies nearer to it has ended';
  return `What is predicted to be best among all mixtures (mostly ${mixture}) was left out: runs near it diverged, and ${why}.`;
};

/** Says that another run would have been bought, were every run to end well; undefined where that changed nothing. */
export const survivalText = (
  survival: Survival,
  candidates: readonly Candidate[],
  chosen: Candidate,
  domains: readonly string[],
): string | undefined => {
  const chanceOfRun = (run: Candidate): number => survival.chance(sharesOf(run.mixture, domains), run);
  const unweighed = (run: Candidate): number => run.valuePerCost / chanceOfRun(run);
  const first = candidates.reduce((a, b) => (unweighed(b) > unweighed(a) ? b : a), chosen);
  if (first === chosen) return undefined;
  const [its, own] = [percent(chanceOfRun(first)), percent(chanceOfRun(chosen))];
  return `Values are weighed by the chance that a run neither diverges nor fails, ${own} for this one; another at ${fidelityText(first)}, with ${its}, would have come first otherwise.`;
};

type Lost = 'failed' | 'diverged';
type Fate = 'completed' | Lost;

/** A run that came to an end of some kind. */
interface Fated {
  readonly fate: Fate;
  readonly embedded: Float64Array;
  readonly place: FidelityPoint;
}

const WEIGHTS: Readonly<Record<Lost, number>> = { diverged: 1, failed: FAILED };
const DIVERGED_ALONE: Readonly<Record<Lost, number>> = { ...WEIGHTS, failed: 0 };

const isFate = (status: Observation['status']): status is Fate => status !== RETRACTED && TEACHES[status] !== 'nothing';

/** k_f, one-sided in steps, and shorter from a run that ended up to larger sizes. */
const likenessOfFidelity = ({ fate, place }: Fated, at: FidelityPoint): number => {
  const [larger, longer] = [at.size - place.size, lengthOf(at) - lengthOf(place)];
  const steps = fate === 'completed' ? Math.max(0, longer) : fate === 'diverged' ? Math.min(0, longer) : longer;
  const sizeLength = fate === 'completed' && larger > 0 ? VOUCHED_LENGTH : SIZE_LENGTH;
  return Math.exp(-0.5 * ((larger / sizeLength) ** 2 + (steps / STEPS_LENGTH) ** 2));
};

/** p_f. */
const commonChance = (runs: readonly Fated[], at: FidelityPoint): number => {
  let [ended, diverged] = [0, 0];
  for (const run of runs) {
    if (run.fate === 'completed' && run.place.size >= at.size && run.place.tokens >= at.tokens)
      ended += likenessOfFidelity(run, at);
    if (run.fate === 'diverged') diverged += likenessOfFidelity(run, at);
  }
  return Math.min(PRIOR, (PRIOR * COMMON + ended) / (COMMON + ended + diverged));
};

/** The chance that a run ends, from those near it, and from `prior` where there are none. */
const chanceOf = (
  runs: readonly Fated[],
  weights: Readonly<Record<Lost, number>>,
  embedded: Float64Array,
  at: FidelityPoint,
  prior: number,
): number => {
  const nearestEnded = new Map<number, number>(); // of each size
  let lost = 0;
  for (const run of runs) {
    const near = radialAt(SHAPE, distanceOf(embedded, run.embedded), MIXTURE_LENGTH) * likenessOfFidelity(run, at);
    const { size } = run.place;
    if (run.fate === 'completed') nearestEnded.set(size, Math.max(near, nearestEnded.get(size) ?? 0));
    else lost += weights[run.fate] * near;
  }
  const ended = [...nearestEnded.values()].reduce((sum, near) => sum + near, 0);
  return (prior + ended) / (1 + ended + lost);
};

const BESIDE = 0.1; // of Hellinger's distance: as much of the mass, moved between two halves

/**
 * What the runs beside a mixture say of it: stable where one as large and as long as the target ended and none that diverged is nearer;
 * unstable where one diverged and none no smaller and no shorter that ended is nearer; undefined where neither is beside it.
 */
const saidBeside = (runs: readonly Fated[], embedded: Float64Array, target: FidelityPoint): boolean | undefined => {
  const beside = runs.flatMap((run) => {
    const gap = distanceOf(embedded, run.embedded);
    return gap <= BESIDE ? [{ ...run, gap }] : [];
  });
  const ended = beside.filter(({ fate }) => fate === 'completed');
  const reaches = (run: Fated, place: FidelityPoint): boolean =>
    run.place.size >= place.size && lengthOf(run.place) >= lengthOf(place);
  const lost = beside.filter(({ fate }) => fate === 'diverged');
  if (lost.some(({ gap, place }) => !ended.some((run) => run.gap <= gap && reaches(run, place)))) return false;
  return ended.some((run) => reaches(run, target)) ? true : undefined;
};

/** Learns from runs which of them come to their end; undefined when all did. */
export const formSurvival = (sweep: Sweep, observations: readonly Observation[]): Survival | undefined => {
  if (!observations.some(({ status }) => isFate(status) && status !== 'completed')) return undefined;
  const place = fidelityFeatures(sweep);
  const domains = Object.keys(sweep.domains);
  const runs = observations.flatMap(({ status, mixture, scale, steps }): Fated[] =>
    isFate(status)
      ? [{ fate: status, embedded: embed(SHAPE, sharesOf(mixture, domains)), place: place({ scale, steps }) }]
      : [],
  );
  const target = place(sweep.target);
  const commonAtTarget = commonChance(runs, target); // asked for with every mixture that is looked at
  const stability = (shares: ArrayLike<number>): number =>
    chanceOf(runs, DIVERGED_ALONE, embed(SHAPE, shares), target, commonAtTarget);
  return {
    chance: (shares, fidelity) => {
      const at = place(fidelity);
      return chanceOf(runs, WEIGHTS, embed(SHAPE, shares), at, commonChance(runs, at));
    },
    isStable: (shares, fidelity) =>
      chanceOf(runs, DIVERGED_ALONE, embed(SHAPE, shares), place(fidelity), PRIOR) >= EVEN,
    stability,
    isSound: (shares) => saidBeside(runs, embed(SHAPE, shares), target) ?? stability(shares) >= EVEN,
  };
};
