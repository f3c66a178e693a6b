/**
 * A sweep played on made-up laws before anything is paid: random saturating mixing laws (simulators/synthetic-law.ts) in the shape of the
 * sweep, with its domains, limits, scales, prices, budget, places and policy. No run of the team's is behind them: they say how a sweep
 * of this size goes, not how this one will.
 *
 * A scale is as far below the target as its model is smaller, squeezed into the factor of forty that the laws span where the ladder
 * spans more. Steps count as the part of the scale's longest run.
 */
import { feasibleSet } from '../domain/feasible-set.js';
import type { Fidelity } from '../domain/fidelity.js';
import { mixtureOf, sharesOf, type Mixture } from '../domain/mixture.js';
import { metricSign, minimizedValue, neededMetrics, referenceOf } from '../domain/objective.js';
import type { Metrics } from '../domain/observation.js';
import type { World } from '../domain/ports.js';
import { seedOf } from '../domain/rng.js';
import type { Sweep } from '../domain/sweep.js';
import {
  createSyntheticWorld,
  syntheticDomains,
  SYNTHETIC_SIZES,
  SYNTHETIC_STEPS,
  type SmallScales,
} from '../simulators/synthetic-law.js';
import type { Stage } from './backtest.js';
import { searchExtremes } from './extremes.js';

const NOISE = 0.01; // of a metric's spread over mixtures
const [LEAST, MOST] = [SYNTHETIC_SIZES[0], SYNTHETIC_SIZES.at(-1)!];
const LAST_STEP = SYNTHETIC_STEPS.at(-1)!;

/** What a made-up law stands in for: a run of the sweep in the law's own terms. */
interface Shape {
  sizeOf(scale: string): number;
  stepsOf(run: Fidelity): number;
}

const shapeOf = ({ scales, target }: Sweep): Shape => {
  const byName = new Map(scales.map((scale) => [scale.name, scale]));
  const parametersOf = (name: string): number => byName.get(name)?.parameters ?? Number.NaN;
  const below = (name: string): number => Math.max(1, parametersOf(target.scale) / parametersOf(name));
  const widest = Math.max(...scales.map(({ name }) => below(name)));
  const squeeze = Math.min(1, Math.log(MOST / LEAST) / Math.log(widest));
  return {
    sizeOf: (name) => Math.max(LEAST, MOST / below(name) ** squeeze),
    stepsOf: ({ scale, steps }) => {
      const longest = scale === target.scale ? target.steps : (byName.get(scale)?.steps.at(-1) ?? steps);
      return Math.max(1, (LAST_STEP * steps) / longest);
    },
  };
};

/** The laws of one seed: as many worlds as it takes to give every metric a law of its own. */
const worldsOf = (sweep: Sweep, seed: number, smallScales: SmallScales, noise: number): World[] => {
  const domains = Object.keys(sweep.domains).length;
  const worldAt = (n: number): World => createSyntheticWorld({ domains, seed: seedOf(seed, n), smallScales, noise });
  const first = worldAt(0);
  const count = Math.ceil(neededMetrics(sweep).length / first.metrics.length);
  return [first, ...Array.from({ length: count - 1 }, (_, n) => worldAt(n + 1))];
};

/** Reports, at some steps of a run, the sweep's metrics by the laws. */
type Reporter = (
  run: Fidelity & { readonly mixture: Mixture },
  checkpoints: readonly number[],
) => { readonly steps: number; readonly metrics: Metrics }[];

const reporterOf = (sweep: Sweep, shape: Shape, worlds: readonly World[]): Reporter => {
  const names = Object.keys(sweep.domains);
  const known = syntheticDomains(names.length);
  const { objective } = sweep;
  const metrics = neededMetrics(sweep);
  // Less is better in a law; a metric is it in the metric's own units.
  const reported = (metric: string, loss: number): number => {
    const { zero, unit } = referenceOf(objective, metric);
    return zero + metricSign(objective, metric) * unit * loss;
  };
  return (run, checkpoints) => {
    const job = {
      mixture: mixtureOf(sharesOf(run.mixture, names), known),
      scale: run.scale,
      parameters: shape.sizeOf(run.scale),
      steps: shape.stepsOf(run),
      checkpoints: checkpoints.map((steps) => shape.stepsOf({ scale: run.scale, steps })),
      seed: sweep.seed,
    };
    const curves = worlds.map((world) => world.train(job).map((point) => Object.values(point.metrics)));
    return checkpoints.map((steps, c) => {
      const losses = curves.flatMap((curve) => curve[c]!);
      return { steps, metrics: Object.fromEntries(metrics.map((metric, m) => [metric, reported(metric, losses[m]!)])) };
    });
  };
};

/** Makes up laws for a sweep. What it guards is left out, as a made-up law knows no limit that means anything. */
export const rehearsalStage = (sweep: Sweep, seed: number, smallScales: SmallScales): Stage => {
  const { guards: _, imports: __, ...rest } = sweep;
  const free: Sweep = rest;
  const shape = shapeOf(free);
  const report = reporterOf(free, shape, worldsOf(free, seed, smallScales, NOISE));
  const exact = reporterOf(free, shape, worldsOf(free, seed, smallScales, 0));
  const { target } = free;
  const valueOf = (mixture: Mixture): number =>
    minimizedValue(free.objective, exact({ ...target, mixture }, [target.steps])[0]!.metrics);
  const feasible = feasibleSet(free);
  const { best, median } = searchExtremes(feasible, (shares) => valueOf(mixtureOf(shares, feasible.domains)));
  const stepsOf = new Map(free.scales.map(({ name, steps }) => [name, steps]));
  return {
    sweep: free,
    targetRows: [],
    observe: (trial, { mixture, scale, steps, cost, continues }) => {
      const checkpoints = (stepsOf.get(scale) ?? [steps]).filter((at) => at <= steps);
      const curve = report({ mixture, scale, steps }, checkpoints);
      const run = { trial, mixture, scale, steps, status: 'completed' as const, metrics: curve.at(-1)!.metrics, curve };
      return { ...run, cost, ...(continues === undefined ? {} : { continues }) };
    },
    regretOf: (mixture) => (valueOf(mixture) - best) / (median - best),
  };
};
