/**
 * How far each scale ranks mixtures as the target does, under the posterior.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | f_a, f_t | a draw of the objective at the scale's longest run and at the target, each less its mean over the mixtures | P |
 * | C | posterior covariance of (f_a, f_t) | 2P × 2P |
 * | r | f_a . f_t / (\|f_a\| \|f_t\|), one a draw | |
 *
 * What is told is the median of r and the interval that holds nine tenths of it. The median, and not the ratio of expected
 * covariances: the latter is ruled by the draws that vary most, need not be a value that r takes as often above as below, and
 * may lie outside of the interval.
 */
import type { FidelityTrust } from '../domain/decision.js';
import type { Fidelity } from '../domain/fidelity.js';
import type { Observation } from '../domain/observation.js';
import { createRng, seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief } from './belief.js';
import { scaleGap2, type FidelityPoint } from './fidelity-features.js';
import { cholesky, inner } from './linear-algebra.js';

const MIXTURES = 16; // compared; more change the figures by less than their intervals are wide
const DRAWS = 301; // so that the quantiles below fall on draws; their own error is then a tenth of the interval
const [LOW, MIDDLE, HIGH] = [0.05, 0.5, 0.95];
const LOST = 1e-7; // of the uncentred prior: what mixtures differ by less is lost in the rounding of the trend that they share
const DEFINITE = 1e-9; // of the prior's variance: centring leaves C singular, and rounding errors are smaller than this

/** What is known of one scale. */
type Ranking = Required<Pick<FidelityTrust, 'correlation' | 'interval'>>;

const UNKNOWN: Ranking = { correlation: 0, interval: [-1, 1] };
const ITSELF: Ranking = { correlation: 1, interval: [1, 1] };

/** The posterior of the objective over the mixtures at one fidelity. */
interface Slice {
  readonly at: FidelityPoint;
  /** Means less their mean (P). */
  readonly deviations: Float64Array;
  /** Sd of the objective per sd of the process. */
  readonly scales: Float64Array;
  /** L^-1 k (n) of each, times its scale. */
  readonly whitened: readonly Float64Array[];
}

const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

const sliceAt = (belief: Belief, likeness: readonly Float64Array[], at: FidelityPoint): Slice => {
  const whitened = belief.process.whitenLikeness(likeness, at);
  const columns = belief.columns.map((_, output) => belief.process.meansOf(whitened, output));
  const states = likeness.map((_, i) => belief.stateOf(columns.map((means) => means[i]!)));
  const scales = Float64Array.from(states, (state) => belief.scaleAt(state));
  const mean = meanOf(states.map((state) => state.mean));
  return {
    at,
    deviations: Float64Array.from(states, (state) => state.mean - mean),
    scales,
    whitened: whitened.map((v, i) => v.map((value) => value * scales[i]!)),
  };
};

/** Takes the means of rows and of columns out of a square block, in place. */
const centre = (block: Float64Array, count: number): void => {
  for (const [step, stride] of [
    [1, count],
    [count, 1],
  ] as const) {
    for (let i = 0; i < count; i++) {
      let mean = 0;
      for (let j = 0; j < count; j++) mean += block[i * stride + j * step]! / count;
      for (let j = 0; j < count; j++) block[i * stride + j * step] = block[i * stride + j * step]! - mean;
    }
  }
};

/** The mixtures that scales are compared over, with their likeness to each other (P × P). */
interface Compared {
  readonly belief: Belief;
  readonly count: number;
  readonly table: Float64Array;
}

const traceOf = (block: Float64Array, count: number): number => {
  let trace = 0;
  for (let i = 0; i < count; i++) trace += block[i * (count + 1)]!;
  return trace;
};

/** Prior and posterior covariance (P × P) of the centred objective at two fidelities; the prior's trace before it was centred. */
const covarianceOf = (
  { belief, count, table }: Compared,
  a: Slice,
  b: Slice,
): { prior: Float64Array; posterior: Float64Array; whole: number } => {
  const prior = belief.process.priorTable(table, a.at, b.at);
  const posterior = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const at = i * count + j;
      const before = prior[at]! * a.scales[i]! * b.scales[j]!;
      prior[at] = before;
      posterior[at] = before - inner(a.whitened[i]!, b.whitened[j]!);
    }
  }
  const whole = traceOf(prior, count);
  centre(prior, count);
  centre(posterior, count);
  return { prior, posterior, whole };
};

type Covariance = ReturnType<typeof covarianceOf>;

/** The lower factor (2P × 2P) of C; null where the prior lets mixtures differ by no more than what is lost in rounding. */
const factorOf = (compared: Compared, a: Slice, target: Slice, atTarget: Covariance): Float64Array | null => {
  const { count } = compared;
  const own = covarianceOf(compared, a, a);
  const cross = covarianceOf(compared, target, a);
  const jitters = [own, atTarget].map(({ prior }) => (DEFINITE * traceOf(prior, count)) / count);
  if ([own, atTarget].some(({ prior, whole }) => !(traceOf(prior, count) > LOST * whole))) return null;
  const size = 2 * count;
  const joint = new Float64Array(size * size);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const at = i * count + j;
      const diagonal = i === j ? 1 : 0;
      joint[i * size + j] = own.posterior[at]! + diagonal * jitters[0]!;
      joint[(count + i) * size + j] = cross.posterior[at]!;
      joint[(count + i) * size + count + j] = atTarget.posterior[at]! + diagonal * jitters[1]!;
    }
  }
  return cholesky(joint, size);
};

