/**
 * The front: mixtures than which no other is predicted to be better in every metric of the objective.
 *
 *   minimise over w   tau ln sum_i exp(lambda_i n_i / tau) + RHO sum_i n_i ,   n_i = (f_i(w) - ideal_i) / range_i
 *
 * | name | meaning |
 * |---|---|
 * | f_i | predicted mean of metric i at the target, turned so that less is better |
 * | ideal, range | least f_i, and its range, over the best mixtures looked at |
 * | lambda | weights on an even lattice over the metrics |
 *
 * The augmented Chebyshev scalarisation (Knowles 2006, IEEE Trans. Evol. Comput. 10, 50-66, eq. 2), which reaches every part of a
 * front. Differs from Knowles: the maximum is softened, so that share can be moved along its ridges, and the sum is not weighed,
 * so that a metric of weight 0 still breaks ties.
 */
import type { FrontPoint } from '../domain/decision.js';
import type { FeasibleSet } from '../domain/feasible-set.js';
import { mixtureOf } from '../domain/mixture.js';
import { metricSign } from '../domain/objective.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, TargetPoint } from '../surrogate/belief.js';
import type { Guards } from './guards.js';
import { beliefAbout, type MetricBelief } from './metric-belief.js';
import { polishWithin } from './polish-within.js';
import { polish, scaled, sumOf, type ShareEffects } from './polish.js';

const RHO = 0.05; // as in ParEGO
const SOFTNESS = 0.02; // tau: of the front's range, less than the gaps between the mixtures shown
const LATTICE = 12; // scalarisations at most, but for one a metric and the even one: each costs a polish
const FINEST = 8; // steps of the lattice along an edge
const SHOWN = 12; // mixtures returned at most, but for the best in each of more metrics
const TOO_NEAR = 0.02; // of the range: mixtures so alike in every metric would be one point of a plot

/** Every way to share `steps` among `count` metrics, as weights that sum to 1. */
const latticeOf = (count: number, steps: number): number[][] => {
  if (count === 1) return [[steps]];
  return Array.from({ length: steps + 1 }, (_, first) => first).flatMap((first) =>
    latticeOf(count - 1, steps - first).map((rest) => [first, ...rest]),
  );
};

/** The finest even lattice of weights that is not too large, and the even weights. */
const weightings = (count: number): number[][] => {
  let lattice = latticeOf(count, 1);
  for (let steps = 2; steps <= FINEST; steps++) {
    const finer = latticeOf(count, steps);
    if (finer.length > LATTICE) break;
    lattice = finer;
  }
  const even = new Array<number>(count).fill(1 / count);
  return [...lattice.map((row) => row.map((part) => part / row.reduce((sum, other) => sum + other, 0))), even];
};

/** A metric's belief, turned so that less is better. */
interface Term extends MetricBelief {
  readonly sign: 1 | -1;
}

const termsOf = (sweep: Sweep, observations: readonly Observation[]): Term[] =>
  Object.keys(sweep.objective.weights).flatMap((metric) => {
    const sign = metricSign(sweep.objective, metric);
    const belief = beliefAbout(sweep, metric, sign > 0 ? 'minimize' : 'maximize', observations, []);
    return belief === null ? [] : [{ ...belief, sign }];
  });

/** A mixture with its metrics, turned. */
interface Placed {
  readonly point: TargetPoint;
  readonly values: readonly number[];
}

const isBetter = (a: Placed, b: Placed): boolean =>
  a.values.every((value, i) => value <= b.values[i]!) && a.values.some((value, i) => value < b.values[i]!);

const undominated = (placed: readonly Placed[]): Placed[] =>
  placed.filter((candidate) => !placed.some((other) => isBetter(other, candidate)));

/** Where the front begins, and how far it goes, in each metric. */
interface Extent {
  readonly ideal: readonly number[];
  readonly range: readonly number[];
}

const extentOf = (front: readonly Placed[]): Extent => {
  const columns = (front[0]?.values ?? []).map((_, i) => front.map(({ values }) => values[i]!));
  return {
    ideal: columns.map((column) => Math.min(...column)),
    range: columns.map((column) => Math.max(...column) - Math.min(...column) || 1),
  };
};

