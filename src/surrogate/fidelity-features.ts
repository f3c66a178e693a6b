import type { Fidelity, Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/**
 * A fidelity as the kernel sees it, each 0 at the sweep's least and 1 at its most: log size, and the log of what part of its scale's
 * longest run was made. Where every scale has its own lengths, as compute-optimal runs have, a run that went to its end is compared
 * with such runs of other scales, whatever their steps.
 */
export interface FidelityPoint {
  readonly size: number;
  readonly steps: number;
}

/** Places `value` on the logarithmic range; 1 everywhere when the range is a point. */
const logPosition = (value: number, least: number, most: number): number =>
  most > least ? Math.log(value / least) / Math.log(most / least) : 1;

/** Returns the map from a sweep's fidelities to the kernel's inputs. */
export const fidelityFeatures = (sweep: Pick<Sweep, 'scales'>): ((fidelity: Fidelity) => FidelityPoint) => {
  const sizes = sweep.scales.map((scale) => scale.parameters);
  const byName = new Map<string, Scale>(sweep.scales.map((scale) => [scale.name, scale]));
  const [leastSize, mostSize] = [Math.min(...sizes), Math.max(...sizes)];
  const partOf = (scale: Scale, steps: number): number => steps / scale.steps.at(-1)!;
  const least = Math.min(...sweep.scales.map((scale) => partOf(scale, scale.steps[0]!)));
  return ({ scale: name, steps }) => {
    const scale = byName.get(name);
    return {
      size: logPosition(scale?.parameters ?? Number.NaN, leastSize, mostSize),
      steps: logPosition(scale === undefined ? Number.NaN : partOf(scale, steps), least, 1),
    };
  };
};
