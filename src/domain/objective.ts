import type { Metrics } from './observation.js';
import type { Objective, Reference, Sweep } from './sweep.js';

/** Returns +1 when the objective is minimised, -1 when it is maximised: the belief always minimises. */
export const objectiveSign = (objective: Objective): 1 | -1 => (objective.direction === 'minimize' ? 1 : -1);

const AS_REPORTED: Reference = { zero: 0, unit: 1 };

/** What a metric is measured from and in; itself where the objective states no reference for it. */
export const referenceOf = ({ references }: Objective, metric: string): Reference =>
  references !== undefined && Object.hasOwn(references, metric) ? references[metric]! : AS_REPORTED;

/** Returns sum_i weight_i (metric_i - zero_i) / unit_i in the user's direction; NaN when a metric is missing. */
export const objectiveValue = (objective: Objective, metrics: Metrics): number => {
  let sum = 0;
  for (const [metric, weight] of Object.entries(objective.weights)) {
    const { zero, unit } = referenceOf(objective, metric);
    sum += (weight * ((metrics[metric] ?? Number.NaN) - zero)) / unit;
  }
  return sum;
};

/** Returns the objective as the belief has it: less is better. NaN when a metric is missing. */
export const minimizedValue = (objective: Objective, metrics: Metrics): number =>
  objectiveSign(objective) * objectiveValue(objective, metrics);

/** Returns +1 when the objective wants less of one of its metrics, -1 when it wants more. */
export const metricSign = (objective: Objective, metric: string): 1 | -1 =>
  objectiveSign(objective) * (objective.weights[metric] ?? 0) < 0 ? -1 : 1;

/** Names the metrics that every completed run has to report: those of the objective, then those that are guarded. */
export const neededMetrics = ({ objective, guards = [] }: Pick<Sweep, 'objective' | 'guards'>): string[] => [
  ...new Set([...Object.keys(objective.weights), ...guards.map(({ metric }) => metric)]),
];
