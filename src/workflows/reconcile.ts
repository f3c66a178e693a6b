/**
 * One look at a home for jobs that no trial owns, started by a schedule.
 *
 * Invariant: it stops no job. It asks sweeps to take up trials whose workflow is gone, and writes the rest down.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { ReconcileSummary } from '../activities/reconcile-activities.js';

const { titrateReconcileHome } = proxyActivities<Pick<Activities, 'titrateReconcileHome'>>({
  startToCloseTimeout: '1 hour', // backends that answer slowly, home folders with very many jobs
  heartbeatTimeout: '20 s', // four heartbeats
  retry: { maximumAttempts: 5 }, // the schedule tries again anyway
});

/** Looks once; see the invariant above. */
export async function titrateReconcile(): Promise<ReconcileSummary> {
  return titrateReconcileHome();
}
