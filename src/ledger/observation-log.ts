import { createHash, randomUUID, type Hash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.js';
import type { Observation, PendingTrial } from '../domain/observation.js';
import type { ResumePoint } from '../domain/ports.js';
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { changesAfter, sweepInForce, type Changes } from '../domain/in-force.js';
import { digestOf } from './chain.js';
import { observationsOf, sweepOf } from './observations.js';

/** What a decision sees of a record: everything up to one line of it. */
export interface RecordView {
  /** With the budget and the bounds that were in force at that line. */
  readonly sweep: Sweep;
  readonly observations: readonly Observation[];
  /** Names the growing list that the observations are the beginning of: equal names, equal lists. */
  readonly stream: string;
  /** The job whose last checkpoint a run that continues this trial goes on from. */
  resumeOf(trial: string | undefined): ResumePoint | null;
  /** SHA-256, hex, of the observations and these pending trials: `digestOf({ observations, pending })`. */
  digestWith(pending: readonly PendingTrial[]): string;
}

/** An observation with the line that it stands in. */
interface Seen {
  readonly seq: number;
  /** Absent of an imported one. */
  readonly resume?: ResumePoint;
}

/**
 * What a record taught, added up line by line, so that the ten-thousandth decision costs no more to prepare than the
 * first. It keeps observations and nothing else of the lines.
 */
export class ObservationLog {
  readonly #stream = randomUUID();
  /** The sweep as it was started, and as each change of its budget or bounds left it, with the lines that did so. */
  readonly #sweeps: { readonly seq: number; readonly changes: Changes; readonly sweep: Sweep }[] = [];
  readonly #observations: Observation[] = [];
  readonly #seen: Seen[] = [];
  readonly #byTrial = new Map<string, Seen>();
  /** All lines of trials that have no observation yet, such as those of earlier generations. */
  readonly #open = new Map<string, RecordLine[]>();
  /** Of the canonical JSON of `{"observations":[...` as far as it goes. */
  readonly #hash: Hash = createHash('sha256').update('{"observations":[');

  /** Takes the next line of the record. */
  take(line: RecordLine): void {
    const { event } = line;
    if (line.seq === 1) this.#sweeps.push({ seq: 1, changes: {}, sweep: sweepOf([line]) });
    else this.#change(line);
    if (event.type === 'observed') this.#observe(line, event.trial, { key: event.key, steps: event.steps });
    else if (event.type === 'imported') this.#observe(line, event.trial);
    else if ('trial' in event && event.trial !== undefined) this.#keep(event.trial, line);
  }

  #change({ seq, event }: RecordLine): void {
    const first = this.#sweeps[0];
    const last = this.#sweeps.at(-1);
    if (first === undefined || last === undefined) return;
    const changes = changesAfter(last.changes, event);
    if (changes !== last.changes) this.#sweeps.push({ seq, changes, sweep: sweepInForce(first.sweep, changes) });
  }

  #keep(trial: string, line: RecordLine): void {
    this.#open.set(trial, [...(this.#open.get(trial) ?? []), line]);
  }

  #observe(line: RecordLine, trial: string, job?: Omit<ResumePoint, 'trial'>): void {
    const [observation] = observationsOf([...(this.#open.get(trial) ?? []), line]);
    this.#open.delete(trial);
    if (observation === undefined) return;
    const seen = { seq: line.seq, ...(job === undefined ? {} : { resume: { ...job, trial } }) };
    this.#hash.update(`${this.#observations.length === 0 ? '' : ','}${canonicalJson(observation)}`);
    this.#observations.push(observation);
    this.#seen.push(seen);
    this.#byTrial.set(trial, seen);
  }

  /** The view as of a line. The caller has checked that the record holds that very line. */
  viewAt(head: RecordHead): RecordView {
    const change = this.#sweeps.findLastIndex(({ seq }) => seq <= head.seq);
    const sweep = this.#sweeps[change]?.sweep ?? sweepOf([]);
    const later = this.#seen.findLastIndex(({ seq }) => seq <= head.seq) + 1;
    const observations = this.#observations.slice(0, later);
    const hash = later === this.#observations.length ? this.#hash.copy() : undefined;
    return {
      sweep,
      observations,
      stream: change === 0 ? this.#stream : `${this.#stream}.${change}`, // a changed sweep is told of anew
      resumeOf: (trial) => {
        const seen = trial === undefined ? undefined : this.#byTrial.get(trial);
        return seen !== undefined && seen.seq <= head.seq ? (seen.resume ?? null) : null;
      },
      digestWith: (pending) =>
        hash
          ?.copy()
          .update(`],"pending":${canonicalJson(pending)}}`)
          .digest('hex') ?? digestOf({ observations, pending }),
    };
  }
}
