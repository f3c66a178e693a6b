/**
 * Keeps the log of a job whose pod shares no folder with titrate: logs go with their pods. What was fetched is appended to
 * `kubernetes/<pod uid>.log`, each line with the time that the node gave it; at the job's end `metrics.jsonl` and
 * `stdout.log` are made of it.
 */
import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { JOB_CONTAINER } from '../../domain/kubernetes-choice.js';
import type { JobProgress } from '../../domain/ports.js';
import { isThere, makeFolder, readTail, replaceFile } from '../../host/atomic-files.js';
import type { JobFiles } from '../job-folder.js';
import { METRICS_LIMITS } from '../metrics-file.js';
import { parseMetricsLine } from '../metrics-line.js';
import type { Cluster } from './cluster.js';

const FETCH_EVERY_MS = 2_000; // of a running job
const MARGIN_SECONDS = 60; // the clocks of nodes differ
const LONGEST_LINE = METRICS_LIMITS.lineBytes; // characters kept of a line: a longer one does not count
const FIRST_TAIL_BYTES = 1 << 16; // of the file's end; a line is rarely over 1 KB
const LONGEST_TAIL_BYTES = 4 * LONGEST_LINE; // a character takes three bytes at most, the time some forty
const MOST_TRIES = 20; // the text before a metrics line is a progress bar's, without braces
const KEPT_LINES = 200; // of stdout.log: its end goes into the detail of a failure

export interface LogKeeper {
  /** Fetches what is new, at most every other second; `isLast` fetches at once, with a last line that has no newline. */
  fetch(files: JobFiles, pod: { readonly name: string; readonly uid: string }, isLast: boolean): Promise<void>;
  /** Makes `metrics.jsonl` and `stdout.log` of what was fetched of these pods. */
  settle(files: JobFiles, uids: readonly string[]): Promise<void>;
  progress(files: JobFiles, uid: string): Promise<JobProgress | undefined>;
}

const fileOf = (files: JobFiles, uid: string): string => join(files.folder, 'kubernetes', `${uid}.log`);

/** What a line says, without the time before it. */
const contentOf = (line: string): string => line.slice(line.indexOf(' ') + 1);
const timeOf = (line: string): number => new Date(line.slice(0, line.indexOf(' '))).getTime();

const wholeLines = (text: string): string[] => text.split('\n').slice(0, -1);

/** What of this text, from some brace on, is a metrics line. */
const metricsIn = (text: string): string | undefined => {
  let at = text.indexOf('{');
  for (let tries = 0; at !== -1 && tries < MOST_TRIES; tries += 1) {
    if ('line' in parseMetricsLine(text.slice(at))) return text.slice(at);
    at = text.indexOf('{', at + 1);
  }
  return undefined;
};

/**
 * What is kept of a line. A progress bar writes over itself for hours without a line's end: the last of it. A node cuts such a line in pieces
 * and puts what its container's other stream says right behind one: a metrics line there is taken out.
 */
const kept = (line: string): string => {
  const content = contentOf(line).replace(/\r+$/, '');
  const shown = content.slice(content.lastIndexOf('\r') + 1);
  const text = shown === content ? shown : (metricsIn(shown) ?? shown);
  return `${line.slice(0, line.indexOf(' '))} ${text.slice(-LONGEST_LINE)}`;
};

/** The last whole lines of a file, one at least where there is any. */
const lastWholeLines = async (file: string): Promise<string[]> => {
  for (let bytes = FIRST_TAIL_BYTES; ; bytes *= 8) {
    const tail = (await readTail(file, bytes)) ?? '';
    const isAll = Buffer.byteLength(tail) < bytes;
    const lines = wholeLines(isAll ? tail : tail.slice(tail.indexOf('\n') + 1)); // the first is cut off
    if (lines.length > 0 || isAll || bytes >= LONGEST_TAIL_BYTES) return lines;
  }
};

/** What follows the last line that is kept; undefined when that line is not among these. */
const after = (lines: readonly string[], last: string): string[] | undefined => {
  const at = lines.lastIndexOf(last);
  return at === -1 ? undefined : lines.slice(at + 1);
};

