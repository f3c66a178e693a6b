import { watch, type FSWatcher } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const QUIET_MS = 40; // without news, look that often all the same: not everything is watched
const EXCITED_MS = 3; // after news, more follows within milliseconds
const EXCITED_FOR_MS = 40;

/** Waits until it is worth looking again, because something was written in one of some folders. */
export class Wake {
  readonly #watchers = new Map<string, FSWatcher>();
  #newsAt = 0;
  #ring: (() => void) | undefined;

  /** Watches a folder from now on; one that is not there yet is tried again at the next call. */
  watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#hear());
      watcher.on('error', () => this.#forget(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // Not there yet.
    }
  }

  #hear(): void {
    this.#newsAt = performance.now();
    this.#ring?.();
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  async next(): Promise<void> {
    if (performance.now() - this.#newsAt < EXCITED_FOR_MS) {
      await sleep(EXCITED_MS);
      return;
    }
    const over = new AbortController();
    const news = new Promise<void>((heard) => (this.#ring = heard));
    await Promise.race([news, sleep(QUIET_MS, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#forget(folder);
  }
}
