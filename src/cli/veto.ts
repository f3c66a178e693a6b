import { boundsFlag, needed } from './act-flags.js';
import type { Run } from './command.js';
import { sendActOf } from './send-act.js';

/** `titrate veto SWEEP --bounds web=0.2..0.5`. */
export const veto: Run = (invocation) => {
  const bounds = needed(
    boundsFlag(invocation, 'bounds'),
    'bounds',
    'what stays allowed, like web=0.2..0.5,books=..0.3',
  );
  return sendActOf(invocation, 'veto', (by) => ({ ...by, bounds }));
};
