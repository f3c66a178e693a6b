/** Fitting and choosing off the worker's main thread, which must stay free for heartbeats and polls. */
import { randomUUID } from 'node:crypto';
import { Piscina } from 'piscina';
import type { Proposal, Recommendation } from '../domain/decision.js';
import { InputError, NumericalError, StateError } from '../domain/errors.js';
import type { Problem } from '../domain/errors.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';

/** What a decision is made from. */
interface Task {
  readonly sweep: Sweep;
  readonly observations: readonly Observation[];
  /** Names the growing list that the observations are the beginning of, so that a thread is told what is new only. */
  readonly stream?: string;
}

export interface ProposeTask extends Task {
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
}

export interface RecommendTask extends Task {
  readonly seed: number;
  readonly prefer?: Mixture;
}

/** Makes decisions; each call is a pure function of its task. */
export interface Proposer {
  propose(task: ProposeTask): Promise<Proposal | null>;
  recommend(task: RecommendTask): Promise<Recommendation>;
  close(): Promise<void>;
}

/** What a thread is told: the observations from a place on, and the sweep when it starts from the first. */
export interface ThreadTask {
  readonly stream: string;
  readonly sweep?: Sweep;
  /** How many observations the thread is taken to know already. */
  readonly from: number;
  readonly fresh: readonly Observation[];
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
  readonly prefer?: Mixture;
}

/** What a thread answers: errors as data, since classes do not cross threads. */
export type ThreadAnswer =
  | { readonly ok: true; readonly value: unknown }
  /** The thread does not know what it was taken to know: it is to be told everything. */
  | { readonly ok: false; readonly code: 'Forgotten' }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly problems?: readonly Problem[];
    };

type Failure = Extract<ThreadAnswer, { readonly message: string }>;

const raise = (answer: Failure): never => {
  const details = answer.hint === undefined ? {} : { hint: answer.hint };
  if (answer.code === 'InputError')
    throw new InputError(answer.message.split('\n')[0] ?? '', answer.problems ?? [], details);
  if (answer.code === 'NumericalError') throw new NumericalError(answer.message, details);
  if (answer.code === 'StateError') throw new StateError(answer.message, details);
  throw new Error(answer.message);
};

const STREAMS_TOLD = 1000; // names and numbers only; what is forgotten is told once more

/** Notes how much of a stream was told, and forgets the streams that were used longest ago. */
const remember = (told: Map<string, number>, stream: string, count: number): void => {
  told.delete(stream);
  told.set(stream, count);
  for (const oldest of told.keys()) {
    if (told.size <= STREAMS_TOLD) return;
    told.delete(oldest);
  }
};

/**
 * Creates a proposer with `threads` worker threads. They start on first use, all at once, and stay (some 20 MB each): one that started
 * later would load whatever is installed by then, and a decision would name a version of titrate that did not make it.
 */
export const createThreadProposer = (threads = 1): Proposer => {
  let pool: Piscina<unknown, ThreadAnswer> | undefined;
  const poolOf = (): Piscina<unknown, ThreadAnswer> =>
    (pool ??= new Piscina({
      filename: new URL('./proposer-thread.js', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
    }));
  const told = new Map<string, number>();
  const ask = async (
    name: string,
    task: ProposeTask | (RecommendTask & { readonly pending?: never }),
  ): Promise<unknown> => {
    const { sweep, observations, stream = randomUUID(), pending = [], ...rest } = task;
    const run = (from: number): Promise<ThreadAnswer> => {
      const fresh = observations.slice(from);
      return poolOf().run({ ...rest, stream, pending, from, fresh, ...(from === 0 ? { sweep } : {}) }, { name });
    };
    let answer = await run(Math.min(told.get(stream) ?? 0, observations.length));
    if (!answer.ok && answer.code === 'Forgotten') answer = await run(0);
    remember(told, stream, observations.length);
    return answer.ok ? answer.value : raise(answer as Failure);
  };
  return {
    propose: (task) => ask('proposeTask', task) as Promise<Proposal | null>,
    recommend: (task) => ask('recommendTask', task) as Promise<Recommendation>,
    close: async () => pool?.close({ force: true }),
  };
};
