import type { Sweep } from '../domain/sweep.js';

/** Says at which of its scales a sweep over a table of past runs can choose none: their names, or steps, may be written otherwise there. */
export const tableNotes = async (sweep: Sweep): Promise<string[]> => {
  const { launcher, scales } = sweep;
  if (launcher.kind !== 'simulator' || sweep.mixtures !== undefined) return [];
  const { openWorld } = await import('../temporal/launchers.js');
  const { isTable, limitTo } = await import('../temporal/world-limits.js');
  const world = await openWorld(launcher);
  if (!isTable(world)) return [];
  const { runs = [] } = limitTo(sweep, world);
  const missing = scales.map(({ name }) => name).filter((name) => runs.every(({ scale }) => scale !== name));
  if (missing.length === 0) return [];
  const told = [...new Set(world.runs.map(({ scale, steps }) => `${scale} of ${steps} steps`))];
  const shown = told.slice(0, 8).join(', '); // what differs shows in the first ones
  return [
    `the table has no run at ${missing.join(', ')} that the sweep could choose; it has runs at ${shown}${told.length > 8 ? ', ...' : ''}`,
  ];
};
