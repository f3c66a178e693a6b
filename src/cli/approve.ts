import { mixtureFlag, numberFlag } from './act-flags.js';
import { textFlag, type Run } from './command.js';
import { sendActOf } from './send-act.js';

/** `titrate approve SWEEP TRIAL [--mixture ...] [--scale ...] [--steps ...]`. */
export const approve: Run = (invocation) => {
  const mixture = mixtureFlag(invocation, 'mixture');
  const scale = textFlag(invocation, 'scale');
  const steps = numberFlag(invocation, 'steps');
  const change = {
    ...(mixture === undefined ? {} : { mixture }),
    ...(scale === undefined ? {} : { scale }),
    ...(steps === undefined ? {} : { steps }),
  };
  const isChanged = Object.keys(change).length > 0;
  return sendActOf(invocation, 'approve', (by) => ({
    ...by,
    trial: invocation.positionals[1] ?? '',
    ...(isChanged ? { change } : {}),
  }));
};
