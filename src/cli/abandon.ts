import type { Run } from './command.js';
import { sendAct } from './send-act.js';

/** `titrate abandon SWEEP TRIAL`. */
export const abandon: Run = (invocation) => sendAct(invocation, 'abandon');
