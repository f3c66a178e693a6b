import { createHash, randomUUID, type Hash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.js';
import { retractedRun, type Observation, type PendingTrial } from '../domain/observation.js';
import type { ResumePoint } from '../domain/ports.js';
import { retractedBy, type RecordHead, type RecordLine } from '../domain/record-event.js';
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
  /** Its place among the observations. */
  readonly place: number;
}

const FIRST = '{"observations":['; // of what is digested, in canonical JSON

/**
 * What a record taught, added up line by line, so that the ten-thousandth decision costs no more to prepare than the
 * first. It keeps observations and nothing else of the lines.
 */
export class ObservationLog {
  readonly #stream = randomUUID();
  /** The sweep as it was started, and as each change of its budget or bounds left it, with the lines that did so. */
  readonly #sweeps: { readonly seq: number; readonly changes: Changes; readonly sweep: Sweep }[] = [];
  /** As they were reported. */
  readonly #observations: Observation[] = [];
  /** Those of them that count for nothing from a line on. */
  readonly #retracted: { readonly seq: number; readonly place: number; readonly left: Observation }[] = [];
  readonly #seen: Seen[] = [];
  readonly #byTrial = new Map<string, Seen>();
  /** All lines of trials that have no observation yet, such as those of earlier generations. */
  readonly #open = new Map<string, RecordLine[]>();
  /** Of the canonical JSON of `{"observations":[...` as far as it goes, without what was taken back by now. */
  #hash: Hash = createHash('sha256').update(FIRST);

  /** Takes the next line of the record. */
  take(line: RecordLine): void {
    const { event } = line;
    if (line.seq === 1) this.#sweeps.push({ seq: 1, changes: {}, sweep: sweepOf([line]) });
    else this.#change(line);
    if (event.type === 'observed') this.#observe(line, event.trial, { key: event.key, steps: event.steps });
    else if (event.type === 'imported') this.#observe(line, event.trial);
    else if (retractedBy(event) !== undefined) this.#retract(line);
    else if ('trial' in event && event.trial !== undefined) this.#keep(event.trial, line);
  }

  /** Takes a result back, and digests all anew: it is rare. */
  #retract({ seq, event }: RecordLine): void {
    const place = this.#byTrial.get(retractedBy(event) ?? '')?.place;
    const reported = place === undefined ? undefined : this.#observations[place];
    if (place === undefined || reported === undefined) return;
    this.#retracted.push({ seq, place, left: retractedRun(reported) });
    const texts = this.#upTo(seq).observations.map(canonicalJson);
    this.#hash = createHash('sha256').update(`${FIRST}${texts.join(',')}`);
  }

  /** The observations as they count at a line, and how many of them were taken back by then. */
  #upTo(seq: number): { readonly observations: Observation[]; readonly retracted: number } {
    const observations = this.#observations.slice(0, this.#seen.findLastIndex((seen) => seen.seq <= seq) + 1);
    const retracted = this.#retracted.filter((one) => one.seq <= seq);
    for (const { place, left } of retracted) observations[place] = left;
    return { observations, retracted: retracted.length };
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
    const place = this.#observations.length;
    const seen = { seq: line.seq, place, ...(job === undefined ? {} : { resume: { ...job, trial } }) };
    this.#hash.update(`${place === 0 ? '' : ','}${canonicalJson(observation)}`);
    this.#observations.push(observation);
    this.#seen.push(seen);
    this.#byTrial.set(trial, seen);
  }

  /** The view as of a line. The caller has checked that the record holds that very line. */
  viewAt(head: RecordHead): RecordView {
    const change = this.#sweeps.findLastIndex(({ seq }) => seq <= head.seq);
    const sweep = this.#sweeps[change]?.sweep ?? sweepOf([]);
    const { observations, retracted } = this.#upTo(head.seq);
    const isLatest = observations.length === this.#observations.length && retracted === this.#retracted.length;
    const hash = isLatest ? this.#hash.copy() : undefined;
    return {
      sweep,
      observations,
      stream: `${this.#stream}.${change}.${retracted}`, // a changed sweep, or list, is told of anew
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
