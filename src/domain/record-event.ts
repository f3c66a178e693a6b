import type { Explanation, Recommendation } from './decision.js';
import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { CurvePoint, Metrics, ObservationStatus } from './observation.js';
import type { ResumePoint } from './ports.js';
import type { Sweep } from './sweep.js';

/** How a sweep ended. */
export type SweepStatus = 'running' | 'paused' | 'completed' | 'cancelled' | 'failed';

/** One event of a sweep's life, as the sweep workflow states it. */
export type RecordEvent =
  | {
      readonly type: 'started';
      readonly sweepId: string;
      readonly sweep: Sweep;
      readonly version: string;
      readonly node: string;
    }
  | ({
      readonly type: 'decided';
      /** 1, 2, 3, ... without a gap. */
      readonly decision: number;
      readonly trial: string;
      readonly mixture: Mixture;
      readonly continues?: string;
      /** The job whose last checkpoint the run goes on from. */
      readonly resume?: ResumePoint;
      readonly cost: number;
      readonly seed: number;
      /** SHA-256 of the observations and pending trials it was made from, hex. */
      readonly sawDigest: string;
      /** Number of observations and the pending trials' ids it was made from. */
      readonly sawObservations: number;
      readonly sawPending: readonly string[];
      readonly purpose: 'search' | 'confirm';
      readonly explanation: Explanation;
    } & Fidelity)
  | {
      readonly type: 'launched';
      readonly trial: string;
      readonly key: string;
      readonly native: string;
      readonly folder: string;
    }
  | ({
      readonly type: 'observed';
      readonly trial: string;
      readonly key: string;
      readonly mixture: Mixture;
      readonly continues?: string;
      readonly status: ObservationStatus;
      readonly metrics: Metrics;
      readonly curve: readonly CurvePoint[];
      /** What was charged, in the sweep's units. */
      readonly cost: number;
      /** SHA-256 of the job's `metrics.jsonl`, hex; empty when it wrote none. */
      readonly digest: string;
      readonly detail?: string;
      readonly warnings: readonly string[];
    } & Fidelity)
  | { readonly type: 'recommended'; readonly observations: number; readonly recommendation: Recommendation }
  | { readonly type: 'act'; readonly act: 'pause' | 'resume' | 'cancel'; readonly by: string; readonly reason?: string }
  | {
      readonly type: 'ended';
      readonly status: Exclude<SweepStatus, 'running' | 'paused'>;
      readonly spent: number;
      readonly reason: string;
    };

/** A line of the record: an event with its place in the chain. */
export interface RecordLine {
  /** Format version of the record. */
  readonly v: 1;
  /** 1, 2, 3, ... */
  readonly seq: number;
  /** Names the event for ever: writing the same key again changes nothing. */
  readonly key: string;
  /** When the sweep workflow stated it (ISO 8601, UTC). */
  readonly at: string;
  readonly event: RecordEvent;
  /** Hash of the line before; 64 zeros for the first. */
  readonly prev: string;
  /** SHA-256, hex, of the canonical JSON of this line without `hash`. */
  readonly hash: string;
}

/** Where a record stands. */
export interface RecordHead {
  readonly seq: number;
  readonly hash: string;
}
