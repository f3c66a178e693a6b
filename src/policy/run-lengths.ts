import type { Scale } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';

/** The step counts that a scale can be run for, ascending: where only some runs can be made, those that one of them has. */
export const runLengths = ({ runs }: Sweep, { name, steps }: Scale): readonly number[] =>
  runs === undefined ? steps : steps.filter((count) => runs.some((run) => run.scale === name && run.steps === count));
