import { play, type Played, type Stage } from '../evidence/backtest.js';
import { plural } from '../reports/format.js';
import { createDecider } from '../temporal/decider.js';
import type { Io } from './io.js';

/** A play that is wanted. */
export interface WantedPlay {
  readonly stage: Stage;
  readonly policy: string;
  readonly seed: number;
  /** As it is called when it is done. */
  readonly name: string;
}

/** Plays them side by side, in threads, in the order asked for; notes each that is done. */
export const playAll = async (wanted: readonly WantedPlay[], io: Io): Promise<Played[]> => {
  const decider = createDecider(wanted.length);
  try {
    return await Promise.all(
      wanted.map(async ({ stage, policy, seed, name }) => {
        const played = await play(stage, policy, seed, decider);
        io.note(`${name}: ${plural(played.runs, 'run')}`);
        return played;
      }),
    );
  } finally {
    await decider.close();
  }
};
