import type { FidelityTrust } from '../domain/decision.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import type { Belief, Member } from './belief.js';
import type { FidelityPoint } from './fidelity-features.js';

/** A member's posterior over a set of mixtures at one fidelity. */
interface Slice {
  readonly at: FidelityPoint;
  readonly whitened: readonly Float64Array[];
  readonly means: Float64Array;
}

const sliceAt = ({ process }: Member, mixtures: readonly Float64Array[], at: FidelityPoint): Slice => {
  const whitened = process.whiten(mixtures, at);
  return { at, whitened, means: process.meansOf(whitened) };
};

/** Expected sample covariance over the mixtures of a draw at `a` with the same draw at `b`. */
const expectedCovariance = ({ process }: Member, mixtures: readonly Float64Array[], a: Slice, b: Slice): number => {
  const n = mixtures.length;
  const table = process.crossCovariance(mixtures, a.at, a.whitened, mixtures, b.at, b.whitened);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const centring = (i === j ? 1 : 0) - 1 / n;
      sum += centring * (a.means[i]! * b.means[j]! + table[i * n + j]!);
    }
  }
  return sum;
};

/**
 * Correlation over the mixtures between two fidelities, in expectation under the posterior. Where nothing was seen at the
 * target it is the kernel's own; it turns negative by evidence alone.
 */
const memberCorrelation = (member: Member, mixtures: readonly Float64Array[], scale: Slice, target: Slice): number => {
  const size = Math.sqrt(
    expectedCovariance(member, mixtures, scale, scale) * expectedCovariance(member, mixtures, target, target),
  );
  const correlation = expectedCovariance(member, mixtures, scale, target) / size;
  return size > 0 ? Math.max(-1, Math.min(1, correlation)) : 0;
};

/** Says, for every scale of the sweep at its longest run, how far it ranks `mixtures` as the target does. */
export const trustOf = (
  sweep: Sweep,
  observations: readonly Observation[],
  belief: Belief,
  mixtures: readonly Float64Array[],
): FidelityTrust[] => {
  const target = belief.place(sweep.target);
  const targetSlices = belief.members.map((member) => sliceAt(member, mixtures, target));
  return sweep.scales.map((scale) => {
    const point = belief.place({ scale: scale.name, steps: scale.steps.at(-1)! });
    const correlation = belief.members.reduce((sum, member, i) => {
      const slice = sliceAt(member, mixtures, point);
      return sum + member.weight * memberCorrelation(member, mixtures, slice, targetSlices[i]!);
    }, 0);
    const runs = observations.filter(({ status, scale: name }) => status === 'completed' && name === scale.name).length;
    return { scale: scale.name, correlation, runs };
  });
};
