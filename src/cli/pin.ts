import { mixtureFlag, needed, numberFlag } from './act-flags.js';
import { textFlag, type Run } from './command.js';
import { sendActOf } from './send-act.js';

/** `titrate pin SWEEP --mixture ... --scale ... --steps ...`. */
export const pin: Run = (invocation) => {
  const run = {
    mixture: needed(mixtureFlag(invocation, 'mixture'), 'mixture', 'the run’s mixture, like web=0.6,books=0.4'),
    scale: needed(textFlag(invocation, 'scale'), 'scale', 'a scale of the sweep'),
    steps: needed(numberFlag(invocation, 'steps'), 'steps', 'one of the steps of that scale'),
  };
  return sendActOf(invocation, 'pin', (by) => ({ ...by, ...run }));
};
