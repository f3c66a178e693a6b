import { StateError } from '../domain/errors.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { conclude } from './conclude.js';
import { findSweep } from './find-sweep.js';
import { readSweep } from './sweep-record.js';

/** `titrate watch [SWEEP]`. */
export const watch = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, io } = invocation;
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const sweepId = await findSweep(home, positionals[0]);
  const recorded = await readSweep(home, sweepId);
  if (recorded?.view.end != null) return conclude(home, sweepId, io);
  if (recorded === undefined) {
    throw new StateError(`sweep ${sweepId} has not begun its record yet`, { hint: 'titrate run its file again' });
  }
  const { watchLive } = await import('./show-live.js');
  return watchLive({ home, sweepId, sweep: recorded.view.sweep, io });
};
