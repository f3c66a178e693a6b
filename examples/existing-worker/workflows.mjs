// The team's own workflow module. A plugin cannot ship workflows, so titrate's are re-exported here.
import { executeChild, proxyActivities } from '@temporalio/workflow';

export { titrateNotice, titrateReconcile, titrateSweep, titrateTrial } from 'titrate/workflows';

const { orderTrainingRun } = proxyActivities({ startToCloseTimeout: '1 minute' });

/**
 * Finds the mixture for the next model by a sweep, then orders the training run with it.
 *
 * The child's workflow id is `titrate/<sweepId>`: by it `titrate status`, `watch` and `explain` find the sweep.
 */
export async function prepareModel({ model, sweepId, sweep }) {
  const result = await executeChild('titrateSweep', {
    workflowId: `titrate/${sweepId}`,
    args: [{ sweepId, sweep }],
    // When this workflow is ended from outside, the sweep stops its jobs and writes its record to the end; terminated with it
    // (the default), it would leave them running.
    parentClosePolicy: 'REQUEST_CANCEL',
  });
  if (result.recommendation === null) return { model, order: null, reason: result.reason };
  const { mixture, mean, sd } = result.recommendation;
  const order = await orderTrainingRun({ model, mixture });
  return { model, order, mixture, predicted: { mean, sd }, spent: result.spent };
}
