/** Every state that squeue and sacct can say, and what it means: the table of docs/slurm.md. */

/** `active`: the job is or will be at work, or leaves its node. `final`: it will not come back by itself. */
type StateMeaning = 'active' | 'final';

const ACTIVE = [
  'PENDING',
  'CONFIGURING',
  'RUNNING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'RESIZING',
  'STAGE_OUT',
  'COMPLETING', // its processes may still be there, whatever sacct says meanwhile
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT', // requeued and held: somebody must release it
  'RESV_DEL_HOLD',
] as const;

const FINAL = [
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'DEADLINE',
  'PREEMPTED',
  'NODE_FAIL',
  'BOOT_FAIL',
  'OUT_OF_MEMORY',
] as const;
export type FinalState = (typeof FINAL)[number];

const MEANINGS: ReadonlyMap<string, StateMeaning> = new Map<string, StateMeaning>([
  ...ACTIVE.map((state) => [state, 'active'] as const),
  ...FINAL.map((state) => [state, 'final'] as const),
]);

/** What a state word means; undefined for one that is not known, which proves nothing. */
export const meaningOf = (state: string): StateMeaning | undefined => MEANINGS.get(state);

export const isFinalState = (state: string): state is FinalState => meaningOf(state) === 'final';
