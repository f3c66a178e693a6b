/**
 * The log-linear law with an exact proposal, as olmix has it (arXiv 2602.12237): each metric is c + exp(A r) at a cheap
 * fidelity, and the proposal is the least weighted sum plus `kl` times KL(r || natural), under epoch caps.
 *
 * Differs from olmix: caps that no mixture keeps are reported and left aside (theirs ends in an error of the solver), and
 * the proposal is solved for to a stated gap over bounds, groups and lists too.
 */
import { z } from 'zod';
import { feasibleSet, type FeasibleSet } from '../../domain/feasible-set.js';
import { isTitrateError } from '../../domain/errors.js';
import { epochCaps, FEASIBLE } from '../../domain/limits.js';
import type { Sweep } from '../../domain/sweep.js';
import { minimizeConvex, type Convex } from './convex-solve.js';
import { fidelityText, figure } from '../explain.js';
import { drawMixtures, naturalShares, rowsAt, type Design } from './law-design.js';
import { cheapFidelities, lawPolicy, tasksOf, type Solution } from './law-policy.js';
import { fitMixingLaw, scaleLaw, type FittedMixingLaw } from './mixing-law-fit.js';
import { parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';

const Options = z.strictObject({
  /** Where the law is fitted: the cheapest scale, and its longest run that can be paid for, when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
  /** Mixtures; three for each of the law's parameters when absent. */
  runs: z.number().int().positive().optional(),
  /** Of the Dirichlet draws. */
  concentration: z.number().positive().default(1),
  /** Weight of the divergence from natural shares. */
  kl: z.number().nonnegative().default(0.05),
  /** Most times that a domain's tokens may be seen at the target; the sweep's own `maxEpochs` when it has one. */
  maxEpochs: z.number().positive().optional(),
});
type Options = z.infer<typeof Options>;

const RUNS_PER_PARAMETER = 3; // olmix's least: 3 (m + 1) for m domains
const DEFAULT_EPOCHS = 4; // olmix's
const STRAIGHT_BELOW = 1e-6; // share ln(share) goes on along its tangent below a millionth of the tokens: moves the sum by less than that
const LEAST_PRIOR = 1e-12; // a domain of almost no tokens has a prior too

/** Returns the weighted sum of laws as a function of shares `(D)`. */
export const sumOfLaws =
  (laws: readonly FittedMixingLaw[]): Convex =>
  (shares) => {
    const gradient = new Float64Array(shares.length);
    let value = 0;
    for (const { floor, scale, strengths } of laws) {
      const rise = scale === 0 ? 0 : scale * Math.exp(strengths.reduce((sum, t, i) => sum + t * shares[i]!, 0));
      value += floor + rise;
      for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! + rise * strengths[i]!;
    }
    return { value, gradient };
  };

/** Adds `weight` times the divergence KL(shares || prior), in effect; the prior is positive everywhere. */
export const withDivergence =
  (f: Convex, weight: number, prior: ArrayLike<number>): Convex =>
  (shares) => {
    const { value, gradient } = f(shares);
    let divergence = 0;
    const slopes = gradient.map((slope, i) => {
      const share = Math.max(shares[i]!, STRAIGHT_BELOW);
      const log = Math.log(share / prior[i]!);
      divergence += share * log + (shares[i]! - share) * (log + 1);
      return slope + weight * (log + 1);
    });
    return { value: value + weight * divergence, gradient: slopes };
  };

/** The allowed set with epoch caps of the policy's own; without them, and words that say so, when no mixture keeps them. */
export const cappedSet = (
  sweep: Sweep,
  feasible: FeasibleSet,
  maxEpochs: number,
): { readonly set: FeasibleSet; readonly words: string } => {
  if (sweep.maxEpochs !== undefined && sweep.maxEpochs <= maxEpochs) return { set: feasible, words: '' };
  const capped = { ...sweep, maxEpochs };
  const caps = epochCaps(capped);
  if (caps.every((cap) => cap >= 1)) return { set: feasible, words: '' };
  const words = `; no allowed mixture keeps ${figure(maxEpochs)} epochs, so that limit is left aside`;
  if (feasible.list !== undefined) {
    const list = feasible.list.filter((shares) => shares.every((share, i) => share <= caps[i]! + FEASIBLE));
    return list.length === 0 ? { set: feasible, words } : { set: { ...feasible, list }, words: '' };
  }
  try {
    return { set: feasibleSet(capped), words: '' };
  } catch (error) {
    if (isTitrateError(error)) return { set: feasible, words };
    throw error;
  }
};

const solve = (situation: Situation, design: Design, options: Options): Solution | undefined => {
  const { sweep, feasible } = situation;
  const fidelity = design.fidelities[0]!;
  const rows = rowsAt(situation, design, fidelity);
  if (rows.length < feasible.domains.length + 2) return undefined; // a floor and a strength each, and one run to judge them by
  const mixtures = rows.map(({ shares }) => shares);
  const laws = tasksOf(sweep).map((task) => {
    const values = rows.map(({ metrics }) => task.read(metrics));
    return scaleLaw(fitMixingLaw(mixtures, values), task);
  });
  const prior =
    naturalShares(sweep)?.map((share) => Math.max(share, LEAST_PRIOR)) ??
    feasible.centre.map(() => 1 / feasible.domains.length);
  const { set, words } = cappedSet(sweep, feasible, options.maxEpochs ?? sweep.maxEpochs ?? DEFAULT_EPOCHS);
  const { shares, gap } = minimizeConvex(withDivergence(sumOfLaws(laws), options.kl, prior), set, set.centre);
  const fitted = `the best mixture under the law of ${rows.length} runs at ${fidelityText(fidelity)}`;
  return { shares, words: `${fitted} with ${options.kl} of divergence from natural shares, to ${figure(gap)}${words}` };
};

/** Log-linear laws of every metric, and the exact best mixture near natural shares. */
export const createLogLinear = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  const fidelities = cheapFidelities(sweep, options).map((fidelity) => [fidelity]);
  const domains = Object.keys(sweep.domains).length;
  const runs = options.runs ?? RUNS_PER_PARAMETER * (domains + 1);
  return lawPolicy({
    policy: 'log-linear',
    wish: (_, feasible) => ({
      mixtures: drawMixtures(sweep, feasible, runs, options.concentration),
      runs,
      enough: Math.min(runs, domains + 2),
      fidelities,
      drawn: true,
    }),
    solve: (situation, design) => solve(situation, design, options),
  });
};
