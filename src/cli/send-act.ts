import { checkAct } from '../domain/act-inputs.js';
import type { Act, ActInputs, ActResult } from '../domain/messages.js';
import type { ActName } from '../domain/record-event.js';
import { plainText } from '../reports/plain-text.js';
import { resolveHome, type Home } from '../temporal/home.js';
import { idempotencyKey, needed, reasonFlag } from './act-flags.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { findSweep } from './find-sweep.js';
import { identify } from './identity.js';
import { readSweep } from './sweep-record.js';

const outcomeOf = (
  sweepId: string,
  name: ActName,
  trial: string | undefined,
  { accepted, reason }: ActResult,
): Outcome => ({
  exitCode: accepted ? EXIT.ok : EXIT.sweep,
  json: { sweep: sweepId, act: name, ...(trial === undefined ? {} : { trial }), accepted, reason },
  text: `${sweepId}: ${name} ${accepted ? 'taken' : 'not taken'}: ${plainText(reason)}`,
});

/** Of an act that was not taken: how its trial has ended, if it has; the sweep itself keeps those in flight only. */
const endingText = async (home: Home, sweepId: string, trial: string): Promise<string> => {
  const view = (await readSweep(home, sweepId).catch(() => undefined))?.view;
  const found = view?.observations.find((one) => one.trial === trial);
  return found === undefined ? '' : `; ${trial} has ended (${found.status})`;
};

/** Sends an act to a running sweep, made of who asks for it and why, and tells whether it was taken. */
export const sendActOf = async <N extends ActName>(
  invocation: Invocation,
  name: N,
  inputOf: (by: Act, sweepId: string) => ActInputs[N] | Promise<ActInputs[N]>,
): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const sweepId = await findSweep(home, invocation.positionals[0], 'unique');
  const given = reasonFlag(invocation);
  const updateId = idempotencyKey(invocation);
  const by: Act = { ...(await identify()), ...(given === undefined ? {} : { reason: given }) };
  const what = await inputOf(by, sweepId);
  checkAct(name, what); // the sweep says the same, in words only and with a worker
  const trial = 'trial' in what ? what.trial : undefined;
  const ended = (await readSweep(home, sweepId).catch(() => undefined))?.view.end;
  if (ended != null) {
    const then = name === 'retract' ? '; its other runs go on in a new one (docs/evidence.md)' : '';
    return outcomeOf(sweepId, name, trial, { accepted: false, reason: `the sweep has ended (${ended.status})${then}` });
  }
  const { connect } = await import('../temporal/client.js');
  const { act } = await import('../temporal/sweeps.js');
  const on = await connect({ home, onlyRunning: true });
  try {
    const options = updateId === undefined ? {} : { updateId };
    const { accepted, reason } = await act(on, sweepId, name, what, options);
    const isAnswered = accepted || trial === undefined || name === 'retract'; // which is about runs that have ended
    const ending = isAnswered ? '' : await endingText(home, sweepId, trial);
    return outcomeOf(sweepId, name, trial, { accepted, reason: `${reason}${ending}` });
  } finally {
    await on.close();
  }
};

/** Sends an act that takes nothing but who and why. */
export const sendAct = (invocation: Invocation, name: 'pause' | 'resume' | 'cancel'): Promise<Outcome> =>
  sendActOf(invocation, name, (by) => by);

/** Sends an act on the trial named second. */
export const sendTrialAct = (
  invocation: Invocation,
  name: 'retry' | 'abandon' | 'refuse' | 'retract',
): Promise<Outcome> => sendActOf(invocation, name, (by) => ({ ...by, trial: invocation.positionals[1] ?? '' }));

/** Sends an act on a trial that needs a reason; `why` says what of. @throws InputError when none is given. */
export const sendReasonedAct = (invocation: Invocation, name: 'refuse' | 'retract', why: string): Promise<Outcome> => {
  needed(reasonFlag(invocation), 'reason', `${why}: it goes into the record`);
  return sendTrialAct(invocation, name);
};
