import type { Orphan } from '../ledger/quarantine.js';
import type { ActivityDeps } from './activities.js';
import { whileHeartbeating } from './heartbeats.js';

/** What a look at all sweeps of a home found. */
export interface ReconcileReport {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Number of sweep folders. */
  readonly sweeps: number;
  /** Number of jobs that have not ended. */
  readonly open: number;
  /** Number of jobs whose owner could not be asked for, since the server did not run. */
  readonly unjudged: number;
  /** Keys of the jobs whose trial was taken up again, or whose end was asked for. */
  readonly adopted: readonly string[];
  /** All jobs in quarantine. */
  readonly orphans: readonly Orphan[];
  /** Sweeps that could not be looked at, and why. */
  readonly troubles: readonly { readonly sweep: string; readonly trouble: string }[];
}

/** The report in brief: what a history keeps of it. */
export interface ReconcileSummary {
  readonly at: string;
  readonly sweeps: number;
  readonly open: number;
  readonly orphans: number;
  readonly adopted: readonly string[];
  readonly troubles: ReconcileReport['troubles'];
}

const NAMED = 20; // of a kind; a history keeps no long lists

export const reconcileActivities = ({ reconcile }: ActivityDeps) => ({
  /** Looks for jobs that no trial owns: adopts them, or puts them in quarantine. */
  titrateReconcileHome: async (): Promise<ReconcileSummary> => {
    const { at, sweeps, open, orphans, adopted, troubles } = await whileHeartbeating(reconcile());
    return {
      at,
      sweeps,
      open,
      orphans: orphans.length,
      adopted: adopted.slice(0, NAMED),
      troubles: troubles.slice(0, NAMED),
    };
  },
});
