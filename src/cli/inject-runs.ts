import type { ActResult } from '../domain/messages.js';
import type { Imported } from '../domain/record-event.js';
import type { Home } from '../temporal/home.js';

const AT_ONCE = 100; // far below what a message to the server may hold, whatever their curves

/** Asks a running sweep to take runs as evidence. Safe to repeat: a run that it has is not taken twice. */
export const injectRuns = async (home: Home, sweepId: string, events: readonly Imported[]): Promise<ActResult> => {
  const { connect } = await import('../temporal/client.js');
  const { inject } = await import('../temporal/sweeps.js');
  const on = await connect({ home, onlyRunning: true });
  try {
    let taken: ActResult = { accepted: true, reason: 'nothing to take' };
    for (let from = 0; from < events.length && taken.accepted; from += AT_ONCE) {
      const part = events.slice(from, from + AT_ONCE);
      const { by, reason } = part[0] ?? { by: '' };
      const observations = part.map(({ type: _type, by: _by, reason: _reason, ...run }) => run);
      taken = await inject(on, sweepId, { by, ...(reason === undefined ? {} : { reason }), observations });
    }
    return taken;
  } finally {
    await on.close();
  }
};
