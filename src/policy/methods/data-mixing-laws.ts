/**
 * Data mixing laws, nested as their paper has them (Ye et al. 2024, arXiv 2403.16952, section 4): runs of the same mixtures
 * at several small sizes; a law of steps takes each run to the target's tokens, a law of size takes each mixture from
 * there to the target's size, and the exponential law of mixtures is fitted to what comes out; its minimum is proposed.
 *
 * Differs from the paper: mixtures are Dirichlet draws (theirs halve each domain's share again and again); sizes are left
 * out, from the costly end, when not all can be paid; the minimum is solved for (theirs is the best of a grid).
 */
import { z } from 'zod';
import { costOf } from '../../domain/cost.js';
import { InputError } from '../../domain/errors.js';
import type { Fidelity, Scale } from '../../domain/fidelity.js';
import { targetTokens } from '../../domain/limits.js';
import { objectiveSign } from '../../domain/objective.js';
import type { Metrics } from '../../domain/observation.js';
import type { Sweep } from '../../domain/sweep.js';
import { minimizeConvex } from './convex-solve.js';
import { fidelityText, figure } from '../explain.js';
import { drawMixtures, rowsAt, type Design } from './law-design.js';
import { lawPolicy, tasksOf, type Solution } from './law-policy.js';
import { sumOfLaws } from './log-linear.js';
import { fitMixingLaw, scaleLaw } from './mixing-law-fit.js';
import { parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';
import { extrapolate, type Curve } from './power-law-fit.js';

const Options = z.strictObject({
  /** Sizes to run at; up to four of the cheapest below the target when absent. */
  scales: z.array(z.string()).min(1).optional(),
  /** Mixtures; the paper's 20, and more with many domains, when absent. */
  runs: z.number().int().positive().optional(),
  /** Of the Dirichlet draws. */
  concentration: z.number().positive().default(1),
});

const PAPER_RUNS = 20; // mixtures of seven domains in the paper
const RUNS_PER_PARAMETER = 2; // where that would leave less
const MOST_SIZES = 4; // the paper's 70M, 160M, 305M and 410M, for a target of 1B

/** A run's metrics over its checkpoints. */
interface Checkpoints {
  readonly shares: Float64Array;
  readonly tokens: readonly number[];
  readonly metrics: readonly Metrics[];
}

/** Every checkpoint that a design's run at one size reports, the last one being the run's end. */
const checkpointsAt = (situation: Situation, design: Design, fidelity: Fidelity): Checkpoints[] => {
  const { tokensPerStep, steps } = situation.sweep.scales.find(({ name }) => name === fidelity.scale)!;
  const counts = steps.filter((count) => count <= fidelity.steps);
  const bySteps = counts.map((count) => {
    const rows = rowsAt(situation, design, { scale: fidelity.scale, steps: count });
    return new Map(rows.map((row) => [row.shares.join(), row]));
  });
  return [...bySteps.at(-1)!.values()].map(({ shares }) => {
    const at = counts.flatMap((count, i) => {
      const row = bySteps[i]!.get(shares.join());
      return row === undefined ? [] : [{ tokens: count * tokensPerStep, metrics: row.metrics }];
    });
    return { shares, tokens: at.map(({ tokens }) => tokens), metrics: at.map(({ metrics }) => metrics) };
  });
};

/** Takes every run at one size to the target's tokens. */
const atTargetTokens = (
  runs: readonly Checkpoints[],
  aim: number,
  metric: (metrics: Metrics) => number,
): ReadonlyMap<string, number> => {
  const curves = runs.map(({ tokens, metrics }): Curve => {
    const far = tokens.at(-1)! >= aim; // nothing to extrapolate
    const from = far ? tokens.length - 1 : 0;
    return { x: tokens.slice(from).map((count) => (far ? 1 : count / aim)), y: metrics.slice(from).map(metric) };
  });
  const values = extrapolate(curves);
  return new Map(runs.map(({ shares }, i) => [shares.join(), values[i]!]));
};

/** Takes mixtures, whose metric at the target's tokens is known at every size, to the target's size. */
const atTargetSize = (
  mixtures: readonly string[],
  sizes: readonly { readonly parameters: number; readonly values: ReadonlyMap<string, number> }[],
  aim: number,
): number[] => {
  const bySize = new Map(sizes.map((size) => [size.parameters, size])); // of scales of one size the last: a law through both has no slope
  const sorted = [...bySize.values()].sort((a, b) => a.parameters - b.parameters);
  const below = sorted.filter(({ parameters }) => parameters < aim);
  const used = below.length > 0 ? below : sorted.slice(0, 1);
  const x = used.map(({ parameters }) => (below.length > 0 ? parameters / aim : 1));
  return extrapolate(mixtures.map((key) => ({ x, y: used.map(({ values }) => values.get(key)!) })));
};

const solve = (situation: Situation, design: Design): Solution | undefined => {
  const { sweep, feasible } = situation;
  const parametersOf = (name: string): number => sweep.scales.find((scale) => scale.name === name)!.parameters;
  const sizes = design.fidelities.map((fidelity) => ({
    parameters: parametersOf(fidelity.scale),
    runs: checkpointsAt(situation, design, fidelity),
  }));
  const seen = sizes.map(({ runs }) => new Set(runs.map(({ shares }) => shares.join())));
  const common = sizes[0]!.runs.filter(({ shares }) => seen.every((size) => size.has(shares.join())));
  if (common.length < feasible.domains.length + 2) return undefined; // a floor and a strength each, and one run to judge them by
  const keys = common.map(({ shares }) => shares.join());
  const laws = tasksOf(sweep).map((task) => {
    const taken = sizes.map(({ parameters, runs }) => ({
      parameters,
      values: atTargetTokens(runs, targetTokens(sweep), task.read),
    }));
    const values = atTargetSize(keys, taken, parametersOf(sweep.target.scale));
    return scaleLaw(
      fitMixingLaw(
        common.map(({ shares }) => shares),
        values,
      ),
      task,
    );
  });
  const { shares, value, gap } = minimizeConvex(sumOfLaws(laws), feasible, feasible.centre);
  const where = design.fidelities.map(fidelityText).join(', ');
  const words = `the best mixture under the law of ${common.length} mixtures at ${where}, which expects ${figure(objectiveSign(sweep.objective) * value)}, to ${figure(gap)}`;
  return { shares, words };
};

const namedScales = (sweep: Sweep, names: readonly string[]): readonly Scale[] => {
  const scales = names.map((name) => sweep.scales.find((scale) => scale.name === name));
  const missing = names.filter((_, i) => scales[i] === undefined);
  if (missing.length > 0 || new Set(names).size < names.length) {
    const expected = `different ones of ${sweep.scales.map(({ name }) => name).join(', ')}`;
    throw new InputError('options of the policy', [{ path: 'policy.scales', expected, found: names.join(', ') }]);
  }
  return scales.filter((scale) => scale !== undefined);
};

/** Up to four of the cheapest sizes that cost less a step than the target's; the target's own when it is the cheapest. */
const smallScales = (sweep: Sweep): readonly Scale[] => {
  const price = (name: string): number => costOf(sweep, { scale: name, steps: 1 });
  const smaller = sweep.scales.filter(({ name }) => price(name) < price(sweep.target.scale));
  const own = sweep.scales.filter(({ name }) => name === sweep.target.scale);
  return (smaller.length > 0 ? smaller : own).toSorted((a, b) => price(a.name) - price(b.name)).slice(0, MOST_SIZES);
};

/** Nested laws of steps, size and mixture. */
export const createDataMixingLaws = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  const scales = options.scales === undefined ? smallScales(sweep) : namedScales(sweep, options.scales);
  const fidelities = scales.map(({ name, steps }) => ({
    scale: name,
    steps: name === sweep.target.scale ? sweep.target.steps : steps.at(-1)!,
  }));
  const parameters = Object.keys(sweep.domains).length + 1;
  const runs = options.runs ?? Math.max(PAPER_RUNS, RUNS_PER_PARAMETER * parameters);
  return lawPolicy({
    policy: 'data-mixing-laws',
    wish: (_, feasible) => ({
      mixtures: drawMixtures(sweep, feasible, runs, options.concentration),
      runs,
      enough: Math.min(runs, RUNS_PER_PARAMETER * parameters),
      fidelities: fidelities.map((__, i) => fidelities.slice(0, fidelities.length - i)),
      drawn: true,
    }),
    solve,
  });
};
