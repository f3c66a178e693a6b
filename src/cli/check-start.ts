import type { Sweep } from '../domain/sweep.js';
import { inSweepFile, type SweepSource } from './sweep-source.js';

/**
 * Checks a sweep file that is to be started, or planned, as far as it can be told before; returns the sweep as its world limits it.
 * @throws InputError with the place of every problem in the file.
 */
export const checkStart = (source: SweepSource): Promise<Sweep> =>
  inSweepFile(source, async () => {
    const { checkRunnable } = await import('../temporal/check-runnable.js');
    return checkRunnable(source.placed);
  });
