import type { Run } from './command.js';
import { sendAct } from './send-act.js';

/** `titrate retry SWEEP TRIAL`. */
export const retry: Run = (invocation) => sendAct(invocation, 'retry');
