/** Fitting and choosing off the worker's main thread, which must stay free for heartbeats and polls. */
import { Piscina } from 'piscina';
import type { Proposal, Recommendation } from '../domain/decision.js';
import { InputError, NumericalError, StateError } from '../domain/errors.js';
import type { Problem } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';

export interface ProposeTask {
  readonly sweep: Sweep;
  readonly observations: readonly Observation[];
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
}

export interface RecommendTask {
  readonly sweep: Sweep;
  readonly observations: readonly Observation[];
  readonly seed: number;
  readonly prefer?: Mixture;
}

/** Makes decisions; each call is a pure function of its task. */
export interface Proposer {
  propose(task: ProposeTask): Promise<Proposal | null>;
  recommend(task: RecommendTask): Promise<Recommendation>;
  close(): Promise<void>;
}

/** What a thread answers: errors as data, since classes do not cross threads. */
export type ThreadAnswer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly problems?: readonly Problem[];
    };

const raise = (answer: Extract<ThreadAnswer, { ok: false }>): never => {
  const details = answer.hint === undefined ? {} : { hint: answer.hint };
  if (answer.code === 'InputError')
    throw new InputError(answer.message.split('\n')[0] ?? '', answer.problems ?? [], details);
  if (answer.code === 'NumericalError') throw new NumericalError(answer.message, details);
  if (answer.code === 'StateError') throw new StateError(answer.message, details);
  throw new Error(answer.message);
};

/** Creates a proposer with `threads` worker threads, started on first use and ended when idle for a minute. */
export const createThreadProposer = (threads = 1): Proposer => {
  const pool = new Piscina<unknown, ThreadAnswer>({
    filename: new URL('./proposer-thread.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000, // ms: keeps compiled code warm between decisions of a busy sweep, frees memory in a quiet one
  });
  const ask = async (name: string, task: unknown): Promise<unknown> => {
    const answer = await pool.run(task, { name });
    return answer.ok ? answer.value : raise(answer);
  };
  return {
    propose: (task) => ask('proposeTask', task) as Promise<Proposal | null>,
    recommend: (task) => ask('recommendTask', task) as Promise<Recommendation>,
    close: () => pool.close({ force: true }),
  };
};
