/** A sweep that ends within seconds in the built-in world. */
import type { Sweep } from '../../src/domain/sweep.js';

export interface SmallSweep {
  /** Simulated wall time per unit of cost (s). */
  readonly secondsPerUnit?: number;
  readonly budget?: number;
  readonly parallel?: number;
  readonly policy?: string;
}

const domain = { min: 0, max: 1 };

/** Builds a checked sweep of two scales; a run at the target costs 126 units (EFLOP). */
export const smallSweep = ({
  secondsPerUnit = 0,
  budget = 400,
  parallel = 2,
  policy = 'random',
}: SmallSweep = {}): Sweep => ({
  name: 'small',
  objective: { direction: 'minimize', weights: { book_ce: 1 } },
  domains: { wikipedia: domain, stackexchange: domain, github: domain, arxiv: domain, book: domain },
  groups: [],
  scales: [
    { name: '20M', parameters: 20e6, tokensPerStep: 524_288, steps: [2000, 19_600] },
    { name: '1B', parameters: 1e9, tokensPerStep: 1_048_576, steps: [2000, 19_600] },
  ],
  target: { scale: '1B', steps: 19_600 },
  cost: { kind: 'flop' },
  budget,
  parallel,
  policy: { name: policy },
  launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit },
  confirm: 0,
  seed: 7,
});
