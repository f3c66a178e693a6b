import { describe, expect, it } from 'vitest';
import type { Observation, PendingTrial } from '../../../src/domain/observation.js';
import { createRng } from '../../../src/domain/rng.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';
import { expectAllowed, LIMITED, runSweep } from '../run-sweep.js';
import { lossOf, makeSweep, runOf } from '../sweeps.js';

/** A sweep over rungs of 1, 3, 9 and 27 steps. */
const ladderSweep = (eta: number, name = 'asha', skip?: number): Sweep =>
  makeSweep({
    policy: { name, eta, ...(skip === undefined ? {} : { skip }) },
    scales: [{ name: 'L', parameters: 250e6, tokensPerStep: 1e5, steps: [1, 3, 9, 27] }],
    target: { scale: 'L', steps: 27 },
    cost: { kind: 'table', unit: 'units', perStep: { L: 1 } },
    budget: 1e5,
  });

/** One job of the paper's algorithm: which configuration, at which rung. */
interface Job {
  readonly configuration: number;
  readonly rung: number;
}

/** Algorithm 2 of arXiv 1810.05934, literally: rungs of reported losses, and what was promoted from each. */
class Algorithm2 {
  readonly #eta: number;
  readonly #rungs: Map<number, number>[]; // configuration to loss
  readonly #promoted: Set<number>[];
  #drawn = 0;

  constructor(eta: number, rungs: number) {
    this.#eta = eta;
    this.#rungs = Array.from({ length: rungs }, () => new Map());
    this.#promoted = Array.from({ length: rungs }, () => new Set());
  }

  getJob(): Job {
    for (let k = this.#rungs.length - 2; k >= 0; k--) {
      const rung = [...this.#rungs[k]!].sort((a, b) => a[1] - b[1]);
      const candidates = rung.slice(0, Math.floor(rung.length / this.#eta)).map(([configuration]) => configuration);
      const promotable = candidates.filter((configuration) => !this.#promoted[k]!.has(configuration));
      if (promotable.length === 0) continue;
      this.#promoted[k]!.add(promotable[0]!);
      return { configuration: promotable[0]!, rung: k + 1 };
    }
    return { configuration: this.#drawn++, rung: 0 };
  }

  report({ configuration, rung }: Job, loss: number): void {
    this.#rungs[rung]!.set(configuration, loss);
  }
}

/** Runs a policy with several workers that end in random order, and returns its jobs in the order they were given out. */
const jobsOf = (sweep: Sweep, workers: number, count: number, paper?: Algorithm2): Job[] => {
  const rng = createRng(workers);
  const rungs = sweep.scales[0]!.steps;
  const observations: Observation[] = [];
  const inFlight: { trial: PendingTrial & { trial: string }; observation: Observation; job: Job }[] = [];
  const configurations = new Map<string, number>();
  const jobs: Job[] = [];
  while (jobs.length < count) {
    const pending = inFlight.map(({ trial }) => trial);
    const proposal = propose(sweep, observations, { seed: jobs.length, pending })!;
    const key = JSON.stringify(proposal.mixture);
    if (!configurations.has(key)) configurations.set(key, configurations.size);
    const job = { configuration: configurations.get(key)!, rung: rungs.indexOf(proposal.steps) };
    jobs.push(job);
    if (paper !== undefined) expect(paper.getJob()).toEqual(job);
    const trial = `t${jobs.length}`;
    inFlight.push({ trial: { ...proposal, trial }, observation: runOf(sweep, proposal, trial), job });
    if (inFlight.length < workers) continue;
    // Several may end before the next is given out, so that rungs at different heights have a run to promote at once.
    for (let ending = 1 + rng.integer(workers); ending > 0; ending--) {
      const [ended] = inFlight.splice(rng.integer(inFlight.length), 1);
      observations.push(ended!.observation);
      paper?.report(ended!.job, ended!.observation.metrics['loss']!);
    }
  }
  return jobs;
};

describe('the policy asha', () => {
  it.each([1, 2, 5, 25])('gives out the jobs of algorithm 2, with %d workers', (workers) => {
    jobsOf(ladderSweep(3), workers, 90, new Algorithm2(3, 4));
  });

  it('gives out the same jobs as successive-halving with the same eta', () => {
    expect(jobsOf(ladderSweep(3), 4, 40)).toEqual(jobsOf(ladderSweep(3, 'successive-halving'), 4, 40));
  });

  it('fills rungs of one worker as 27 runs at the bottom, 9, 3 and 1 above (bracket 0 of the paper with eta 3)', () => {
    const jobs = jobsOf(ladderSweep(3), 1, 40);
    expect(jobs.slice(0, 13).map(({ rung }) => rung)).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]);
    expect([0, 1, 2, 3].map((rung) => jobs.filter((job) => job.rung === rung).length)).toEqual([27, 9, 3, 1]);
  });

  it('promotes one in four unless told otherwise, where successive-halving promotes one in three', () => {
    const rungsOf = (name: string): number[] => {
      const { policy: _, ...rest } = ladderSweep(3);
      const scales = [{ ...rest.scales[0]!, steps: [1, 4, 16] }];
      const sweep = { ...rest, policy: { name }, scales, target: { scale: 'L', steps: 16 } };
      return jobsOf(sweep, 1, 10).map(({ rung }) => rung);
    };
    expect(rungsOf('asha')).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(rungsOf('successive-halving')).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
  });

  it('leaves out the lowest rungs when told to, and refuses to leave out all', () => {
    expect(jobsOf(ladderSweep(3, 'asha', 2), 1, 4).map(({ rung }) => rung)).toEqual([2, 2, 2, 3]);
    expect(() => propose(ladderSweep(3, 'asha', 4), [], { seed: 1 })).toThrow(/policy.skip/);
  });

  it('goes on from the checkpoint at the price of the difference', () => {
    const sweep = ladderSweep(3);
    const runs = runSweep(sweep, 3);
    const best = runs.reduce((a, b) => (lossOf(b.mixture, 'L', 1) < lossOf(a.mixture, 'L', 1) ? b : a));
    expect(propose(sweep, runs, { seed: 1 })).toMatchObject({ continues: best.trial, cost: 2, steps: 3 });
  });

  it.each(LIMITED)('keeps %s', (_, limits) => {
    const sweep = makeSweep({ policy: { name: 'asha' }, budget: 300, ...limits });
    const runs = runSweep(sweep);
    expect(runs.length).toBeGreaterThan(5);
    expectAllowed(sweep, runs);
  });

  it('does nothing with a budget that buys nothing', () => {
    expect(propose(makeSweep({ policy: { name: 'asha' }, budget: 9 }), [], { seed: 1 })).toBeNull();
  });
});
