import type { Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/** The step counts that a scale can be run for, ascending: where only some runs can be made, those that one of them has. */
export const runLengths = ({ runs }: Sweep, { name, steps }: Scale): readonly number[] =>
  runs === undefined ? steps : steps.filter((count) => runs.some((run) => run.scale === name && run.steps === count));

/** Of ascending step counts, the one nearest, as a ratio, to a part of the longest run. */
export const stepsNear = (steps: readonly number[], part: number): number => {
  const wanted = part * steps.at(-1)!;
  const miss = (count: number): number => Math.abs(Math.log(count / wanted));
  return steps.reduce((a, b) => (miss(b) < miss(a) ? b : a));
};