const linesOf = (text: string, isLast: boolean): string[] => {
  const lines = wholeLines(text);
  const rest = text.slice(text.lastIndexOf('\n') + 1);
  const told = isLast && rest !== '' ? [...lines, rest] : lines;
  return told.filter((line) => Number.isFinite(timeOf(line))).map(kept); // without a time it is the node's own excuse
};

/** Fetches the lines that follow `last`. */
const freshLines = async (
  cluster: Cluster,
  pod: string,
  last: string | undefined,
  isLast: boolean,
): Promise<string[]> => {
  const read = async (lastSeconds?: number): Promise<string[]> =>
    linesOf((await cluster.readLog(pod, JOB_CONTAINER, lastSeconds)) ?? '', isLast);
  if (last === undefined) return read();
  const seconds = Math.max(0, Math.ceil((Date.now() - timeOf(last)) / 1000)) + MARGIN_SECONDS;
  const found = after(await read(Number.isFinite(seconds) ? seconds : undefined), last);
  if (found !== undefined) return found;
  const all = await read(); // the clocks differ by more, or the node has begun a new file
  return after(all, last) ?? all.filter((line) => timeOf(line) > timeOf(last));
};

const append = async (file: string, lines: readonly string[]): Promise<void> => {
  const tail = await readTail(file, 1);
  const start = tail === undefined || tail === '' || tail === '\n' ? '' : '\n'; // after a torn line
  await appendFile(file, `${start}${lines.join('\n')}\n`, { flush: true });
};

async function* readLines(file: string): AsyncGenerator<string> {
  if (!(await isThere(file))) return;
  yield* createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}

const settle = async (files: JobFiles, uids: readonly string[]): Promise<void> => {
  const metrics = new Set<string>(); // two workers may have fetched the same lines
  const last: string[] = [];
  for (const uid of uids) {
    for await (const line of readLines(fileOf(files, uid))) {
      if ('line' in parseMetricsLine(contentOf(line))) metrics.add(line);
      if (last.at(-1) !== line) last.push(line);
      if (last.length > 2 * KEPT_LINES) last.splice(0, KEPT_LINES);
    }
  }
  const text = (lines: Iterable<string>): string => [...lines].map((line) => `${contentOf(line)}\n`).join('');
  if (metrics.size > 0) await replaceFile(files.metrics, text(metrics));
  if (last.length > 0) await replaceFile(files.stdout, text(last.slice(-KEPT_LINES)));
};

const readProgress = async (files: JobFiles, uid: string): Promise<JobProgress | undefined> => {
  for (const line of (await lastWholeLines(fileOf(files, uid))).reverse()) {
    const parsed = parseMetricsLine(contentOf(line));
    if ('line' in parsed) return { steps: parsed.line.step, metrics: parsed.line.metrics };
  }
  return undefined;
};

/** Creates the keeper of one launcher's logs. */
export const createLogKeeper = (cluster: () => Cluster): LogKeeper => {
  const running = new Map<string, Promise<void>>(); // one fetch of a pod at a time
  const fetchedAt = new Map<string, number>();
  /** Fetches one answer's worth; was there any? */
  const fetchOnce = async (file: string, pod: string, isLast: boolean): Promise<boolean> => {
    const last = (await lastWholeLines(file)).at(-1);
    const lines = await freshLines(cluster(), pod, last && kept(last), isLast);
    if (lines.length > 0) await append(file, lines);
    return lines.length > 0;
  };
  const fetchNow = async (files: JobFiles, pod: { name: string; uid: string }, isLast: boolean): Promise<void> => {
    const file = fileOf(files, pod.uid);
    await makeFolder(join(files.folder, 'kubernetes'));
    // An answer may be cut off, even within a line: all whole lines come before one that has no newline.
    for (let isMore = isLast; isMore;) isMore = await fetchOnce(file, pod.name, false);
    await fetchOnce(file, pod.name, isLast);
  };
  return {
    fetch: async (files, pod, isLast) => {
      const age = performance.now() - (fetchedAt.get(pod.uid) ?? -Infinity);
      if (!isLast && age < FETCH_EVERY_MS) return;
      fetchedAt.set(pod.uid, performance.now());
      const before = running.get(pod.uid) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => fetchNow(files, pod, isLast));
      running.set(pod.uid, mine);
      try {
        await mine;
      } finally {
        if (running.get(pod.uid) === mine) running.delete(pod.uid);
      }
    },
    settle,
    progress: readProgress,
  };
};
