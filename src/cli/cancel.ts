import type { Run } from './command.js';
import { sendAct } from './send-act.js';

/** `titrate cancel SWEEP`. */
export const cancel: Run = (invocation) => sendAct(invocation, 'cancel');
