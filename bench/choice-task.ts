/** One sweep of the benchmark: a policy against one instance of a problem. */
import type { Observation } from '../src/domain/observation.js';
import { propose } from '../src/policy/propose.js';
import { recommend } from '../src/policy/recommend.js';
import { objectiveSign } from '../src/domain/objective.js';
import { observe, openProblem, regretOf, sweepOf } from './worlds.js';

export interface Task {
  readonly problem: string;
  readonly policy: string;
  readonly seed: number;
  readonly noise: number;
  readonly budget: number;
  readonly reference?: string;
}

/** What was recommended once `cost` had been spent. */
export interface Moment {
  readonly cost: number;
  readonly regret: number;
  /** (truth - predicted mean) / predicted sd of the recommended mixture; what intervals are judged by. */
  readonly standardizedError: number;
  /** The run just made. */
  readonly run: string;
}

export interface Outcome {
  readonly task: Task;
  readonly family: string;
  readonly isComposite: boolean;
  /** Cost of a target run. */
  readonly targetCost: number;
  readonly moments: readonly Moment[];
  readonly spendByScale: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Runs one sweep to the end of its budget, asking for a recommendation after every run. */
export const runTask = (task: Task): Outcome => {
  const started = performance.now();
  const { policy, budget, seed } = task;
  const problem = openProblem(task.problem, task);
  const sweep = sweepOf(problem.arena, problem.objective, { policy, budget, seed });
  const sign = objectiveSign(problem.objective);
  const observations: Observation[] = [];
  const moments: Moment[] = [];
  const spendByScale: Record<string, number> = {};
  let cost = 0;
  for (;;) {
    const proposal = propose(sweep, observations, { seed });
    if (proposal === null) break;
    observations.push(observe(problem.arena, sweep, proposal, `t${observations.length + 1}`));
    cost += proposal.cost;
    spendByScale[proposal.scale] = (spendByScale[proposal.scale] ?? 0) + proposal.cost;
    const { mixture, mean, sd } = recommend(sweep, observations, { seed });
    const shares = Object.values(proposal.mixture).map((share) => share.toFixed(2));
    moments.push({
      cost,
      regret: regretOf(problem, mixture),
      standardizedError: (problem.truth(mixture) - sign * mean) / sd,
      run:
        `${proposal.explanation.phase} ${proposal.scale}@${proposal.steps} [${shares.join(' ')}] ` +
        regretOf(problem, proposal.mixture).toFixed(3),
    });
  }
  const { family, isComposite, arena } = problem;
  const targetCost = arena.perStep[sweep.target.scale]! * sweep.target.steps;
  return {
    task,
    family,
    isComposite,
    targetCost,
    moments,
    spendByScale,
    seconds: (performance.now() - started) / 1000,
  };
};
