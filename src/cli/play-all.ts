import { play, type Played, type Stage } from '../evidence/backtest.js';
import { plural } from '../reports/format.js';
import { createDecider } from '../temporal/decider.js';
import type { Io } from './io.js';
import { PlaysProgress } from './plays-progress.js';

/** A play that is wanted. */
export interface WantedPlay {
  readonly stage: Stage;
  readonly policy: string;
  readonly seed: number;
  /** As it is called when it is done. */
  readonly name: string;
}

/** Plays them side by side, in threads, in the order asked for; notes how far they are, and each that is done. */
export const playAll = async (wanted: readonly WantedPlay[], io: Io): Promise<Played[]> => {
  const decider = createDecider(wanted.length);
  const progress = new PlaysProgress(wanted.length, (line) => io.note(line), Date.now);
  try {
    return await Promise.all(
      wanted.map(async ({ stage, policy, seed, name }, i) => {
        const played = await play(stage, policy, seed, decider, progress.of(i));
        progress.done(i);
        io.note(`${name}: ${plural(played.runs, 'run')}`);
        return played;
      }),
    );
  } finally {
    await decider.close();
  }
};
