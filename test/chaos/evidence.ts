/** What a sweep left behind, read without any of titrate's own readers, for the checks to judge. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepPaths, type Home } from '../../src/temporal/home.js';
import type { AccountBook, JobAccount } from './account.js';
import { OWN_VICTIMS, type Struck } from './strike.js';

/** What the checks look at of an event; which fields there are depends on its type. */
export interface OutsideEvent {
  readonly type: string;
  readonly trial?: string;
  readonly key?: string;
  readonly decision?: number;
  readonly mixture?: Readonly<Record<string, number>>;
  readonly scale?: string;
  readonly steps?: number;
  readonly cost?: number;
  readonly status?: string;
  readonly ending?: string;
  readonly digest?: string;
  readonly curve?: readonly { readonly steps: number }[];
  readonly warnings?: readonly string[];
  readonly sweep?: { readonly budget: number };
}

/** A line of the record, as its file has it. */
export interface OutsideLine {
  readonly seq: number;
  readonly key: string;
  readonly at: string;
  readonly event: OutsideEvent;
  readonly prev: string;
  readonly hash: string;
}

/** The fields of `job.json` that the checks look at. */
export interface JobFile {
  readonly key: string;
  readonly trial: string;
  readonly generation: number;
  readonly mixture: Readonly<Record<string, number>>;
  readonly scale: string;
  readonly steps: number;
  readonly checkpoints: readonly number[];
  readonly cost: number;
  readonly resume?: { readonly steps: number };
}

/** What `metrics.jsonl` holds. */
export interface MetricsEvidence {
  /** SHA-256, hex. */
  readonly digest: string;
  /** Steps of the whole lines with finite metrics. */
  readonly steps: readonly number[];
  /** Its end is half a line. */
  readonly isTorn: boolean;
}

export interface JobEvidence {
  readonly key: string;
  readonly account: JobAccount;
  readonly file?: JobFile;
  readonly metrics?: MetricsEvidence;
  /** When something that may end a job befell it (ms since the epoch). */
  readonly hurtAt: readonly number[];
  readonly stillRuns: boolean;
}

export interface SweepEvidence {
  readonly lane: string;
  readonly sweepId: string;
  /** The sweep file that it is of. */
  readonly file: string;
  /** Must it decide like a sweep of the same file that was left in peace? */
  readonly isSequential: boolean;
  /** The bytes of its record. */
  readonly record: string;
  readonly jobs: readonly JobEvidence[];
}

/** The whole lines of a record. A line that is not JSON ends it. */
export const linesOf = ({ record }: Pick<SweepEvidence, 'record'>): OutsideLine[] => {
  const lines: OutsideLine[] = [];
  for (const text of record.split('\n').slice(0, -1)) {
    try {
      lines.push(JSON.parse(text) as OutsideLine);
    } catch {
      break;
    }
  }
  return lines;
};

/** The events of some types with the time that the record gives them (ms since the epoch). */
export const timed = (
  lines: readonly OutsideLine[],
  ...types: readonly string[]
): { readonly at: number; readonly event: OutsideEvent }[] =>
  lines.filter(({ event }) => types.includes(event.type)).map(({ at, event }) => ({ at: Date.parse(at), event }));

/** How each generation of each trial ended, whether its trial ended with it or was run again. */
export const endings = (lines: readonly OutsideLine[]): { readonly at: number; readonly event: OutsideEvent }[] =>
  timed(lines, 'attempted', 'observed');

const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
};

const stepOf = (text: string): number[] => {
  try {
    const { step, metrics } = JSON.parse(text) as { step: number; metrics: Record<string, unknown> };
    return Object.values(metrics).every((value) => typeof value === 'number') ? [step] : [];
  } catch {
    return [];
  }
};

const readMetrics = async (file: string): Promise<MetricsEvidence | undefined> => {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const lines = bytes.toString('utf8').split('\n');
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { digest, steps: lines.flatMap(stepOf), isTorn: lines.at(-1) !== '' && stepOf(lines.at(-1)!).length === 0 };
};

export interface Place {
  readonly lane: string;
  readonly home: Home;
  readonly account: AccountBook;
  readonly struck: readonly Struck[];
  /** See `ChaosPlace`. */
  readonly isShared: boolean;
  stillRunning(key: string): boolean;
}

/** What befell a job. One that never started, on a backend of all lanes, can be lost with whatever struck the backend. */
const hurtAt = ({ struck, isShared }: Place, { key, starts }: JobAccount): number[] => {
  const isUnborn = isShared && starts.length === 0;
  return struck
    .filter(({ strike, hurt }) => hurt.includes(key) || (isUnborn && !OWN_VICTIMS.has(strike.victim)))
    .map(({ at }) => at);
};

const readJob = async (place: Place, folder: string, key: string): Promise<JobEvidence> => {
  const file = (await readJson(join(folder, key, 'job.json'))) as JobFile | undefined;
  const metrics = await readMetrics(join(folder, key, 'metrics.jsonl'));
  return {
    key,
    account: place.account.of(key),
    ...(file === undefined ? {} : { file }),
    ...(metrics === undefined ? {} : { metrics }),
    hurtAt: hurtAt(place, place.account.of(key)),
    stillRuns: place.stillRunning(key),
  };
};

/** Reads everything that a sweep left. */
export const readEvidence = async (
  place: Place,
  sweep: Pick<SweepEvidence, 'sweepId' | 'file' | 'isSequential'>,
): Promise<SweepEvidence> => {
  await place.account.refresh();
  const paths = sweepPaths(place.home, sweep.sweepId);
  const folders = await readdir(paths.jobs).catch(() => [] as string[]);
  const own = place.account.keys().filter((key) => key.startsWith(`${sweep.sweepId}.t`));
  const keys = [...new Set([...folders, ...own])].toSorted();
  return {
    ...sweep,
    lane: place.lane,
    record: await readFile(paths.record, 'utf8').catch(() => ''),
    jobs: await Promise.all(keys.map((key) => readJob(place, paths.jobs, key))),
  };
};
