import { connect, type TitrateConnection } from '../temporal/client.js';
import { resolveHome, sweepPaths, type Home } from '../temporal/home.js';
import { start, type StartedSweep } from '../temporal/sweeps.js';
import { ensureWorker } from '../temporal/worker-process.js';
import { claimSweep } from './claim-sweep.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { conclude } from './conclude.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { showLive } from './show-live.js';
import { readSweep } from './sweep-record.js';
import { readSweepSource } from './sweep-source.js';

/** Brings up what a sweep needs: the server, and a worker that outlives this terminal. */
const bringUp = async (home: Home, note: (line: string) => void): Promise<TitrateConnection> => {
  const on = await connect({ home, log: note });
  try {
    await ensureWorker(home, on, { log: note });
    return on;
  } catch (error) {
    await on.close();
    throw error;
  }
};

const SAID: Readonly<Record<StartedSweep['outcome'], string>> = {
  created: 'started',
  attached: 'runs already; attached to it',
  'already-ended': 'has ended already',
};

const detached = (home: Home, sweepId: string, { outcome, taken }: StartedSweep): Outcome => ({
  exitCode: EXIT.ok,
  json: {
    sweep: sweepId,
    folder: sweepPaths(home, sweepId).folder,
    status: 'running',
    recommendation: null,
    spent: 0,
    outcome,
    taken,
  },
  text: `${sweepId} ${SAID[outcome]}. Watch it with: titrate watch ${sweepId}`,
});

const noteFor =
  (io: Io): ((line: string) => void) =>
  (line) =>
    io.note(line);

const quiet = (): void => undefined;

/** `titrate run FILE`. */
export const run = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, flags, io } = invocation;
  const source = await readSweepSource(positionals[0] ?? '');
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const sweepId = await claimSweep(home, source, { id: textFlag(invocation, 'id'), fresh: flags['fresh'] === true });
  const before = await readSweep(home, sweepId);
  if (before?.view.end != null) {
    io.note(`${sweepId} has ended already; this is how. --fresh starts another.`);
    return conclude(home, sweepId, io);
  }
  const on = await bringUp(home, noteFor(io));
  try {
    const started = await start(on, { sweepId, sweep: source.placed });
    if (flags['detach'] === true) return detached(home, sweepId, started);
    io.note(`sweep ${sweepId} ${SAID[started.outcome]}; Ctrl-C ends the watching only`);
    const revive = (): Promise<TitrateConnection> => bringUp(home, quiet);
    return await showLive(on, { home, sweepId, sweep: source.placed, io, revive });
  } finally {
    await on.close().catch(() => undefined);
  }
};
