import type { Run } from './command.js';
import { sendTrialAct } from './send-act.js';

/** `titrate abandon SWEEP TRIAL`. */
export const abandon: Run = (invocation) => sendTrialAct(invocation, 'abandon');
