/** A sweep as it can be seen from outside: its record, its jobs' folders, and the jobs' own account. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../src/host/atomic-files.js';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import { LineTail, type AccountBook } from './account.js';
import type { OutsideLine } from './evidence.js';
import type { ChaosPlace, JobSite } from './place.js';
import type { Point } from './strike.js';

/** How far one job is. */
interface JobStage extends JobSite {
  readonly isIntended: boolean;
  readonly isSubmitted: boolean;
  readonly isLaunched: boolean;
  readonly hasStarted: boolean;
  readonly hasEnded: boolean;
  readonly isOver: boolean;
  /** Does its file of metrics end in the middle of a line? */
  readonly isTorn: boolean;
}

const NEWLINE = 0x0a;

const endsInMidLine = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== NEWLINE;
  } finally {
    await handle.close();
  }
};

const AT: Readonly<Partial<Record<Point, (job: JobStage) => boolean>>> = {
  'before-launch': (job) => !job.isIntended && !job.isSubmitted && !job.isOver,
  'after-intent': (job) => job.isIntended && !job.isSubmitted && !job.isOver,
  'after-submit': (job) => job.isSubmitted && !job.isLaunched && !job.isOver,
  'mid-run': (job) => job.hasStarted && job.isLaunched && !job.hasEnded && !job.isOver,
  'torn-line': (job) => job.hasStarted && !job.hasEnded && job.isTorn,
  'after-finish': (job) => job.hasEnded && !job.isOver,
};

export class Scene {
  readonly #tail: LineTail;
  readonly #folder: string;
  readonly lines: OutsideLine[] = [];
  /** Trial to the key of its latest generation, in the order of the decisions. */
  readonly #latest = new Map<string, string>();
  /** Keys whose end is recorded. */
  readonly #over = new Set<string>();
  readonly #launched = new Set<string>();
  hasEnded = false;

  constructor(
    readonly home: Home,
    readonly sweepId: string,
    readonly account: AccountBook,
    readonly place: Pick<ChaosPlace, 'isSubmitted'>,
  ) {
    const paths = sweepPaths(home, sweepId);
    this.#tail = new LineTail(paths.record);
    this.#folder = paths.jobs;
  }

  /** Reads what is new. */
  async look(): Promise<void> {
    await this.account.refresh();
    for (const text of await this.#tail.read()) this.#take(JSON.parse(text) as OutsideLine);
  }

  #take(line: OutsideLine): void {
    this.lines.push(line);
    const { type, trial = '', key = '' } = line.event;
    if (type === 'decided') this.#latest.set(trial, `${this.sweepId}.${trial}.g1`);
    if (type === 'rerun') this.#latest.set(trial, key);
    if (type === 'launched') this.#launched.add(key);
    if (type === 'observed' || type === 'attempted') this.#over.add(key);
    if (type === 'observed') this.#latest.delete(trial);
    if (type === 'ended') this.hasEnded = true;
  }

  /** Finds a job that is at this point now; of several the one decided last. */
  async jobAt(point: Point): Promise<JobStage | undefined> {
    const isAt = AT[point];
    if (isAt === undefined) return undefined;
    for (const key of [...this.#latest.values()].toReversed()) {
      const job = await this.#stage(key);
      if (isAt(job)) return job;
    }
    return undefined;
  }

  /** Is this job at this point still? */
  async isAt(point: Point, { key }: Pick<JobStage, 'key'>): Promise<boolean> {
    return AT[point]?.(await this.#stage(key)) ?? false;
  }

  async #stage(key: string): Promise<JobStage> {
    const folder = join(this.#folder, key);
    const { starts, ends } = this.account.of(key);
    const site: JobSite = { key, folder, pid: starts.at(-1) };
    return {
      ...site,
      isIntended: await isThere(join(folder, 'job.json')),
      isSubmitted: await this.place.isSubmitted(site),
      isLaunched: this.#launched.has(key),
      hasStarted: starts.length > 0,
      hasEnded: ends.length > 0,
      isOver: this.#over.has(key),
      isTorn: await endsInMidLine(join(folder, 'metrics.jsonl')),
    };
  }
}
