import type { Run } from './command.js';
import { sendAct, sendTrialAct } from './send-act.js';

/** `titrate cancel SWEEP [TRIAL]`: of one trial it is the same as giving it up. */
export const cancel: Run = (invocation) =>
  invocation.positionals[1] === undefined ? sendAct(invocation, 'cancel') : sendTrialAct(invocation, 'abandon');
