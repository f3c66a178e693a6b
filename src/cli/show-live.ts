import { sweepPaths } from '../temporal/home.js';
import { connect, type TitrateConnection } from '../temporal/client.js';
import type { Outcome } from './command.js';
import { conclude, sweepJson } from './conclude.js';
import { EXIT } from './exit-codes.js';
import { readSweep } from './sweep-record.js';
import { watchSweep, type Watched } from './watch-sweep.js';

const interrupted = async ({ home, sweepId }: Watched): Promise<Outcome> => {
  const recorded = await readSweep(home, sweepId).catch(() => undefined);
  const standing = {
    sweep: sweepId,
    folder: sweepPaths(home, sweepId).folder,
    status: 'running',
    recommendation: null,
    spent: 0,
  };
  return {
    exitCode: EXIT.interrupted,
    json: { ...standing, ...(recorded === undefined ? {} : sweepJson(home, recorded.view)) },
    text: `The sweep goes on. Come back with: titrate watch ${sweepId}`,
  };
};

/** Watches a sweep; at its end tells how it ended, at Ctrl-C how to come back. */
export const showLive = async (on: TitrateConnection, watched: Watched): Promise<Outcome> => {
  const ending = await watchSweep(on, watched);
  return ending === 'ended' ? conclude(watched.home, watched.sweepId, watched.io) : interrupted(watched);
};

/** Watches a sweep on a server that runs already; starts nothing. */
export const watchLive = async (watched: Watched): Promise<Outcome> => {
  const on = await connect({ home: watched.home, onlyRunning: true });
  try {
    return await showLive(on, watched);
  } finally {
    await on.close().catch(() => undefined);
  }
};
