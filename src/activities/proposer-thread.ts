/** Runs in a worker thread of the proposer. */
import { InputError, isTitrateError } from '../domain/errors.js';
import { propose } from '../policy/propose.js';
import { recommend } from '../policy/recommend.js';
import type { ProposeTask, RecommendTask, ThreadAnswer } from './proposer.js';

const answer = (compute: () => unknown): ThreadAnswer => {
  try {
    return { ok: true, value: compute() };
  } catch (error) {
    if (!isTitrateError(error)) throw error;
    return {
      ok: false,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error instanceof InputError ? { problems: error.problems } : {}),
    };
  }
};

export const proposeTask = ({ sweep, observations, pending, seed }: ProposeTask): ThreadAnswer =>
  answer(() => propose(sweep, observations, { seed, pending }));

export const recommendTask = ({ sweep, observations, seed, prefer }: RecommendTask): ThreadAnswer =>
  answer(() => recommend(sweep, observations, prefer === undefined ? { seed } : { seed, prefer }));
