import type { Run } from './command.js';
import { needed } from './act-flags.js';
import { textFlag } from './command.js';
import { sendTrialAct } from './send-act.js';

/** `titrate retract SWEEP TRIAL`. */
export const retract: Run = async (invocation) => {
  needed(textFlag(invocation, 'reason'), 'reason', 'what is wrong with the result: it goes into the record');
  return sendTrialAct(invocation, 'retract');
};
