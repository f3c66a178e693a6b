/** Deciding again what was decided, from what was seen. */
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { Proposal, Recommendation } from '../domain/decision.js';
import { fixed } from '../domain/fixed.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { Sweep } from '../domain/sweep.js';
import { propose } from '../policy/propose.js';
import { recommend } from '../policy/recommend.js';

/** What all decisions of a record are made from. */
export interface Evidence {
  /** The sweep as it stood at some time: an act may have changed it. */
  readonly sweeps: readonly Sweep[];
  /** All observations of the record, anew for each result that was taken back: a decision saw the first so many of one list. */
  readonly lists: readonly (readonly Observation[])[];
}

interface Seen {
  /** Which of the sweeps. */
  readonly sweep: number;
  /** Which of the lists. */
  readonly list: number;
  /** How many of its observations. */
  readonly observations: number;
  readonly seed: number;
}

/** One thing to decide again. */
export type Question =
  | ({ readonly kind: 'propose'; readonly pending: readonly PendingTrial[] } & Seen)
  | ({ readonly kind: 'recommend'; readonly prefer?: Mixture } & Seen);

/** What it comes to now; an error's words when it cannot be decided any more. */
export type Answer = { readonly value: Proposal | Recommendation | null } | { readonly error: string };

/** Answers questions, in any order, and tells of each answer. */
export type Recompute = (
  evidence: Evidence,
  questions: readonly Question[],
  tell: (index: number, answer: Answer) => void,
) => Promise<void>;

/** Answers one question: a pure function of the evidence. */
export const answerOf = ({ sweeps, lists }: Evidence, question: Question): Answer => {
  const [sweep, observations] = [sweeps[question.sweep], lists[question.list]];
  if (sweep === undefined || observations === undefined) throw new TypeError('no such evidence');
  const seen = observations.slice(0, question.observations);
  const { seed } = question;
  try {
    if (question.kind === 'propose') return { value: propose(sweep, seen, { seed, pending: question.pending }) };
    const { prefer } = question;
    return { value: recommend(sweep, seen, prefer === undefined ? { seed } : { seed, prefer }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
};

/** Freezes evidence, so that what was worked out for an observation once serves every decision. */
export const fixedEvidence = ({ sweeps, lists }: Evidence): Evidence => ({
  sweeps,
  lists: lists.map((observations) => observations.map(fixed)),
});

/** Answers in this thread, one after another. */
export const recomputeHere: Recompute = (evidence, questions, tell) => {
  const ready = fixedEvidence(structuredClone(evidence));
  for (const [i, question] of questions.entries()) tell(i, answerOf(ready, question));
  return Promise.resolve();
};

/** Answers in worker threads, one per processor. */
export const recomputeInThreads: Recompute = async (evidence, questions, tell) => {
  if (questions.length === 0) return;
  const pool = new Piscina<Question, Answer>({
    filename: new URL('./recompute-thread.js', import.meta.url).href,
    workerData: evidence,
    maxThreads: Math.min(questions.length, availableParallelism()),
  });
  try {
    await Promise.all(questions.map(async (question, i) => tell(i, await pool.run(question, { name: 'answer' }))));
  } finally {
    await pool.close({ force: true });
  }
};
