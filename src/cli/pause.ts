import type { Run } from './command.js';
import { sendAct } from './send-act.js';

/** `titrate pause SWEEP`. */
export const pause: Run = (invocation) => sendAct(invocation, 'pause');
