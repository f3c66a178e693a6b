// The team's own activities. A real one would call the scheduler of the cluster.
import { log } from '@temporalio/activity';

export const orderTrainingRun = async ({ model, mixture }) => {
  const shares = Object.entries(mixture).map(([domain, share]) => `${domain} ${(100 * share).toFixed(1)} %`);
  log.info(`ordered ${model}: ${shares.join(', ')}`);
  return `order-${model}`;
};
