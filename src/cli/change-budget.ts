import { InputError } from '../domain/errors.js';
import { numberFlag } from './act-flags.js';
import type { Invocation, Outcome, Run } from './command.js';
import { sendActOf } from './send-act.js';

const change = async (invocation: Invocation, name: 'extend-budget' | 'lower-budget'): Promise<Outcome> => {
  const to = numberFlag(invocation, 'to');
  const by = numberFlag(invocation, 'by');
  if ((to === undefined) === (by === undefined)) {
    const found = to === undefined ? 'neither' : 'both';
    throw new InputError('this command line cannot be used', [{ path: '--to', expected: '--to or --by', found }]);
  }
  if (by !== undefined && by <= 0) {
    const problem = { path: '--by', expected: 'a number above 0', found: String(by) };
    throw new InputError('this command line cannot be used', [problem]);
  }
  return sendActOf(invocation, name, (who) => ({
    ...who,
    ...(to === undefined ? {} : { to }),
    ...(by === undefined ? {} : { change: by }),
  }));
};

/** `titrate extend-budget SWEEP --to AMOUNT`. */
export const extendBudget: Run = (invocation) => change(invocation, 'extend-budget');

/** `titrate lower-budget SWEEP --to AMOUNT`. */
export const lowerBudget: Run = (invocation) => change(invocation, 'lower-budget');
