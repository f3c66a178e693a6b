import type { Proposal, Recommendation } from '../domain/decision.js';
import type { Mixture } from '../domain/mixture.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { ResumePoint } from '../domain/ports.js';
import type { RecordHead, Software } from '../domain/record-event.js';
import type { ActivityDeps } from './activities.js';
import { whileHeartbeating } from './heartbeats.js';

export interface ProposeInput {
  readonly sweepId: string;
  /** The record as of this line is what the decision sees. */
  readonly head: RecordHead;
  readonly pending: readonly PendingTrial[];
  readonly seed: number;
}

export interface ProposeOutput {
  readonly proposal: Proposal | null;
  readonly resume: ResumePoint | null;
  /** SHA-256, hex, of what the decision saw: its observations and pending trials. */
  readonly sawDigest: string;
  readonly sawObservations: number;
  readonly sawPending: readonly string[];
  /** Absent when the worker was an earlier version. */
  readonly software?: Software;
}

export interface RecommendInput {
  readonly sweepId: string;
  readonly head: RecordHead;
  readonly seed: number;
  readonly prefer?: Mixture;
}

export interface RecommendOutput {
  readonly recommendation: Recommendation;
  /** What ran at the target so far. */
  readonly atTarget: readonly Pick<Observation, 'mixture' | 'status'>[];
  readonly sawDigest: string;
  readonly sawObservations: number;
  /** Absent when the worker was an earlier version. */
  readonly software?: Software;
}

export const decisionActivities = ({ recordFor, proposer, version }: ActivityDeps) => ({
  titratePropose: async ({ sweepId, head, pending, seed }: ProposeInput): Promise<ProposeOutput> => {
    const view = await recordFor(sweepId).viewAt(head);
    const { sweep, observations, stream } = view;
    const proposal = await whileHeartbeating(proposer.propose({ sweep, observations, stream, pending, seed }));
    return {
      proposal,
      resume: view.resumeOf(proposal?.continues),
      sawDigest: view.digestWith(pending),
      sawObservations: observations.length,
      sawPending: pending.map(({ trial }) => trial ?? ''),
      software: { version, node: process.version },
    };
  },

  titrateRecommend: async ({ sweepId, head, seed, prefer }: RecommendInput): Promise<RecommendOutput> => {
    const view = await recordFor(sweepId).viewAt(head);
    const { sweep, observations, stream } = view;
    const task = { sweep, observations, stream, seed, ...(prefer === undefined ? {} : { prefer }) };
    const recommendation = await whileHeartbeating(proposer.recommend(task));
    const atTarget = observations
      // A confirmation is a run of the sweep's own: an imported one was made by other code, perhaps on other data.
      .filter(({ imported }) => imported === undefined)
      .filter(({ scale, steps }) => scale === sweep.target.scale && steps === sweep.target.steps)
      .map(({ mixture, status }) => ({ mixture, status }));
    return {
      recommendation,
      atTarget,
      sawDigest: view.digestWith([]),
      sawObservations: observations.length,
      software: { version, node: process.version },
    };
  },
});
