import type { SweepProgress } from '../domain/messages.js';
import { errorText } from '../domain/errors.js';
import { connect } from '../temporal/client.js';
import type { Home } from '../temporal/home.js';
import { progress } from '../temporal/sweeps.js';
import { askJobs, type Asked } from './ask-jobs.js';
import type { Io } from './io.js';

const ASK_TIMEOUT_MS = 5000;

export interface Live extends Asked {
  readonly progress: SweepProgress;
}

/** Asks the running sweep itself; undefined when no server or worker answers. */
export const askLive = async (home: Home, sweepId: string, io: Io): Promise<Live | undefined> => {
  try {
    const on = await connect({ home, onlyRunning: true });
    try {
      const answer = await progress(on, sweepId, { timeoutMs: ASK_TIMEOUT_MS });
      return { progress: answer, ...(await askJobs(on, answer)) };
    } finally {
      await on.close();
    }
  } catch (error) {
    io.note(`from the record alone: ${errorText(error)}`);
    return undefined;
  }
};
