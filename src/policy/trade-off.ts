import { drawDirichlet } from '../domain/dirichlet.js';
import { groupByFidelity } from '../domain/fidelity.js';
import { metricSign, referenceOf } from '../domain/objective.js';
import type { Observation } from '../domain/observation.js';
import { createRng, seedOf } from '../domain/rng.js';
import type { Objective } from '../domain/sweep.js';
import { figure } from './explain.js';
import type { Situation } from './policy.js';

const ROUNDING = 1e-9; // relative: a metric that differs by less is stuck, such as an accuracy at chance

/** Sd of a metric over runs of one fidelity, pooled over fidelities; 0 where no fidelity has two completed runs that differ. */
const spreadWithin = (observations: readonly Observation[], metric: string): number => {
  const completed = observations.filter(({ status }) => status === 'completed');
  let [squares, freedom, size] = [0, 0, 0];
  for (const runs of groupByFidelity(completed)) {
    const values = runs.flatMap(({ metrics }) => metrics[metric] ?? []);
    if (values.length === 0) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const value of values) squares += (value - mean) ** 2;
    size = Math.max(size, Math.abs(mean));
    freedom += values.length - 1;
  }
  const spread = freedom > 0 ? Math.sqrt(squares / freedom) : 0;
  return spread > ROUNDING * size ? spread : 0;
};

/** One way to weigh the objective's metrics against each other. */
export interface TradeOff {
  readonly objective: Objective;
  /** Metric name to its part of the whole; parts sum to 1. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Draws the trade-off that one decision goes by: random parts of the metrics, each in units of its own spread over the runs of
 * one fidelity; the same situation gives the same one.
 *
 * After ParEGO (Knowles 2006, IEEE Trans. Evol. Comput. 10, 50-66), section III-A. Differs from ParEGO: the sum is linear, so that
 * the belief about it follows from the beliefs about the metrics at every scale. Parts of a front that bulge inwards are not sought
 * this way; `frontOf` finds them in the belief all the same.
 */
export const drawTradeOff = ({ sweep, observations, pending, seed }: Situation): TradeOff => {
  const metrics = Object.keys(sweep.objective.weights);
  const rng = createRng(seedOf(seed, 'trade-off', observations.length + pending.length));
  const drawn = drawDirichlet(rng, metrics.length, 1);
  const weights = metrics.map((metric, i) => {
    const spread = spreadWithin(observations, metric) || referenceOf(sweep.objective, metric).unit;
    return [metric, (metricSign(sweep.objective, metric) * drawn[i]!) / spread] as const;
  });
  return {
    objective: { direction: 'minimize', weights: Object.fromEntries(weights) },
    parts: Object.fromEntries(metrics.map((metric, i) => [metric, drawn[i]!])),
  };
};

/** Says what a decision went by. */
export const tradeOffText = ({ parts }: TradeOff): string => {
  const named = Object.entries(parts).map(([metric, part]) => `${figure(100 * part)} % ${metric}`);
  return `The front is sought by the trade-off drawn for this decision, in spreads of the metrics: ${named.join(', ')}.`;
};