const normalised = (values: readonly number[], { ideal, range }: Extent): number[] =>
  values.map((value, i) => (value - ideal[i]!) / range[i]!);

/** The scalarisation of normalised metrics, and what each counts for in it at the margin. */
const scalarise = (weights: readonly number[], at: readonly number[]): { value: number; slopes: number[] } => {
  const weighed = at.map((n, i) => weights[i]! * n);
  const top = Math.max(...weighed);
  const powers = weighed.map((n) => Math.exp((n - top) / SOFTNESS));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return {
    value: top + SOFTNESS * Math.log(total) + RHO * at.reduce((sum, n) => sum + n, 0),
    slopes: powers.map((power, i) => (weights[i]! * power) / total + RHO),
  };
};

/** Picks the best of each metric and then always the farthest from all picked, in normalised metrics. */
const spreadFront = (front: readonly Placed[], extent: Extent): Placed[] => {
  const places = front.map(({ values }) => normalised(values, extent));
  const best = extent.ideal.map((ideal, i) => front.findIndex(({ values }) => values[i] === ideal));
  const picked = new Set(best);
  const gapTo = (place: number[], other: number): number =>
    Math.max(...place.map((value, i) => Math.abs(value - places[other]![i]!)));
  while (picked.size < SHOWN) {
    const gaps = places.map((place) => Math.min(...[...picked].map((other) => gapTo(place, other))));
    const widest = Math.max(...gaps);
    if (!(widest > TOO_NEAR)) break;
    picked.add(gaps.indexOf(widest));
  }
  return [...picked].map((i) => front[i]!).sort((a, b) => a.values[0]! - b.values[0]!);
};

/**
 * Finds spread-out mixtures of the front, by their predicted means at the target, best in the first metric first. Under guards only
 * mixtures that keep them count; where none does, all.
 */
export const frontOf = (
  sweep: Sweep,
  feasible: FeasibleSet,
  observations: readonly Observation[],
  belief: Belief,
  pool: readonly TargetPoint[],
  guards: Guards | undefined,
  isAllowed: (point: TargetPoint) => boolean = () => true,
): FrontPoint[] => {
  const terms = termsOf(sweep, observations);
  const valuesAt = (shares: ArrayLike<number>): number[] => terms.map(({ sign, mean }) => sign * mean(shares));
  const place = (point: TargetPoint): Placed => ({ point, values: valuesAt(point.shares) });
  const kept = guards === undefined ? pool : pool.filter(({ shares }) => guards.areKept(shares));
  const within = kept.length > 0 ? guards : undefined;
  const looked = (kept.length > 0 ? kept : pool).map(place);
  const extent = extentOf(undominated(looked));
  const polished = weightings(terms.length).map((weights): Placed => {
    const at = (values: readonly number[]) => scalarise(weights, normalised(values, extent));
    const score = ({ shares }: TargetPoint): number => at(valuesAt(shares)).value;
    const effectsAt = ({ shares }: TargetPoint, step: number): ShareEffects => {
      const { slopes } = at(valuesAt(shares));
      return sumOf(
        terms.map((term, i) => scaled(term.effectsAt(shares, step), (term.sign * slopes[i]!) / extent.range[i]!)),
      );
    };
    const { point: start } = looked
      .map(({ point, values }) => ({ point, value: at(values).value }))
      .reduce((a, b) => (b.value < a.value ? b : a));
    const goal = { score, worth: 1, effectsAt };
    return place(
      within === undefined
        ? polish(belief, feasible, start, score, effectsAt)
        : polishWithin(belief, feasible, start, within, goal),
    );
  });
  const all = [...looked, ...polished].filter(({ point }) => feasible.contains(point.shares) && isAllowed(point));
  const front = undominated(all);
  return spreadFront(front, extentOf(front)).map(({ point: { shares } }) => ({
    mixture: mixtureOf(shares, feasible.domains),
    metrics: Object.fromEntries(terms.map(({ metric, predict }) => [metric, predict(shares)])),
  }));
};
