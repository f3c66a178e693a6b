import type { Sweep } from '../../src/domain/sweep.js';

/** A sweep of two scales, whose smaller runs cost 1 and 2 units and whose target runs cost 20. */
export const toySweep = (change: Partial<Sweep> = {}): Sweep => ({
  name: 'toy',
  objective: { direction: 'minimize', weights: { loss: 1 } },
  domains: { a: { min: 0, max: 1 }, b: { min: 0, max: 1 } },
  groups: [],
  scales: [
    { name: 'small', parameters: 1e6, tokensPerStep: 100, steps: [10, 20] },
    { name: 'big', parameters: 1e7, tokensPerStep: 100, steps: [10, 20] },
  ],
  target: { scale: 'big', steps: 20 },
  cost: { kind: 'table', unit: 'units', perStep: { small: 0.1, big: 1 } },
  budget: 30,
  parallel: 2,
  policy: { name: 'scripted' },
  launcher: { kind: 'local', command: ['scripted'], env: {} },
  confirm: 0,
  seed: 1,
  ...change,
});
