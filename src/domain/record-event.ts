import type { PricedRun } from './approval.js';
import type { Candidate, Explanation, Prediction, Recommendation } from './decision.js';
import type { Ending } from './ending.js';
import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { NoticeKind } from './notices.js';
import type { CurvePoint, Metrics } from './observation.js';
import type { ResumePoint } from './ports.js';
import type { Sweep } from './sweep.js';

/** How a sweep ended. */
export type SweepStatus = 'running' | 'paused' | 'completed' | 'cancelled' | 'failed';

/** What a person can ask of a sweep; `retry`, `abandon`, `approve`, `refuse` and `retract` name a trial. */
export const ACT_NAMES = [
  'pause',
  'resume',
  'cancel',
  'retry',
  'abandon',
  'approve',
  'refuse',
  'retract',
  'extend-budget',
  'lower-budget',
  'pin',
  'veto',
  'inject',
  'finish',
] as const;
export type ActName = (typeof ACT_NAMES)[number];

/** How the one who acts was known: as a user of an operating system, by a token, or it was titrate itself. */
export type Authentication = 'os-user' | 'token' | 'titrate';

/** A person's act, or one of titrate itself, such as when nobody answered a request in time. */
export interface ActEvent {
  readonly type: 'act';
  readonly act: ActName;
  /** Of an act on one trial. */
  readonly trial?: string;
  readonly by: string;
  /** Absent from records of earlier versions. */
  readonly authenticated?: Authentication;
  readonly reason?: string;
  /** The idempotency key: the same one again changes nothing. */
  readonly id?: string;
  /** Of `extend-budget` and `lower-budget`, in units of the sweep's cost: in force from this line on. */
  readonly budget?: { readonly from: number; readonly to: number };
  /** Of `veto`: the bounds of these domains in force from this line on. */
  readonly bounds?: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** Of `veto`: pinned runs outside the new bounds, which are not made. */
  readonly unpinned?: readonly PricedRun[];
  /** Of `pin`, the run to be made next; of `approve`, the run made instead of the one decided. */
  readonly run?: PricedRun;
  /** Of `inject`: how many observations follow. */
  readonly observations?: number;
  /** Of `finish`: jobs in flight are stopped. */
  readonly stop?: boolean;
}

/** The trial whose result an event takes back; undefined of all other events. */
export const retractedBy = (event: RecordEvent): string | undefined =>
  event.type === 'act' && event.act === 'retract' ? event.trial : undefined;

/** An act that was not taken, and why not. */
export interface ActRefused extends Pick<ActEvent, 'act' | 'trial' | 'by' | 'authenticated' | 'reason' | 'id'> {
  readonly type: 'act-refused';
  readonly because: string;
}

/** A decision that waits for a person. */
export interface ApprovalRequested extends PricedRun {
  readonly type: 'approval-requested';
  readonly decision: number;
  readonly trial: string;
  /** The conditions of the sweep's `approval` that it meets. */
  readonly reasons: readonly string[];
  /** Why the policy wants it, in a sentence. */
  readonly why: string;
  /** What it is expected to report; absent when nothing is predicted. */
  readonly expected?: Prediction;
  /** What would be done instead, as far as the policy considered it. */
  readonly instead?: Candidate;
  /** When titrate answers itself (ISO 8601, UTC), and how; absent when it waits for ever. */
  readonly until?: string;
  readonly onTimeout?: 'refuse' | 'approve';
}

/** What became of a message to people outside. */
export interface Notified {
  readonly type: 'notified';
  readonly notice: NoticeKind;
  /** The trial or the number that it was about, such as `t0012`. */
  readonly about: string;
  /** Which entry of the sweep's `notify`, from 1, and of what kind; never its address. */
  readonly channel: string;
  readonly sent: boolean;
  /** Why it could not be sent. */
  readonly detail?: string;
}

/** A generation of a trial that ended and is not the trial's last: what it left and what it is charged. */
export interface Attempted {
  readonly type: 'attempted';
  readonly trial: string;
  readonly key: string;
  readonly generation: number;
  readonly ending: Ending;
  readonly stepsReached: number;
  /** Checkpoints that it reported itself; a later generation goes on from the last of them. */
  readonly curve: readonly CurvePoint[];
  readonly scale: string;
  /** What was charged, in the sweep's units. */
  readonly cost: number;
  /** SHA-256 of the job's `metrics.jsonl`, hex; empty when it wrote none. */
  readonly digest: string;
  readonly detail?: string;
  readonly warnings: readonly string[];
}

/** The decision to run a trial again: a generation above the first exists only by one of these. */
export interface Rerun {
  readonly type: 'rerun';
  readonly trial: string;
  /** Of the new generation. */
  readonly key: string;
  readonly generation: number;
  /** One sentence for people. */
  readonly reason: string;
  /** The job whose checkpoint it goes on from; absent when it starts anew. */
  readonly resume?: ResumePoint;
  /** Worst case of the new generation, in the sweep's units. */
  readonly cost: number;
  /** How long it waits before it is launched (s). */
  readonly waitSeconds: number;
}

/** The decision to let a person say what becomes of a trial: no generation runs, its next one's cost stays committed. */
export interface Parked {
  readonly type: 'parked';
  readonly trial: string;
  /** Of the generation that would be next. */
  readonly key: string;
  readonly generation: number;
  readonly reason: string;
  readonly resume?: ResumePoint;
  readonly cost: number;
}

/** Where the observation of an earlier run comes from. */
export interface ImportSource {
  /** Name of the table, without its folder. */
  readonly file: string;
  /** Of the table's bytes, hex. */
  readonly sha256: string;
  /** Lines of the table that the observation was made of, from 1. */
  readonly lines: readonly number[];
  /** The table's own name for the run. */
  readonly run: string;
}

/** An earlier run, made outside the sweep: evidence like any other, charged nothing. */
export type Imported = {
  readonly type: 'imported';
  /** Names the run among the sweep's trials; no trial of the sweep's own has such a name. */
  readonly trial: string;
  readonly mixture: Mixture;
  readonly status: Ending;
  readonly metrics: Metrics;
  readonly curve: readonly CurvePoint[];
  readonly source: ImportSource;
  /** What was done to its mixture because the domains have changed since; absent when nothing was. */
  readonly changed?: readonly string[];
  readonly by: string;
  readonly reason?: string;
} & Fidelity;

/** What made a decision: workers may be upgraded in the middle of a sweep. */
export interface Software {
  /** Of titrate. */
  readonly version: string;
  /** Of Node.js, such as `v20.19.0`. */
  readonly node: string;
}

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
      /** A person pinned it; absent when the policy, or the sweep's `confirm`, chose it. */
      readonly origin?: 'person';
      readonly explanation: Explanation;
      /** Absent where no policy was asked, and from records of earlier versions. */
      readonly software?: Software;
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
      readonly status: Ending;
      readonly metrics: Metrics;
      readonly curve: readonly CurvePoint[];
      /** What was charged, in the sweep's units. */
      readonly cost: number;
      /** SHA-256 of the job's `metrics.jsonl`, hex; empty when it wrote none. */
      readonly digest: string;
      readonly detail?: string;
      readonly warnings: readonly string[];
    } & Fidelity)
  | Imported
  | Attempted
  | Rerun
  | Parked
  | {
      readonly type: 'recommended';
      readonly observations: number;
      readonly recommendation: Recommendation;
      /** Absent from records of earlier versions. */
      readonly software?: Software;
    }
  | ActEvent
  | ActRefused
  | ApprovalRequested
  | Notified
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
