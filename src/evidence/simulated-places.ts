/** Places where jobs run side by side in simulated time: a run of cost c takes time c, and deciding takes none. */

interface Running<T> {
  readonly job: T;
  readonly cost: number;
  readonly begins: number;
}

const endOf = ({ begins, cost }: Running<unknown>): number => begins + cost;

/** The state of the places; time and cost are in the same unit. */
export class SimulatedPlaces<T> {
  readonly #places: number;
  readonly #running: Running<T>[] = [];
  #now = 0;
  #finished = 0; // cost of the runs that have ended

  /** @throws Error for less than one place. */
  constructor(places: number) {
    if (!(Number.isInteger(places) && places >= 1)) throw new Error(`expected one place or more; got ${places}`);
    this.#places = places;
  }

  get now(): number {
    return this.#now;
  }

  get isFull(): boolean {
    return this.#running.length >= this.#places;
  }

  /** The jobs that run, in the order they were started. */
  get pending(): readonly T[] {
    return this.#running.map(({ job }) => job);
  }

  /** What has been paid by now: ended runs, and the part of each other one that is done. */
  get paid(): number {
    return this.#paidAt(this.#now);
  }

  /** What will have been paid when the next run ends; Infinity when none runs. */
  get paidAtNextEnd(): number {
    return this.#running.length === 0 ? Infinity : this.#paidAt(endOf(this.#next()));
  }

  start(job: T, cost: number): void {
    if (this.isFull) throw new Error('every place is taken');
    this.#running.push({ job, cost, begins: this.#now });
  }

  /** Waits for the next run to end, of two at once the one that was started first; undefined when none runs. */
  finish(): T | undefined {
    if (this.#running.length === 0) return undefined;
    const next = this.#next();
    this.#running.splice(this.#running.indexOf(next), 1);
    this.#now = endOf(next);
    this.#finished += next.cost;
    return next.job;
  }

  #next(): Running<T> {
    return this.#running.reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
  }

  #paidAt(time: number): number {
    return this.#running.reduce((sum, { begins, cost }) => sum + Math.min(cost, time - begins), this.#finished);
  }
}
