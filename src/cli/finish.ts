import type { Run } from './command.js';
import { sendActOf } from './send-act.js';

/** `titrate finish SWEEP [--stop]`. */
export const finish: Run = (invocation) =>
  sendActOf(invocation, 'finish', (by) => ({ ...by, ...(invocation.flags['stop'] === true ? { stop: true } : {}) }));
