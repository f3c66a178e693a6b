import type { Run } from './command.js';
import { sendTrialAct } from './send-act.js';

/** `titrate retry SWEEP TRIAL`. */
export const retry: Run = (invocation) => sendTrialAct(invocation, 'retry');
