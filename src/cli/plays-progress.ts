import type { PlayProgress } from '../evidence/backtest.js';
import { formatFixed, plural } from '../reports/format.js';

const TELL_EVERY_MS = 10_000; // hundreds of decisions take minutes: a person wants to see that it moves, and how fast

/** Tells now and then how far several plays are together; `now` in ms. */
export class PlaysProgress {
  readonly #runs: number[];
  readonly #shares: number[];
  #done = 0;
  #toldAt: number;

  constructor(
    plays: number,
    readonly note: (line: string) => void,
    readonly now: () => number,
  ) {
    this.#runs = Array.from({ length: plays }, () => 0);
    this.#shares = Array.from({ length: plays }, () => 0);
    this.#toldAt = now();
  }

  /** The ear of one of the plays. */
  of(index: number): PlayProgress {
    return (runs, share) => {
      this.#runs[index] = runs;
      this.#shares[index] = share;
      if (this.now() - this.#toldAt < TELL_EVERY_MS) return;
      this.#toldAt = this.now();
      this.note(this.#line());
    };
  }

  /** One of them has come to its end, which may be before its budget's. */
  done(index: number): void {
    this.#done += 1;
    this.#shares[index] = 1;
  }

  #line(): string {
    const plays = this.#runs.length;
    const runs = this.#runs.reduce((sum, count) => sum + count, 0);
    const paid = this.#shares.reduce((sum, share) => sum + share, 0) / plays;
    return `${this.#done} of ${plays} played; ${plural(runs, 'run')} so far, ${formatFixed(100 * paid, 0)} % of what may be spent`;
  }
}
