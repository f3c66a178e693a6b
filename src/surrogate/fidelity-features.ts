import type { Fidelity, Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/** A fidelity as the kernel sees it: log size and log steps, each 0 at the sweep's least and 1 at its most. */
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
  const steps = sweep.scales.flatMap((scale) => scale.steps);
  const byName = new Map<string, Scale>(sweep.scales.map((scale) => [scale.name, scale]));
  const [leastSize, mostSize] = [Math.min(...sizes), Math.max(...sizes)];
  const [leastSteps, mostSteps] = [Math.min(...steps), Math.max(...steps)];
  return (fidelity) => ({
    size: logPosition(byName.get(fidelity.scale)?.parameters ?? Number.NaN, leastSize, mostSize),
    steps: logPosition(fidelity.steps, leastSteps, mostSteps),
  });
};
