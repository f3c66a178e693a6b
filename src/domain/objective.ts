import type { Metrics } from './observation.js';
import type { Objective } from './sweep.js';

/** Returns +1 when the objective is minimised, -1 when it is maximised: the belief always minimises. */
export const objectiveSign = (objective: Objective): 1 | -1 => (objective.direction === 'minimize' ? 1 : -1);

/** Returns the weighted sum of metrics in the user's direction; NaN when a metric is missing. */
export const objectiveValue = (objective: Objective, metrics: Metrics): number => {
  let sum = 0;
  for (const [metric, weight] of Object.entries(objective.weights)) sum += weight * (metrics[metric] ?? Number.NaN);
  return sum;
};
