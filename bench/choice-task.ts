/** One sweep of the benchmark: a policy against one instance of a problem. */
import type { Proposal } from '../src/domain/decision.js';
import { objectiveSign } from '../src/domain/objective.js';
import type { Observation } from '../src/domain/observation.js';
import type { Sweep } from '../src/domain/sweep.js';
import { propose } from '../src/policy/propose.js';
import { recommend } from '../src/policy/recommend.js';
import { observe, regretOf, sweepOf, targetCostOf, type Problem } from './arena.js';
import { MARKS } from './choice-statistics.js';
import { drawTest, judgeHeldOut, type Tally } from './held-out.js';
import { SimulatedPlaces } from '../src/evidence/simulated-places.js';
import { openProblem } from './worlds.js';

/** When recommendations are asked for: after every run, or where a cost mark is passed and in the opening. */
export type Moments = 'all' | 'marks';

export interface Task {
  readonly problem: string;
  readonly policy: string;
  readonly seed: number;
  readonly noise: number;
  readonly budget: number;
  /** Trials in flight. */
  readonly parallel: number;
  readonly moments: Moments;
  readonly reference?: string;
}

/** What was recommended once `cost` had been spent. */
export interface Moment {
  readonly cost: number;
  /** Simulated time since the start, in units of cost. */
  readonly wall: number;
  readonly regret: number;
  /** (truth - predicted mean) / predicted sd of the recommended mixture; what intervals are judged by. */
  readonly standardizedError: number;
  /** At cost marks: mixtures drawn at random, and how many of their predictions held. */
  readonly heldOut?: Tally;
  /** The run that ended. */
  readonly run: string;
}

export interface Outcome {
  readonly task: Task;
  readonly family: string;
  /** Cost of a target run. */
  readonly targetCost: number;
  readonly moments: readonly Moment[];
  readonly spendByScale: Readonly<Record<string, number>>;
  /** Processor seconds. */
  readonly seconds: number;
}

interface Started {
  readonly trial: string;
  readonly proposal: Proposal;
}

/** Cost marks that a state of knowledge stands for: passed by now or before the next run ends. */
const isMarked = (paid: number, paidNext: number): boolean =>
  MARKS.some((mark) => mark * (1 + 1e-9) >= paid && mark * (1 + 1e-9) < paidNext);

/** A sweep on its way: places, observations, and what was recommended when. */
class Play {
  readonly moments: Moment[] = [];
  readonly spendByScale: Record<string, number> = {};
  readonly #problem: Problem;
  readonly #sweep: Sweep;
  readonly #task: Task;
  readonly #places: SimulatedPlaces<Started>;
  readonly #observations: Observation[] = [];
  readonly #test: ReturnType<typeof drawTest>;
  #trials = 0;

  constructor(problem: Problem, sweep: Sweep, task: Task) {
    [this.#problem, this.#sweep, this.#task] = [problem, sweep, task];
    this.#places = new SimulatedPlaces(task.parallel);
    this.#test = drawTest(problem, sweep);
  }

  /** Starts runs as long as there is a place and the policy has a wish. */
  fillPlaces(): void {
    while (!this.#places.isFull) {
      const pending = this.#places.pending.map(({ trial, proposal }) => {
        const { mixture, scale, steps, cost, continues } = proposal;
        return { trial, mixture, scale, steps, cost, ...(continues === undefined ? {} : { continues }) };
      });
      const proposal = propose(this.#sweep, this.#observations, { seed: this.#task.seed, pending });
      if (proposal === null) return;
      this.#places.start({ trial: `t${++this.#trials}`, proposal }, proposal.cost);
    }
  }

  /** Waits for a run to end; undefined when none is under way. */
  endRun(): Proposal | undefined {
    const ended = this.#places.finish();
    if (ended === undefined) return undefined;
    const { proposal, trial } = ended;
    this.#observations.push(observe(this.#problem.arena, this.#sweep, proposal, trial));
    this.spendByScale[proposal.scale] = (this.spendByScale[proposal.scale] ?? 0) + proposal.cost;
    return proposal;
  }

  /** Notes what is recommended after a run has ended and the next ones have begun, where that is wanted. */
  look(proposal: Proposal): void {
    const { paid, paidAtNextEnd } = this.#places;
    const marked = isMarked(paid, paidAtNextEnd);
    const wanted = this.#task.moments === 'all' || proposal.explanation.phase === 'opening';
    if (marked || wanted || paidAtNextEnd === Infinity) this.moments.push(this.#momentAfter(proposal, marked));
  }

  #momentAfter(proposal: Proposal, marked: boolean): Moment {
    const problem = this.#problem;
    const { mixture, mean, sd } = recommend(this.#sweep, this.#observations, { seed: this.#task.seed });
    const heldOut = marked ? judgeHeldOut(this.#sweep, this.#observations, this.#test) : undefined;
    const shares = Object.values(proposal.mixture).map((share) => share.toFixed(2));
    const { scale, steps, explanation } = proposal;
    return {
      cost: this.#places.paid,
      wall: this.#places.now,
      regret: regretOf(problem, mixture),
      standardizedError: (problem.truth(mixture) - objectiveSign(problem.objective) * mean) / sd,
      ...(heldOut === undefined ? {} : { heldOut }),
      run: `${explanation.phase} ${scale}@${steps} [${shares.join(' ')}] ${regretOf(problem, proposal.mixture).toFixed(3)}`,
    };
  }
}

/** Runs one sweep to the end of its budget. */
export const runTask = (task: Task): Outcome => {
  const started = process.cpuUsage();
  const { policy, seed, parallel } = task;
  const problem = openProblem(task.problem, task);
  const budget = Math.min(task.budget, problem.budget ?? Infinity);
  const play = new Play(problem, sweepOf(problem.arena, problem.objective, { policy, budget, seed, parallel }), task);
  play.fillPlaces();
  for (let proposal = play.endRun(); proposal !== undefined; proposal = play.endRun()) {
    play.fillPlaces();
    play.look(proposal);
  }
  const { user, system } = process.cpuUsage(started);
  return {
    task,
    family: problem.family,
    targetCost: targetCostOf(problem.arena),
    moments: play.moments,
    spendByScale: play.spendByScale,
    seconds: (user + system) / 1e6,
  };
};
