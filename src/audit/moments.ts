/** Where a record stood after each of its lines: what a decision may have been made from. */
import type { Observation, PendingTrial } from '../domain/observation.js';
import { retractedBy, type RecordEvent, type RecordLine } from '../domain/record-event.js';
import { ObservationLog, type RecordView } from '../ledger/observation-log.js';
import { ProgressLog } from './progress-log.js';

export interface Moment {
  readonly seq: number;
  /** How many observations stood there, imported ones too. */
  readonly observations: number;
  /** How many of their results had been taken back. */
  readonly retracted: number;
  readonly pending: readonly PendingTrial[];
}

/** What a decision says that it saw. */
export type Sight = Pick<Extract<RecordEvent, { type: 'decided' }>, 'sawObservations' | 'sawPending'>;

const namesOf = (pending: readonly PendingTrial[]): string => pending.map(({ trial }) => trial).join(' ');

/** Walks along a record and remembers every moment of it. */
export class MomentLog {
  readonly #moments: Moment[] = [];
  readonly #log = new ObservationLog();
  readonly #progress = new ProgressLog();
  #observations = 0;
  /** Lines that took a result back. */
  readonly #retractions: number[] = [];

  /** Numbers decisions so far. */
  get decisions(): number {
    return this.#progress.decisions;
  }

  get last(): Moment | undefined {
    return this.#moments.at(-1);
  }

  take(line: RecordLine): void {
    const { event, seq } = line;
    this.#log.take(line);
    this.#progress.take(event);
    if (event.type === 'observed' || event.type === 'imported') this.#observations += 1;
    if (retractedBy(event) !== undefined) this.#retractions.push(seq);
    const retracted = this.#retractions.length;
    this.#moments.push({ seq, observations: this.#observations, retracted, pending: this.#progress.pending });
  }

  /** The sweep in force and the observations at a line; at the last one when none is given. */
  viewAt(seq = Infinity): RecordView {
    return this.#log.viewAt({ seq, hash: '' });
  }

  /** All observations as they counted before the first result was taken back, before the second one, ..., and in the end. */
  get lists(): readonly (readonly Observation[])[] {
    return [...this.#retractions.map((seq) => seq - 1), Infinity].map((seq) => this.viewAt(seq).observations);
  }

  /** The latest moment with so many observations and these trials in flight that also `holds`. */
  findSeen(
    { sawObservations, sawPending }: Sight,
    holds: (moment: Moment) => boolean = () => true,
  ): Moment | undefined {
    const names = sawPending.join(' ');
    return this.#moments.findLast(
      (moment) => moment.observations === sawObservations && namesOf(moment.pending) === names && holds(moment),
    );
  }

  /** The first moment with as many observations and results taken back as another one. */
  findFirst({ observations, retracted }: Moment): Moment | undefined {
    return this.#moments.find((moment) => moment.observations === observations && moment.retracted === retracted);
  }
}
