import type { Run } from './command.js';
import { sendReasonedAct } from './send-act.js';

/** `titrate retract SWEEP TRIAL`. */
export const retract: Run = async (invocation) =>
  sendReasonedAct(invocation, 'retract', 'what is wrong with the result');
