import { z } from 'zod';
import { InputError, type Problem } from '../../domain/errors.js';
import type { Metrics } from '../../domain/observation.js';
import { metricSign, objectiveSign, referenceOf } from '../../domain/objective.js';
import type { Objective, Sweep } from '../../domain/sweep.js';

/** Domain to the metric, or metrics, of the objective that its law describes. */
export const DomainMetrics = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]));
export type DomainMetrics = z.infer<typeof DomainMetrics>;

const problemsOf = (sweep: Sweep, chosen: DomainMetrics): Problem[] =>
  Object.entries(chosen).flatMap(([domain, metrics]) => {
    const path = `policy.metrics.${domain}`;
    const domains = Object.keys(sweep.domains);
    const known = Object.keys(sweep.objective.weights);
    const unknown = [metrics].flat().filter((metric) => !known.includes(metric));
    return [
      ...(domains.includes(domain)
        ? []
        : [{ path, expected: `one of the domains ${domains.join(', ')}`, found: domain }]),
      ...unknown.map((found) => ({ path, expected: `a metric of the objective (${known.join(', ')})`, found })),
    ];
  });

/** Metrics left out of an explicit matching would be optimised by nobody. */
const forgotten = (sweep: Sweep, chosen: DomainMetrics): Problem[] => {
  const named = Object.values(chosen).flat();
  const left = Object.keys(sweep.objective.weights).filter((metric) => !named.includes(metric));
  if (left.length === 0) return [];
  return [
    {
      path: 'policy.metrics',
      expected: `a domain for every metric of the objective`,
      found: `none for ${left.join(', ')}`,
    },
  ];
};

/** What a unit of the metric costs, in the objective signed so that less is better. */
const factorOf = (objective: Objective, metric: string): number =>
  (objectiveSign(objective) * objective.weights[metric]!) / referenceOf(objective, metric).unit;

/**
 * Finds each domain's loss, the sum of its metrics by their weights over their units, in the order of the sweep's domains;
 * undefined for a domain that has none. Without a choice a domain has the metric of its name when every metric of the objective bears a
 * domain's name; otherwise each domain has the whole objective.
 *
 * @throws InputError for names that the sweep does not have, and for metrics that a choice forgets.
 */
export const domainLosses = (
  sweep: Sweep,
  chosen: DomainMetrics | undefined,
): readonly (((metrics: Metrics) => number) | undefined)[] => {
  const { objective } = sweep;
  const domains = Object.keys(sweep.domains);
  const metrics = Object.keys(objective.weights);
  const problems = chosen === undefined ? [] : [...problemsOf(sweep, chosen), ...forgotten(sweep, chosen)];
  if (problems.length > 0) {
    const hint = 'policy.metrics maps domains to metrics of the objective, such as { code: loss_code }';
    throw new InputError('which metric belongs to which domain cannot be told', problems, { hint });
  }
  const isNamed = metrics.every((metric) => domains.includes(metric));
  const metricsFor = (domain: string): readonly string[] => {
    if (chosen !== undefined) return [chosen[domain] ?? []].flat();
    return isNamed ? metrics.filter((metric) => metric === domain) : metrics;
  };
  return domains.map((domain) => {
    const own = metricsFor(domain).filter((metric) => objective.weights[metric] !== 0);
    if (own.length === 0) return undefined;
    return (found) => own.reduce((sum, metric) => sum + factorOf(objective, metric) * (found[metric] ?? Number.NaN), 0);
  });
};

/**
 * Checks that the objective is a sum of losses.
 *
 * @throws InputError naming each metric that is wanted high.
 */
export const requireLosses = (sweep: Sweep): void => {
  const high = Object.keys(sweep.objective.weights).filter((metric) => metricSign(sweep.objective, metric) < 0);
  if (high.length === 0) return;
  const problems = high.map((metric) => ({
    path: `objective.metrics.${metric}`,
    expected: 'a loss, to be minimised',
    found: 'a metric that is maximised',
  }));
  const hint = 'the law is one of losses; for accuracies take log-linear or data-mixing-laws';
  throw new InputError(`policy ${sweep.policy.name} needs an objective made of losses`, problems, { hint });
};
