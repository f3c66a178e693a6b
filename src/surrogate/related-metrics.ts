/**
 * Which metrics hyper-parameters are fitted to. Jobs report more than a sweep asks for. Losses on other data say as much of lengths, scales and
 * noise as the objective itself; learning rates, throughput and norms of gradients say of all three what is not so. A metric counts where it
 * is explained as the objective's are, at theta fitted to those alone. Guarded metrics count as others do, so that a guard that does not bind
 * changes nothing:
 *
 *   ln p(y | theta with some of it otherwise)  <  ln p(y | theta) + CLEARLY ,
 *
 * a mean over the warps, for each of `OTHERWISE`: mixtures differ by far less (as where the fidelity alone matters), noise is half the kernel's
 * scale (chance at every checkpoint), mixtures are hardly like each other, and differ by as much or by less (chance of every run, as of slow and
 * fast machines).
 */
import { fitFromBothSides, logLikelihoodsAt, type Prior } from './hyperparameters.js';
import { THETA, type Design, type KernelShape } from './kernel.js';

const CLEARLY = 4; // measured against 0 and 8 (docs/tried.md)

/** Entries of theta that say otherwise. */
type Otherwise = (theta: Float64Array) => Partial<Record<keyof typeof THETA, number>>;

const TENTH = Math.log(0.1);
const lessened = (theta: Float64Array, tenths: number): { readonly amplitude: number } => ({
  amplitude: theta[THETA.amplitude]! + tenths * TENTH,
});
const unlike = (theta: Float64Array): { readonly mixture: number; readonly linear: number } => ({
  mixture: theta[THETA.mixture]! + TENTH,
  linear: theta[THETA.linear]! + TENTH,
});
const OTHERWISE: readonly Otherwise[] = [
  (theta) => lessened(theta, 1),
  (theta) => lessened(theta, 2),
  () => ({ noise: Math.log(0.5) }),
  unlike,
  (theta) => ({ ...unlike(theta), ...lessened(theta, 1) }),
  (theta) => ({ ...unlike(theta), ...lessened(theta, 2) }),
];

const withEntries = (theta: Float64Array, entries: ReturnType<Otherwise>): Float64Array => {
  const other = theta.slice();
  for (const [name, value] of Object.entries(entries)) other[THETA[name as keyof typeof THETA]] = value;
  return other;
};

/** Values of the metrics (by metric, then by warp; each n), and how many of them, the first ones, are the objective's. */
export interface ReportedMetrics {
  readonly values: readonly (readonly Float64Array[])[];
  readonly own: number;
}

/** Returns the places of the metrics that count: the objective's, and those related to them. */
export const relatedMetrics = (
  shape: KernelShape,
  prior: Prior,
  design: Design,
  { values, own }: ReportedMetrics,
  maxIterations: number,
): readonly number[] => {
  const all = Array.from(values.keys());
  if (own === values.length) return all;
  const { theta } = fitFromBothSides(shape, prior, design, values.slice(0, own).flat(), maxIterations);
  const extra = values.slice(own);
  const likelihoods = (at: Float64Array): number[] => {
    const each = logLikelihoodsAt(shape, design, extra.flat(), at);
    return extra.map(
      (warped, m) => warped.reduce((sum, _, k) => sum + each[m * warped.length + k]!, 0) / warped.length,
    );
  };
  const asTheyAre = likelihoods(theta);
  const others = OTHERWISE.map((entries) => likelihoods(withEntries(theta, entries(theta))));
  return all.filter((m) => m < own || others.every((other) => other[m - own]! < asTheyAre[m - own]! + CLEARLY));
};
