import { canonicalJson } from '../domain/canonical-json.js';
import { StateError } from '../domain/errors.js';
import { counts, type ObservationStatus } from '../domain/observation.js';
import type { RecordEvent, RecordHead } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import type { NewEvent } from '../ledger/chain.js';
import type { ActivityDeps } from './activities.js';

/** Opens a sweep's record with the sweep itself; the same sweep again changes nothing. */
export interface OpenRecordInput {
  readonly sweepId: string;
  readonly sweep: Sweep;
  readonly at: string;
}

export interface AppendInput {
  readonly sweepId: string;
  readonly events: readonly NewEvent[];
  /** The last line that the sweep knows of; absent in what earlier versions asked for. */
  readonly follows?: RecordHead;
}

export interface AppendOutput {
  readonly head: RecordHead;
  /** For each event, in the order asked for, the one that stands in its place, since an earlier one of its key wins; null for itself. */
  readonly events: readonly (RecordEvent | null)[];
}

export interface FindRunInput {
  readonly sweepId: string;
  /** The record is asked as of this line. */
  readonly head: RecordHead;
  readonly trial: string;
}

/** A run that has ended, as far as the record knows it. */
export interface FoundRun {
  readonly status: ObservationStatus;
  /** Runs that went on from its checkpoint, have ended, and count. */
  readonly continuedBy: readonly string[];
}

/** The sweep is begun with them or not at all: it is tried again until they are there. */
const notStaged = (sweepId: string, imports: NonNullable<Sweep['imports']>): StateError =>
  new StateError(
    `the earlier runs that the sweep names (${imports.map(({ from }) => from).join(', ')}) were not kept for it`,
    {
      hint: `titrate run does that; or titrate import, with --id ${sweepId} and --from each of them`,
    },
  );

/**
 * Events at the time that the server scheduled their writing (ms since the epoch), where that is later than the sweep's own clock says:
 * a worker that had to rebuild the sweep was seen to give it the time of its last step before.
 */
export const notBefore = (scheduledMs: number, events: readonly NewEvent[]): NewEvent[] => {
  const scheduled = new Date(scheduledMs).toISOString();
  return events.map((event) => (event.at < scheduled ? { ...event, at: scheduled } : event));
};

const isSame = (one: unknown, other: unknown): boolean => canonicalJson(one) === canonicalJson(other);

export const recordActivities = ({ recordFor, importsFor, noteServer, seal, version, askedAt }: ActivityDeps) => {
  const append = async ({ sweepId, events, follows }: AppendInput): Promise<AppendOutput> => {
    const { head, lines } = await recordFor(sweepId).append(notBefore(askedAt(), events), follows);
    const last = lines.at(-1);
    if (last?.event.type === 'ended') await seal?.(sweepId, last);
    return { head, events: lines.map(({ event }, i) => (isSame(event, events[i]?.event) ? null : event)) };
  };
  return {
    /** Gives back no events: the sweep knows what it is, and earlier runs can be more than a history takes. */
    titrateOpenRecord: async ({ sweepId, sweep, at }: OpenRecordInput): Promise<Pick<AppendOutput, 'head'>> => {
      const event: RecordEvent = { type: 'started', sweepId, sweep, version, node: process.version };
      const imports = await importsFor?.(sweepId);
      if (imports === undefined && (sweep.imports ?? []).length > 0) throw notStaged(sweepId, sweep.imports ?? []);
      const { head } = await append({ sweepId, events: [{ key: 'started', at, event }, ...(imports ?? [])] });
      await noteServer?.(sweepId);
      return { head };
    },
    titrateAppend: append,
    /** Null when no run of that name has ended by that line, imported ones included. */
    titrateFindRun: async ({ sweepId, head, trial }: FindRunInput): Promise<FoundRun | null> => {
      const { observations } = await recordFor(sweepId).viewAt(head);
      const run = observations.find((one) => one.trial === trial);
      if (run === undefined) return null;
      const heirs = observations.filter((one) => one.continues === trial && counts(one));
      return { status: run.status, continuedBy: heirs.map((one) => one.trial) };
    },
  };
};
