import type { Run } from './command.js';
import { sendReasonedAct } from './send-act.js';

/** `titrate refuse SWEEP TRIAL`. */
export const refuse: Run = async (invocation) => sendReasonedAct(invocation, 'refuse', 'why it is refused');
