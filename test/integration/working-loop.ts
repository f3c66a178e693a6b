import type { Home } from '../../src/temporal/home.js';
import type * as loop from '../../src/temporal/worker-loop.js';

/** Compiled, as its decisions are made in threads of their own. */
const { workUntilDone } = (await import(
  new URL('../../dist/temporal/worker-loop.js', import.meta.url).href
)) as typeof loop;

/** A worker's loop within the test. */
export interface WorkingLoop {
  /** What it has logged. */
  readonly said: readonly string[];
  /** How often a worker of it has begun to poll. */
  readonly polls: () => number;
  readonly stop: () => Promise<void>;
}

export const startWorking = (home: Home, env: Readonly<Record<string, string>>): WorkingLoop => {
  const said: string[] = [];
  let polls = 0;
  const stop = new AbortController();
  const working = workUntilDone({
    home,
    env,
    log: (line: string) => said.push(line),
    signal: stop.signal,
    onPolling: async () => {
      polls += 1;
    },
  });
  return { said, polls: () => polls, stop: () => (stop.abort(), working) };
};
