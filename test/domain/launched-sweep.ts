import { InputError } from '../../src/domain/errors.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';

/** A sweep file of two scales with this launcher. */
export const launchedSweep = (launcher: object, changes: object = {}) => ({
  name: 'launched',
  objective: { minimize: 'loss' },
  domains: { web: {}, code: {} },
  scales: {
    S: { parameters: 1000, tokensPerStep: 10, steps: [10] },
    L: { parameters: 9000, tokensPerStep: 10, steps: [10] },
  },
  target: { scale: 'L', steps: 10 },
  budget: { targetRuns: 9 },
  launcher,
  ...changes,
});

/** What is wrong with a sweep file, as people are told; empty when it is sound. */
export const problemsIn = (file: object): string => {
  try {
    parseSweep(file);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return '';
};
