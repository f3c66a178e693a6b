import type { Proposal } from '../../src/domain/decision.js';
import { sharesOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';

/** A sweep over three domains and three scales; a target run costs 100. */
export const makeSweep = (changes: Partial<Sweep> = {}): Sweep => ({
  name: 'test',
  objective: { direction: 'minimize', weights: { loss: 1 } },
  domains: { web: { min: 0, max: 1 }, code: { min: 0, max: 1 }, books: { min: 0, max: 1 } },
  groups: [],
  scales: [
    { name: 'S', parameters: 10e6, tokensPerStep: 1e5, steps: [100, 300, 1000] },
    { name: 'M', parameters: 50e6, tokensPerStep: 1e5, steps: [100, 300, 1000] },
    { name: 'L', parameters: 250e6, tokensPerStep: 1e5, steps: [100, 300, 1000] },
  ],
  target: { scale: 'L', steps: 1000 },
  cost: { kind: 'table', unit: 'units', perStep: { S: 0.002, M: 0.012, L: 0.1 } },
  budget: 500,
  parallel: 1,
  policy: { name: 'titrate' },
  launcher: { kind: 'simulator', world: 'test', secondsPerUnit: 0 },
  confirm: 0,
  seed: 1,
  ...changes,
});

/** True loss at the target's size: an optimum inside, at (0.5, 0.3, 0.2). */
export const lossOf = (mixture: Mixture, scale = 'L', steps = 1000): number => {
  const [web, code, books] = sharesOf(mixture, ['web', 'code', 'books']);
  const drift = { S: 0.1, M: 0.05, L: 0 }[scale] ?? 0; // small scales want more web
  const bowl = (web! - 0.5 - drift) ** 2 + (code! - 0.3 + drift) ** 2 + (books! - 0.2) ** 2;
  const size = { S: 10, M: 50, L: 250 }[scale] ?? 250;
  return 1 + 2 * size ** -0.2 + 3 * steps ** -0.3 + bowl;
};

/** Runs a proposal in that world. */
export const runOf = (sweep: Sweep, proposal: Omit<Proposal, 'explanation'>, trial: string): Observation => {
  const { mixture, scale, steps, cost, continues } = proposal;
  const grid = sweep.scales.find(({ name }) => name === scale)!.steps.filter((count) => count <= steps);
  const sign = sweep.objective.direction === 'minimize' ? 1 : -1;
  const curve = grid.map((count) => ({ steps: count, metrics: { loss: sign * lossOf(mixture, scale, count) } }));
  const base = { trial, mixture, scale, steps, status: 'completed' as const, cost };
  return { ...base, metrics: curve.at(-1)!.metrics, curve, ...(continues === undefined ? {} : { continues }) };
};
