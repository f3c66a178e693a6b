import type { SweepProgress } from '../domain/messages.js';
import type { SweepStatus } from '../domain/record-event.js';
import { plainText } from '../reports/plain-text.js';
import { sweepPaths } from '../temporal/home.js';
import { connect, type TitrateConnection } from '../temporal/client.js';
import { begunElsewhere } from '../temporal/sweep-errors.js';
import { standing } from '../temporal/sweeps.js';
import type { Outcome } from './command.js';
import { conclude, sweepJson } from './conclude.js';
import { EXIT } from './exit-codes.js';
import { readSweep } from './sweep-record.js';
import { watchSweep, type Watched } from './watch-sweep.js';

/** What programs are told of a sweep that goes on, as far as its record is there; `status` where more is known than that. */
export const told = async (
  { home, sweepId }: Pick<Watched, 'home' | 'sweepId'>,
  status?: SweepStatus,
): Promise<Record<string, unknown>> => {
  const recorded = await readSweep(home, sweepId).catch(() => undefined);
  const { folder } = sweepPaths(home, sweepId);
  const known = recorded === undefined ? {} : sweepJson(home, sweepId, recorded.view);
  const begun = { sweep: sweepId, folder, status: 'running', recommendation: null, spent: 0 };
  return { ...begun, ...known, ...(status && { status }) };
};

const interrupted = async (watched: Watched): Promise<Outcome> => ({
  exitCode: EXIT.interrupted,
  json: await told(watched),
  text: `The sweep goes on. Come back with: titrate watch ${watched.sweepId}`,
});

const namedBy = (trials: SweepProgress['inFlight']): Record<'parked' | 'awaitingApproval', string[]> => {
  const named = (state: string): string[] => trials.flatMap((one) => (one.state === state ? [one.trial] : []));
  return { parked: named('parked'), awaitingApproval: named('awaiting-approval') };
};

/** What a person can do about a trial that waits. */
const waysOut = (sweepId: string, { trial, state }: SweepProgress['inFlight'][number]): string =>
  state === 'awaiting-approval'
    ? `titrate approve ${sweepId} ${trial}, or titrate refuse ${sweepId} ${trial} --reason WHY`
    : `titrate retry ${sweepId} ${trial}, or titrate abandon ${sweepId} ${trial}`;

/** Only trials that wait for a person are left: says which, and what can be done. */
const waiting = async (watched: Watched, waitsFor: string, trials: SweepProgress['inFlight']): Promise<Outcome> => {
  const { sweepId } = watched;
  return {
    exitCode: EXIT.sweep,
    json: { ...(await told(watched, 'running')), reason: waitsFor, ...namedBy(trials) },
    text: [
      `The sweep waits for you: ${plainText(waitsFor)}.`,
      ...trials.flatMap((one) => [
        `  ${plainText(one.trial)}: ${plainText(one.why ?? one.state)}`,
        `    ${plainText(waysOut(sweepId, one))}`,
      ]),
      'Nothing is lost meanwhile.',
    ].join('\n'),
  };
};

/** The sweep waits for a person: says for what, and fails, so that a script does not wait for ever. */
const stuck = async (watched: Watched, { pause, waitsFor, inFlight }: SweepProgress): Promise<Outcome> => {
  if (waitsFor !== null) return waiting(watched, waitsFor, inFlight);
  const reason = pause?.reason ?? 'no reason given';
  const { sweepId } = watched;
  return {
    exitCode: EXIT.sweep,
    json: { ...(await told(watched, 'paused')), reason },
    text: [
      `The sweep has paused itself and waits for you: ${plainText(reason)}`,
      `When that is mended: titrate resume ${sweepId}, or end it: titrate cancel ${sweepId}. Nothing is lost meanwhile.`,
    ].join('\n'),
  };
};

/** Watches a sweep; at its end tells how it ended, at Ctrl-C how to come back, and when it is stuck why. */
export const showLive = async (on: TitrateConnection, watched: Watched): Promise<Outcome> => {
  const ending = await watchSweep(on, watched);
  switch (ending.kind) {
    case 'ended':
      return conclude(watched.home, watched.sweepId, watched.io);
    case 'stuck':
      return stuck(watched, ending.progress);
    case 'interrupted':
      return interrupted(watched);
  }
};

/**
 * Watches a sweep on a server that runs already; starts nothing.
 * @throws StateError when that server knows no such sweep: it would be waited for without an end.
 */
export const watchLive = async (watched: Watched): Promise<Outcome> => {
  const on = await connect({ home: watched.home, onlyRunning: true });
  try {
    if ((await standing(on, watched.sweepId)) === 'none') throw begunElsewhere(on, watched.sweepId);
    return await showLive(on, watched);
  } finally {
    await on.close().catch(() => undefined);
  }
};
