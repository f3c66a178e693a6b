import type { Fidelity, Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/**
 * The step counts that a scale is run for, ascending: at the target's none beyond the target, which costs less and is what is asked about;
 * where only some runs can be made, those that one of them has.
 */
export const runLengths = ({ runs, target }: Sweep, { name, steps }: Scale): readonly number[] => {
  const lengths = name === target.scale ? steps.filter((count) => count <= target.steps) : steps;
  return runs === undefined
    ? lengths
    : lengths.filter((count) => runs.some((run) => run.scale === name && run.steps === count));
};

/** Every run that a sweep can make, scale by scale, whatever is mixed. */
export const allFidelities = (sweep: Sweep): Fidelity[] =>
  sweep.scales.flatMap((scale) => runLengths(sweep, scale).map((steps) => ({ scale: scale.name, steps })));

/** Of ascending step counts, the one nearest, as a ratio, to a part of the longest run. */
export const stepsNear = (steps: readonly number[], part: number): number => {
  const wanted = part * steps.at(-1)!;
  const miss = (count: number): number => Math.abs(Math.log(count / wanted));
  return steps.reduce((a, b) => (miss(b) < miss(a) ? b : a));
};
