import { userInfo } from 'node:os';
import type { Act, ActResult } from '../domain/messages.js';
import type { ActName } from '../domain/record-event.js';
import type { TitrateConnection } from '../temporal/client.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { findSweep } from './find-sweep.js';
import { readSweep } from './sweep-record.js';

/** The operating system's name of who runs this; the user id where it has no name (containers). */
const whoami = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

const outcomeOf = (
  sweepId: string,
  name: ActName,
  trial: string | undefined,
  { accepted, reason }: ActResult,
): Outcome => ({
  exitCode: accepted ? EXIT.ok : EXIT.sweep,
  json: { sweep: sweepId, act: name, ...(trial === undefined ? {} : { trial }), accepted, reason },
  text: `${sweepId}: ${name} ${accepted ? 'taken' : 'not taken'}: ${reason}`,
});

/** Sends an act to a running sweep; `trial` is there with the acts on one trial. */
const send = async (
  on: TitrateConnection,
  sweepId: string,
  name: ActName,
  trial: string | undefined,
  by: Act,
): Promise<ActResult> => {
  const sweeps = await import('../temporal/sweeps.js');
  if (name === 'retry' || name === 'abandon') return sweeps[name](on, sweepId, { ...by, trial: trial ?? '' });
  return sweeps[name](on, sweepId, by);
};

/** Sends a person's act to a sweep, or to the trial named second, and tells whether it was taken. */
export const sendAct = async (invocation: Invocation, name: ActName): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const [wanted, trial] = invocation.positionals;
  const sweepId = await findSweep(home, wanted, 'unique');
  const ended = (await readSweep(home, sweepId).catch(() => undefined))?.view.end;
  if (ended != null)
    return outcomeOf(sweepId, name, trial, { accepted: false, reason: `the sweep has ended (${ended.status})` });
  const given = textFlag(invocation, 'reason');
  const { connect } = await import('../temporal/client.js');
  const on = await connect({ home, onlyRunning: true });
  try {
    const by: Act = { by: whoami(), ...(given === undefined ? {} : { reason: given }) };
    return outcomeOf(sweepId, name, trial, await send(on, sweepId, name, trial, by));
  } finally {
    await on.close();
  }
};
