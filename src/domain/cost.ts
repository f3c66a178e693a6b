import type { Fidelity } from './fidelity.js';
import type { Cost, Sweep } from './sweep.js';

const FLOP_PER_PARAMETER_TOKEN = 6; // forward 2, backward 4: Kaplan et al. 2020, arXiv 2001.08361, section 2.1
const FLOP_PER_UNIT = 1e18; // costs of kind `flop` are in EFLOP, so that a 1B run is a number of hundreds

/** Returns the cost of one training step at a scale, in the sweep's units. */
const costPerStep = (sweep: Pick<Sweep, 'cost' | 'scales'>, scaleName: string): number => {
  const { cost, scales } = sweep;
  if (cost.kind !== 'flop') return cost.perStep[scaleName] ?? Number.NaN;
  const scale = scales.find((candidate) => candidate.name === scaleName);
  if (scale === undefined) return Number.NaN;
  return (FLOP_PER_PARAMETER_TOKEN * scale.parameters * scale.tokensPerStep) / FLOP_PER_UNIT;
};

/** Returns the cost of one job: a run from scratch, or, from `resumeSteps` on, the rest of it, in the sweep's units. */
export const costOf = (sweep: Pick<Sweep, 'cost' | 'scales'>, fidelity: Fidelity, resumeSteps = 0): number =>
  (sweep.cost.perJob ?? 0) + costPerStep(sweep, fidelity.scale) * (fidelity.steps - resumeSteps);

/** What the confirmation runs at the end will cost, in the sweep's units: kept free while the search goes on. */
export const confirmationReserve = (sweep: Pick<Sweep, 'confirm' | 'cost' | 'scales' | 'target'>): number =>
  sweep.confirm * costOf(sweep, sweep.target);

/** Relative: a budget of exactly n runs buys n runs, though sums of costs are rounded. */
export const BUDGET_SLACK = 1e-9;

/** Names the unit that costs of this kind are counted in. */
export const costUnit = (cost: Cost): string => {
  switch (cost.kind) {
    case 'flop':
      return 'EFLOP';
    case 'table':
      return cost.unit;
    case 'gpu-hours':
      return 'GPU-hours';
  }
};
