/** What the jobs themselves wrote down, in a log that titrate does not know. */
import { open } from 'node:fs/promises';
import { z } from 'zod';

const Start = z.object({ is: z.literal('start'), key: z.string(), pid: z.number() });
const Begin = z.object({
  is: z.literal('begin'),
  key: z.string(),
  pid: z.number(),
  at: z.number(),
  mixture: z.record(z.string(), z.number()),
  scale: z.string(),
  steps: z.number(),
  cost: z.number(),
  generation: z.number(),
});
const End = z.object({
  is: z.literal('end'),
  key: z.string(),
  pid: z.number(),
  at: z.number(),
  outcome: z.enum(['completed', 'diverged']),
  digest: z.string(),
});
const Entry = z.discriminatedUnion('is', [Start, Begin, End]);

/** One job's own account. */
export interface JobAccount {
  readonly key: string;
  /** A process id for every time that it was started. */
  readonly starts: readonly number[];
  readonly begins: readonly z.infer<typeof Begin>[];
  readonly ends: readonly z.infer<typeof End>[];
}

/** Reads whole lines as a file grows. */
export class LineTail {
  #offset = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly file: string) {}

  /** Returns the lines that were ended since the last call; none while there is no file. Calls side by side take turns. */
  read(): Promise<string[]> {
    const turn = this.#last.then(() => this.#readOn());
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #readOn(): Promise<string[]> {
    const handle = await open(this.file, 'r').catch(() => undefined);
    if (handle === undefined) return [];
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.#offset);
      const end = bytes.subarray(0, bytesRead).lastIndexOf('\n') + 1;
      this.#offset += end;
      return bytes
        .toString('utf8', 0, Math.max(0, end - 1))
        .split('\n')
        .slice(0, end === 0 ? 0 : undefined);
    } finally {
      await handle.close();
    }
  }
}

/** The account of all jobs of a lane, as far as it is written. */
export class AccountBook {
  readonly #tail: LineTail;
  readonly #jobs = new Map<string, JobAccount>();

  constructor(readonly file: string) {
    this.#tail = new LineTail(file);
  }

  async refresh(): Promise<void> {
    for (const line of await this.#tail.read()) {
      const entry = Entry.parse(JSON.parse(line));
      const known = this.of(entry.key);
      this.#jobs.set(entry.key, {
        key: entry.key,
        starts: entry.is === 'start' ? [...known.starts, entry.pid] : known.starts,
        begins: entry.is === 'begin' ? [...known.begins, entry] : known.begins,
        ends: entry.is === 'end' ? [...known.ends, entry] : known.ends,
      });
    }
  }

  of(key: string): JobAccount {
    return this.#jobs.get(key) ?? { key, starts: [], begins: [], ends: [] };
  }

  keys(): string[] {
    return [...this.#jobs.keys()];
  }
}
