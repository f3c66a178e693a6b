import type { FidelityTrust } from '../domain/decision.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief } from './belief.js';
import type { FidelityPoint } from './fidelity-features.js';
import { inner } from './linear-algebra.js';

/** The posterior of the objective over a set of mixtures at one fidelity. */
interface Slice {
  readonly at: FidelityPoint;
  readonly means: Float64Array;
  /** Sd of the objective per sd of the process. */
  readonly scales: Float64Array;
  /** L^-1 k (n) of each, times its scale. */
  readonly whitened: readonly Float64Array[];
}

const sliceAt = (belief: Belief, likeness: readonly Float64Array[], at: FidelityPoint): Slice => {
  const whitened = belief.process.whitenLikeness(likeness, at);
  const columns = belief.columns.map((_, output) => belief.process.meansOf(whitened, output));
  const states = likeness.map((_, i) => belief.stateOf(columns.map((means) => means[i]!)));
  const scales = Float64Array.from(states, (state) => belief.scaleAt(state));
  return {
    at,
    means: Float64Array.from(states, ({ mean }) => mean),
    scales,
    whitened: whitened.map((v, i) => v.map((value) => value * scales[i]!)),
  };
};

const meanOf = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** The mean of some vectors. */
const meanVector = (vectors: readonly Float64Array[]): Float64Array => {
  const mean = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (let k = 0; k < mean.length; k++) mean[k] = mean[k]! + vector[k]! / vectors.length;
  return mean;
};

/** Expected covariance over the mixtures of a draw at `a` with the same draw at `b`; `table` is their likeness (P × P). */
const expectedCovariance = ({ process }: Belief, table: Float64Array, a: Slice, b: Slice): number => {
  const count = a.means.length;
  const prior = process.priorTable(table, a.at, b.at);
  const [centreA, centreB] = [meanVector(a.whitened), meanVector(b.whitened)];
  const [meanA, meanB] = [meanOf(a.means), meanOf(b.means)];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += (a.means[i]! - meanA) * (b.means[i]! - meanB);
    sum -= inner(a.whitened[i]!, b.whitened[i]!) - inner(centreA, centreB);
    for (let j = 0; j < count; j++) {
      const centring = (i === j ? 1 : 0) - 1 / count;
      sum += centring * a.scales[i]! * b.scales[j]! * prior[i * count + j]!;
    }
  }
  return sum;
};

/**
 * Says, for every scale of the sweep at its longest run, how far it ranks `mixtures` as the target does: the correlation
 * over them in expectation under the posterior. Where nothing was seen at the target it is the kernel's own; it turns
 * negative by evidence alone.
 */
export const trustOf = (
  sweep: Sweep,
  observations: readonly Observation[],
  belief: Belief,
  mixtures: readonly Float64Array[],
): FidelityTrust[] => {
  const { process } = belief;
  const likeness = mixtures.map((shares) => process.likenessOf(shares));
  const table = process.likenessTable(mixtures, mixtures);
  const target = sliceAt(belief, likeness, belief.target.fidelity);
  const atTarget = expectedCovariance(belief, table, target, target);
  return sweep.scales.map((scale) => {
    const slice = sliceAt(belief, likeness, belief.place({ scale: scale.name, steps: scale.steps.at(-1)! }));
    const size = Math.sqrt(expectedCovariance(belief, table, slice, slice) * atTarget);
    const ratio = expectedCovariance(belief, table, slice, target) / size;
    const correlation = size > 0 ? Math.max(-1, Math.min(1, ratio)) : 0;
    const runs = observations.filter(({ status, scale: name }) => status === 'completed' && name === scale.name).length;
    return { scale: scale.name, correlation, runs };
  });
};
