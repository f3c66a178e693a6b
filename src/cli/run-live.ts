/** The part of `titrate run` that needs a server; loaded only when one is needed. */
import type { Sweep } from '../domain/sweep.js';
import { connect, type TitrateConnection } from '../temporal/client.js';
import { isNamedQueue, type Home } from '../temporal/home.js';
import { begunElsewhere } from '../temporal/sweep-errors.js';
import { standing, start, type StartedSweep } from '../temporal/sweeps.js';
import { limitToWorld } from '../temporal/world-limits.js';
import { ensureWorker } from '../temporal/worker-process.js';
import type { Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { showLive, told } from './show-live.js';

export interface LiveRun {
  readonly home: Home;
  readonly sweepId: string;
  /** With absolute paths. */
  readonly sweep: Sweep;
  readonly io: Io;
  /** Has it a record, be it out of sight? */
  readonly hasBegun: boolean;
  /** Return as soon as it runs. */
  readonly detach: boolean;
}

/**
 * Brings up what a sweep needs: the server, and a worker that outlives this terminal. On a task queue that was named by hand
 * a worker of ours would take tasks of workflows that only its own workers have.
 */
const bringUp = async (home: Home, note: (line: string) => void, onlyIfNone = false): Promise<TitrateConnection> => {
  const on = await connect({ home, log: note });
  try {
    if (!isNamedQueue()) await ensureWorker(home, on, { log: note, onlyIfNone });
    else note(`task queue ${on.taskQueue}: its worker is yours to run`);
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

const detached = async (home: Home, sweepId: string, { outcome, taken }: StartedSweep): Promise<Outcome> => ({
  exitCode: EXIT.ok,
  json: { ...(await told({ home, sweepId })), outcome, taken },
  text: `${sweepId} ${SAID[outcome]}${taken ? '' : ', but no worker has taken it up yet'}. Watch it with: titrate watch ${sweepId}`,
});

const quiet = (): void => undefined;

/** Starts a sweep or attaches to it, with server and worker, and watches it unless it is to be left alone. */
export const runLive = async ({ home, sweepId, sweep, io, hasBegun, detach }: LiveRun): Promise<Outcome> => {
  const on = await bringUp(home, (line) => io.note(line));
  try {
    if (hasBegun && (await standing(on, sweepId)) === 'none') throw begunElsewhere(on, sweepId);
    const started = await start(on, { sweepId, sweep: await limitToWorld(sweep) });
    if (detach) return await detached(home, sweepId, started);
    io.note(`sweep ${sweepId} ${SAID[started.outcome]}; Ctrl-C ends the watching only`);
    // Somebody may have upgraded meanwhile: two who watch with different versions would end each other's workers for ever.
    return await showLive(on, { home, sweepId, sweep, io, revive: () => bringUp(home, quiet, true) });
  } finally {
    await on.close().catch(() => undefined);
  }
};
