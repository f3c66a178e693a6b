import type { Fidelity, Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/**
 * A fidelity as the kernel sees it: how large its scale is, in log parameters and in log tokens of the scale's longest run, and the log of
 * what part of that run was made. The first two are counted from the smallest in factors of `SCALE_UNIT`, the third from a scale's end, which
 * lies at 1, in factors of `STEPS_UNIT`: a model of half the size is as near to the target in a ladder of two scales as in one of seven. Where
 * every scale has its own lengths, as compute-optimal runs have, runs that went to their end are compared with each other, whatever their steps.
 */
export interface FidelityPoint {
  readonly size: number;
  readonly tokens: number;
  readonly steps: number;
}

/** How far apart two scales lie, in parameters and tokens; squared. */
export const scaleGap2 = (a: FidelityPoint, b: FidelityPoint): number =>
  (a.size - b.size) ** 2 + (a.tokens - b.tokens) ** 2;

/** How large, fed and long a run is, in one number. */
export const effortOf = ({ size, tokens, steps }: FidelityPoint): number => size + tokens + steps;

/** Compute of a run, parameters times tokens seen, in factors of `SCALE_UNIT`; in no fixed place. */
export const computeOf = ({ size, tokens, steps }: FidelityPoint): number =>
  size + tokens + (steps * Math.log(STEPS_UNIT)) / Math.log(SCALE_UNIT);

/** The tokens that a run saw, in factors of `STEPS_UNIT`, whichever scale it is of. */
export const lengthOf = ({ tokens, steps }: FidelityPoint): number =>
  steps + (tokens * Math.log(SCALE_UNIT)) / Math.log(STEPS_UNIT);

/** Small and target scales of a sweep mostly lie so far apart, in parameters; priors on lengths are in this unit. */
const SCALE_UNIT = 50;

/** From the first checkpoint that says something to the end, mostly. */
const STEPS_UNIT = 10;

const tokensOf = (scale: Scale): number => scale.tokensPerStep * scale.steps.at(-1)!;

/** Returns the map from a sweep's fidelities to the kernel's inputs; NaN for a scale that the sweep has not. */
export const fidelityFeatures = (sweep: Pick<Sweep, 'scales'>): ((fidelity: Fidelity) => FidelityPoint) => {
  const byName = new Map<string, Scale>(sweep.scales.map((scale) => [scale.name, scale]));
  const leastParameters = Math.min(...sweep.scales.map((scale) => scale.parameters));
  const leastTokens = Math.min(...sweep.scales.map(tokensOf));
  const unit = Math.log(SCALE_UNIT);
  return ({ scale: name, steps }) => {
    const scale = byName.get(name);
    if (scale === undefined) return { size: Number.NaN, tokens: Number.NaN, steps: Number.NaN };
    return {
      size: Math.log(scale.parameters / leastParameters) / unit,
      tokens: Math.log(tokensOf(scale) / leastTokens) / unit,
      steps: 1 + Math.log(steps / scale.steps.at(-1)!) / Math.log(STEPS_UNIT),
    };
  };
};
