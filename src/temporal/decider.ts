import { availableParallelism } from 'node:os';
import { createThreadProposer, type Proposer } from '../activities/proposer.js';

/** Decides in worker threads, by the very code that decides for sweeps; `calls` is how many decisions may be wanted at once. */
export const createDecider = (calls: number): Proposer =>
  createThreadProposer(Math.max(1, Math.min(calls, availableParallelism())));
