import { userInfo } from 'node:os';
import type { ActResult } from '../domain/messages.js';
import { resolveHome } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { findSweep } from './find-sweep.js';
import { readSweep } from './sweep-record.js';

type ActName = 'pause' | 'resume' | 'cancel';

/** The operating system's name of who runs this; the user id where it has no name (containers). */
const whoami = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

const outcomeOf = (sweepId: string, name: ActName, { accepted, reason }: ActResult): Outcome => ({
  exitCode: accepted ? EXIT.ok : EXIT.sweep,
  json: { sweep: sweepId, act: name, accepted, reason },
  text: `${sweepId}: ${name} ${accepted ? 'taken' : 'not taken'}: ${reason}`,
});

/** Sends a person's act to a sweep and tells whether it was taken. */
export const sendAct = async (invocation: Invocation, name: ActName): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const sweepId = await findSweep(home, invocation.positionals[0], 'unique');
  const ended = (await readSweep(home, sweepId).catch(() => undefined))?.view.end;
  if (ended != null)
    return outcomeOf(sweepId, name, { accepted: false, reason: `the sweep has ended (${ended.status})` });
  const given = textFlag(invocation, 'reason');
  const [{ connect }, sweeps] = await Promise.all([import('../temporal/client.js'), import('../temporal/sweeps.js')]);
  const on = await connect({ home, onlyRunning: true });
  try {
    const result = await sweeps[name](on, sweepId, {
      by: whoami(),
      ...(given === undefined ? {} : { reason: given }),
    });
    return outcomeOf(sweepId, name, result);
  } finally {
    await on.close();
  }
};
