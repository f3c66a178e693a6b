import type { Fidelity, Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/**
 * A fidelity as the kernel sees it: how large its scale is, in log parameters and in log tokens of the scale's longest run, and the log of
 * what part of that run was made. The first two share a unit, in which the smallest model of the fewest tokens and the largest of the
 * most lie 1 apart; where all scales see as many tokens that is the range of log parameters. The third goes from 0 at the sweep's least
 * to 1 at a scale's end: where every scale has its own lengths, as compute-optimal runs have, runs that went to their end are compared
 * with each other, whatever their steps.
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

const leastAndRange = (values: readonly number[]): { readonly least: number; readonly range: number } => {
  const least = Math.min(...values);
  return { least, range: Math.log(Math.max(...values) / least) };
};

/** Places `value` above `least`, in logarithms, of `range`; `alone` when the range is a point. */
const logPosition = (value: number, least: number, range: number, alone: number): number =>
  range > 0 ? Math.log(value / least) / range : alone;

const tokensOf = (scale: Scale): number => scale.tokensPerStep * scale.steps.at(-1)!;

/** Returns the map from a sweep's fidelities to the kernel's inputs; NaN for a scale that the sweep has not. */
export const fidelityFeatures = (sweep: Pick<Sweep, 'scales'>): ((fidelity: Fidelity) => FidelityPoint) => {
  const byName = new Map<string, Scale>(sweep.scales.map((scale) => [scale.name, scale]));
  const sizes = leastAndRange(sweep.scales.map((scale) => scale.parameters));
  const tokens = leastAndRange(sweep.scales.map(tokensOf));
  const diagonal = Math.hypot(sizes.range, tokens.range);
  const partOf = (scale: Scale, steps: number): number => steps / scale.steps.at(-1)!;
  const parts = leastAndRange([1, ...sweep.scales.map((scale) => partOf(scale, scale.steps[0]!))]);
  return ({ scale: name, steps }) => {
    const scale = byName.get(name);
    if (scale === undefined) return { size: Number.NaN, tokens: Number.NaN, steps: Number.NaN };
    return {
      size: logPosition(scale.parameters, sizes.least, diagonal, 1),
      tokens: logPosition(tokensOf(scale), tokens.least, diagonal, 0),
      steps: logPosition(partOf(scale, steps), parts.least, parts.range, 1),
    };
  };
};
