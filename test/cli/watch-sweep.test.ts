import { defaultDataConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { watchSweep, type Watched } from '../../src/cli/watch-sweep.js';
import type { SweepProgress } from '../../src/domain/messages.js';
import type { TitrateConnection } from '../../src/temporal/client.js';
import { progressOf } from '../reports/simulated-progress.js';
import { simulateRecord, SWEEP } from '../reports/simulated-record.js';

const running = progressOf(simulateRecord({ runs: 6, running: 2 }));

/** A server whose sweep stands like this, one look after the other, and whose every workflow has an activity that failed. */
const serverOf = (looks: readonly SweepProgress[]): TitrateConnection => {
  const left = [...looks];
  let attempt = 0;
  const getHandle = (workflowId: string) => ({
    query: async () => left.shift(),
    describe: async () => {
      const lastFailure = { message: `${workflowId.split('/').at(-1)} cannot be launched` };
      return { raw: { pendingActivities: [{ attempt: (attempt += 1), lastFailure }] } };
    },
  });
  const options = { loadedDataConverter: defaultDataConverter };
  const client = { workflow: { getHandle }, options, withDeadline: (_: unknown, ask: () => unknown) => ask() };
  return { client, close: async () => undefined } as unknown as TitrateConnection;
};

it('a log says each of several troubles once, for as long as they last', async () => {
  let log = '';
  const watched = {
    home: { root: '/nowhere' },
    sweepId: running.sweepId,
    sweep: SWEEP,
    io: { live: false, stream: { write: (text: string) => (log += text) }, width: () => 80 },
  } as unknown as Watched;
  const on = serverOf([running, running, running, { ...running, waitsFor: 'nothing else can be done' }]);
  expect(await watchSweep(on, watched)).toMatchObject({ kind: 'stuck' });
  const said = log.split('\n').filter((line) => line.startsWith('waiting: '));
  const names = [running.sweepId, ...running.inFlight.map(({ trial }) => trial)];
  expect(said.sort()).toEqual(names.map((name) => `waiting: ${name} cannot be launched`).sort());
});
