import type { Run } from './command.js';
import { sendAct } from './send-act.js';

/** `titrate resume SWEEP`. */
export const resume: Run = (invocation) => sendAct(invocation, 'resume');
