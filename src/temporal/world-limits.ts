/** What a world that knows only some runs leaves to choose from. */
import { neededMetrics } from '../domain/objective.js';
import type { World } from '../domain/ports.js';
import type { Sweep } from '../domain/sweep.js';
import { limitToTable, type TableChoices } from '../simulators/table-limits.js';
import { indexRows, type TableWorld } from '../simulators/table.js';
import { openWorld } from './launchers.js';

/** Does a world know only some runs? */
export const isTable = (world: object): world is TableWorld => 'runs' in world;

/** The rows that tell all that the sweep asks for: a run of another one could only fail. */
const choicesOf = (sweep: Sweep, { domains, rows }: TableWorld): TableChoices => {
  const needed = neededMetrics(sweep);
  const whole = rows.filter(({ metrics }) => needed.every((metric) => metrics[metric] !== undefined));
  return { domains, ...indexRows({ domains, rows: whole }) };
};

/**
 * Limits a sweep to what its world can do: to the rows of a table of past runs, unless the sweep lists mixtures itself.
 * @throws InputError when the world has nothing for the sweep.
 */
export const limitTo = (sweep: Sweep, world: World): Sweep =>
  sweep.mixtures === undefined && isTable(world) ? limitToTable(sweep, choicesOf(sweep, world)) : sweep;

/** The same for the world that the sweep names. @throws InputError when it cannot be read, too. */
export const limitToWorld = async (sweep: Sweep): Promise<Sweep> => {
  const { launcher, mixtures } = sweep;
  return launcher.kind !== 'simulator' || mixtures !== undefined
    ? sweep
    : limitTo(sweep, await openWorld(launcher, neededMetrics(sweep)));
};
