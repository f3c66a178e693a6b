import type { Proposal } from '../../../src/domain/decision.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import type { Metrics, Observation } from '../../../src/domain/observation.js';
import type { Sweep } from '../../../src/domain/sweep.js';
import { propose } from '../../../src/policy/propose.js';

/** A world: metrics of shares at a scale after so many steps. */
export type World = (shares: readonly number[], scale: string, steps: number) => Metrics;

/** Runs a proposal in a world, with every checkpoint reported. */
export const runIn = (world: World, sweep: Sweep, proposal: Proposal, trial: string): Observation => {
  const { mixture, scale, steps, cost, continues } = proposal;
  const shares = sharesOf(mixture, Object.keys(sweep.domains));
  const grid = sweep.scales.find(({ name }) => name === scale)!.steps.filter((count) => count <= steps);
  const curve = grid.map((count) => ({ steps: count, metrics: world(shares, scale, count) }));
  const base = { trial, mixture, scale, steps, status: 'completed' as const, cost };
  return { ...base, metrics: curve.at(-1)!.metrics, curve, ...(continues === undefined ? {} : { continues }) };
};

/** Runs a sweep one trial at a time until its policy ends it; `before` are runs that were imported. */
export const runToEnd = (
  world: World,
  sweep: Sweep,
  limit = 150,
  before: readonly Observation[] = [],
): { readonly observations: Observation[]; readonly proposals: Proposal[] } => {
  const observations = [...before];
  const proposals: Proposal[] = [];
  for (;;) {
    const proposal = propose(sweep, observations, { seed: observations.length });
    if (proposal === null) return { observations, proposals };
    if (proposals.length === limit) throw new Error('the policy does not end');
    proposals.push(proposal);
    observations.push(runIn(world, sweep, proposal, `t${observations.length}`));
  }
};