/** Adds the factor times standard normals to the means: one draw (2P). */
const drawFrom = (means: Float64Array, factor: Float64Array, normals: Float64Array): Float64Array => {
  const size = means.length;
  const draw = means.slice();
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += factor[i * size + j]! * normals[j]!;
    draw[i] = draw[i]! + sum;
  }
  return draw;
};

const correlationOf = (a: Float64Array, b: Float64Array): number => {
  const size = Math.sqrt(inner(a, a) * inner(b, b));
  return size > 0 ? Math.max(-1, Math.min(1, inner(a, b) / size)) : 0;
};

const isSamePoint = (a: FidelityPoint, b: FidelityPoint): boolean => scaleGap2(a, b) === 0 && a.steps === b.steps;

const knownNormals = new Map<number, readonly Float64Array[]>();

/** The same standard normals (DRAWS × 2P) for every scale and belief: figures move with the belief alone. */
const normalsFor = (count: number): readonly Float64Array[] => {
  const known = knownNormals.get(count);
  if (known !== undefined) return known;
  const rng = createRng(seedOf('trust'));
  const normals = Array.from({ length: DRAWS }, () => Float64Array.from({ length: 2 * count }, () => rng.normal()));
  knownNormals.set(count, normals);
  return normals;
};

/** Says of one fidelity how it ranks mixtures, against the target. */
export type Ranker = (fidelity: Fidelity) => Ranking;

/** Correlates draws at a fidelity with the same draws at the target. What fidelities share is worked out once, and each of them once. */
const makeRanker = (belief: Belief, mixtures: readonly Float64Array[]): Ranker => {
  const { process } = belief;
  const count = mixtures.length;
  const compared = { belief, count, table: process.likenessTable(mixtures, mixtures) };
  const likeness = mixtures.map((shares) => process.likenessOf(shares));
  const target = sliceAt(belief, likeness, belief.target.fidelity);
  const atTarget = covarianceOf(compared, target, target);
  const normals = normalsFor(count);
  const rank: Ranker = (fidelity) => {
    const at = belief.place(fidelity);
    if (isSamePoint(at, target.at)) return ITSELF;
    const slice = sliceAt(belief, likeness, at);
    const factor = factorOf(compared, slice, target, atTarget);
    if (factor === null) return UNKNOWN;
    const means = Float64Array.from([...slice.deviations, ...target.deviations]);
    const sorted = Float64Array.from(normals, (z) => {
      const draw = drawFrom(means, factor, z);
      return correlationOf(draw.subarray(0, count), draw.subarray(count));
    }).sort();
    const quantile = (part: number): number => sorted[Math.round(part * (DRAWS - 1))]!;
    return { correlation: quantile(MIDDLE), interval: [quantile(LOW), quantile(HIGH)] };
  };
  const known = new Map<string, Ranking>();
  return (fidelity) => {
    const key = `${fidelity.scale}@${fidelity.steps}`;
    const ranking = known.get(key) ?? rank(fidelity);
    known.set(key, ranking);
    return ranking;
  };
};

/** What was made for a belief, over which mixtures: proposing and recommending ask for the same. */
const rankers = new WeakMap<Belief, { readonly key: string; readonly ranker: Ranker }>();

/** Ranks the first of `mixtures` under a belief: `trustOf` tells of longest runs, and runs that end earlier may rank otherwise. */
export const rankerFor = (belief: Belief, mixtures: readonly Float64Array[]): Ranker => {
  const compared = mixtures.slice(0, MIXTURES);
  const key = JSON.stringify(compared.map((shares) => Array.from(shares)));
  const found = rankers.get(belief);
  if (found?.key === key) return found.ranker;
  const ranker = makeRanker(belief, compared);
  rankers.set(belief, { key, ranker });
  return ranker;
};

/**
 * Says, for every scale of the sweep at its longest run, how far it ranks the first of `mixtures` as the target does: the
 * correlation over them, its median and 90 % interval under the posterior. Where nothing was seen at the target that is
 * the kernel's own view; it turns negative by evidence alone.
 */
export const trustOf = (
  sweep: Sweep,
  observations: readonly Observation[],
  belief: Belief,
  mixtures: readonly Float64Array[],
): FidelityTrust[] => {
  const rank = rankerFor(belief, mixtures);
  return sweep.scales.map(({ name, steps }) => {
    const runs = observations.filter(({ status, scale }) => status === 'completed' && scale === name).length;
    return { scale: name, ...rank({ scale: name, steps: steps.at(-1)! }), runs };
  });
};
