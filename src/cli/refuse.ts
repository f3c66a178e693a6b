import type { Run } from './command.js';
import { needed } from './act-flags.js';
import { textFlag } from './command.js';
import { sendTrialAct } from './send-act.js';

/** `titrate refuse SWEEP TRIAL`. */
export const refuse: Run = async (invocation) => {
  needed(textFlag(invocation, 'reason'), 'reason', 'why it is refused: it goes into the record');
  return sendTrialAct(invocation, 'refuse');
};
