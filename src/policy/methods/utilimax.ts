/**
 * UtiliMax (Held et al. 2025, arXiv 2501.11747): one short run a domain measures what the domain is worth for each task; the
 * mixture is then the portfolio of most utility and least risk within the epoch caps (`utilimax-program.ts`).
 *
 * Differs from the paper:
 * - Runs are made within the sweep's limits, so that where a domain may not stand alone, the allowed mixture with most of it is run
 *   (the others even) and the utilities follow from all runs by least squares, as the program takes utility for linear in shares anyway.
 * - Utility is scaled to 0 for the worst of these runs and 1 for the best, task by task; tasks are the metrics of the objective,
 *   each as important as the others whatever its weight.
 * - `risk` scales the risk term; at 1 it is the paper's, n ||w||^2 with n the number of domains.
 */
import { z } from 'zod';
import { confirmationReserve, costOf } from '../../domain/cost.js';
import type { Proposal } from '../../domain/decision.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { sharesOf } from '../../domain/mixture.js';
import { FEASIBLE } from '../../domain/limits.js';
import { objectiveSign } from '../../domain/objective.js';
import type { Observation } from '../../domain/observation.js';
import type { Sweep } from '../../domain/sweep.js';
import { costText, fidelityText } from '../explain.js';
import { hasObjective, isSame, metricsOf } from './law-design.js';
import { cheapestScale } from './law-policy.js';
import { estimateUtilities } from './utilities.js';
import { plainProposal } from './plain-proposal.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';
import { runnableAt } from './fixed-mixture.js';
import { solveUtilityProgram } from './utilimax-program.js';

const Options = z.strictObject({
  /** Where the runs of the single domains are made; the cheapest scale when absent. */
  scale: z.string().optional(),
  /** The longest run that all domains can be paid for when absent. */
  steps: z.number().int().positive().optional(),
  /** Weight of the risk term; 1 is the paper's. */
  risk: z.number().positive().default(1),
});

const FAR = 1000; // shares: beyond every allowed mixture, so that the nearest of them is one with most of the domain

/**
 * For each domain whose share may vary the allowed mixture with most of it, the others as even as that leaves them, each once. A corner would
 * not do: under caps most corners have the same domains fill them up, of which they then say nothing. Of a list, the member with most.
 */
const designOf = ({ domains, list, centre, project, minimizeLinear }: FeasibleSet): Float64Array[] => {
  const points = domains.flatMap((_, d) => {
    const toward = (size: number): Float64Array => Float64Array.from(domains, (_name, i) => (i === d ? size : 0));
    if (list !== undefined) return [minimizeLinear(toward(-1))];
    const most = project(toward(FAR));
    return most[d]! > centre[d]! + FEASIBLE ? [most] : [];
  });
  return [...new Map(points.map((shares) => [shares.join(), shares])).values()];
};

/** The longest run that the options allow: at the named scale or the cheapest. */
const longestRun = (sweep: Sweep, { scale = cheapestScale(sweep), steps }: z.infer<typeof Options>): Fidelity =>
  chosenFidelity(sweep, { scale, steps });

/** The named steps, or the longest run that the budget buys once for every domain but those that imported runs measured, or the shortest. */
const cheapFidelity = ({ sweep, feasible, observations }: Situation, options: z.infer<typeof Options>): Fidelity => {
  const longest = longestRun(sweep, options);
  if (options.steps !== undefined) return longest;
  const { name: scale, steps } = sweep.scales.find(({ name }) => name === longest.scale)!;
  const allowance = sweep.budget - confirmationReserve(sweep);
  const imported = observations.filter((run) => run.imported === true);
  const design = imported.length === 0 ? [] : designOf(feasible);
  const isMeasured = (point: Float64Array, at: Fidelity): boolean =>
    imported.some((run) => metricsOf(run, at) !== undefined && isSame(feasible.domains, point, run.mixture));
  const affordable = steps
    .filter((count) => count <= longest.steps)
    .map((count) => ({ scale, steps: count }))
    .filter((at) => {
      const measured = design.filter((point) => isMeasured(point, at)).length;
      return (feasible.domains.length - measured) * costOf(sweep, at) <= allowance;
    });
  return affordable.at(-1) ?? { scale, steps: steps[0]! };
};

const nextRun = (situation: Situation, fidelity: Fidelity): Proposal | null => {
  const { sweep, history } = situation;
  const runnable = runnableAt(situation, fidelity);
  if (runnable === undefined) return null;
  const design = designOf(runnable);
  const shares = design.find((point) => !history.isTaken(point, fidelity));
  if (shares === undefined) return null;
  const offer = history.offer(shares, fidelity);
  if (offer.cost > history.available) return null;
  const reason = `One of ${design.length} runs that measure what each domain is worth: ${fidelityText(fidelity)} for ${costText(sweep, offer.cost)}.`;
  return plainProposal(situation, fidelity, shares, offer, { policy: 'utilimax', phase: 'opening', reason });
};

/** How well a run did by then at each task, more being better; undefined where it teaches nothing, 'worst' where it had blown up. */
const scoresOf = (sweep: Sweep, run: Observation, at: Fidelity): Float64Array | 'worst' | undefined => {
  if (run.status === 'diverged') return run.scale === at.scale && run.steps <= at.steps ? 'worst' : undefined;
  const metrics = metricsOf(run, at);
  if (metrics === undefined || !hasObjective(sweep, metrics)) return undefined;
  const tasks = Object.entries(sweep.objective.weights).filter(([, weight]) => weight !== 0);
  const sign = objectiveSign(sweep.objective);
  return Float64Array.from(tasks, ([metric, weight]) => -sign * Math.sign(weight) * metrics[metric]!);
};

const bestPortfolio = (situation: Situation, fidelity: Fidelity, risk: number): Float64Array | undefined => {
  const { sweep, feasible, observations } = situation;
  const runs = observations.flatMap((run) => {
    const scores = scoresOf(sweep, run, fidelity);
    return scores === undefined ? [] : [{ shares: sharesOf(run.mixture, feasible.domains), scores }];
  });
  const utilities = estimateUtilities(runs);
  if (utilities === undefined) return undefined;
  return solveUtilityProgram({ utilities, risk: risk * feasible.domains.length }, feasible).shares;
};

/** Makes the policy of UtiliMax; one run a domain, then it stops. */
export const createUtilimax = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  longestRun(sweep, options); // refuses a place that there is none of
  return {
    recommendsBy: (situation) => bestPortfolio(situation, cheapFidelity(situation, options), options.risk),
    propose: (situation) => nextRun(situation, cheapFidelity(situation, options)),
  };
};
