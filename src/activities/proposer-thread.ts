/** Runs in a worker thread of the proposer. */
import { InputError, isTitrateError } from '../domain/errors.js';
import { fixed } from '../domain/fixed.js';
import type { Observation } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { propose } from '../policy/propose.js';
import { recommend } from '../policy/recommend.js';
import type { ThreadAnswer, ThreadTask } from './proposer.js';

/** What a thread remembers of a growing list of observations. */
interface Stream {
  readonly sweep: Sweep;
  readonly observations: Observation[];
}

const MOST_REMEMBERED = 50_000; // observations over all streams: some 100 MB
const streams = new Map<string, Stream>();

/** Forgets the streams that were used longest ago, but never the last one. */
const forgetOld = (): void => {
  let total = 0;
  for (const { observations } of streams.values()) total += observations.length;
  for (const [name, { observations }] of streams) {
    if (total <= MOST_REMEMBERED || streams.size === 1) return;
    streams.delete(name);
    total -= observations.length;
  }
};

/** Adds what is new to what is remembered; undefined when that does not join up. */
const recall = ({ stream, sweep, from, fresh }: ThreadTask): Stream | undefined => {
  const known = streams.get(stream) ?? (sweep === undefined ? undefined : { sweep, observations: [] });
  if (known === undefined || known.observations.length < from) return undefined;
  for (const one of fresh.slice(known.observations.length - from)) known.observations.push(fixed(one));
  streams.delete(stream);
  streams.set(stream, known);
  forgetOld();
  return { sweep: known.sweep, observations: known.observations.slice(0, from + fresh.length) };
};

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

const FORGOTTEN: ThreadAnswer = { ok: false, code: 'Forgotten' };

export const proposeTask = (task: ThreadTask): ThreadAnswer => {
  const known = recall(task);
  const { seed, pending } = task;
  return known === undefined ? FORGOTTEN : answer(() => propose(known.sweep, known.observations, { seed, pending }));
};

export const recommendTask = (task: ThreadTask): ThreadAnswer => {
  const known = recall(task);
  const { seed, prefer } = task;
  if (known === undefined) return FORGOTTEN;
  return answer(() => recommend(known.sweep, known.observations, prefer === undefined ? { seed } : { seed, prefer }));
};
