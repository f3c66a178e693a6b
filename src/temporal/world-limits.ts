/** What a world that knows only some runs leaves to choose from. */
import type { Sweep } from '../domain/sweep.js';
import { limitToTable } from '../simulators/table-limits.js';
import type { TableWorld } from '../simulators/table.js';
import { openWorld } from './launchers.js';

/** Does a world know only some runs? */
export const isTable = (world: object): world is TableWorld => 'runs' in world;

/**
 * Limits a sweep to what its world can do: to the rows of a table of past runs, unless the sweep lists mixtures itself.
 * @throws InputError when the world cannot be read or has nothing for the sweep.
 */
export const limitToWorld = async (sweep: Sweep): Promise<Sweep> => {
  const { launcher, mixtures } = sweep;
  if (launcher.kind !== 'simulator' || mixtures !== undefined) return sweep;
  const world = await openWorld(launcher);
  return isTable(world) ? limitToTable(sweep, world) : sweep;
};
