/**
 * Reads `metrics.jsonl`, which is data from outside: whatever its size and content, reading it takes bounded memory,
 * never throws for its content, and says what was odd.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CurvePoint } from '../domain/observation.js';
import type { JobProgress } from '../domain/ports.js';
import { readTail } from '../host/atomic-files.js';
import { staysInside } from '../host/confined-files.js';
import { errnoOf } from '../host/disk-errors.js';
import { brokenIn, parseMetricsLine, type ReadLine } from './metrics-line.js';
import { printable } from './printable.js';

interface MetricsLimits {
  /** A longer line is left out (bytes). */
  readonly lineBytes: number;
  /** Of a longer file, the middle is left out (bytes). */
  readonly fileBytes: number;
  /** What is read of a longer file's end (bytes). */
  readonly endBytes: number;
}

/** What docs/job-contract.md promises. 256 MiB are some three million lines and take some twenty seconds to read. */
export const METRICS_LIMITS: MetricsLimits = { lineBytes: 1 << 20, fileBytes: 1 << 28, endBytes: 1 << 24 };

/** What the file says about the steps asked for. */
export interface MetricsReport {
  readonly isThere: boolean;
  /** By step, the last line of each step asked for. */
  readonly lines: ReadonlyMap<number, ReadLine>;
  /** The last line of all. */
  readonly last: ReadLine | undefined;
  readonly stepsReached: number;
  /** SHA-256 of the bytes that were read, hex; empty when there is no file. */
  readonly digest: string;
  readonly warnings: readonly string[];
}

const CHUNK_BYTES = 1 << 18; // long enough to be fast, short enough to let the worker breathe between two
const NEWLINE = 0x0a;
const MOST_WARNINGS = 20; // they travel in histories and records
const TAIL_BYTES = 1 << 16; // of the file's end, for progress; a line is rarely over 1 KB
const MOST_PROGRESS_METRICS = 16; // heartbeats must stay tiny
const LONGEST_NAME = 64;

/** Takes bytes, keeps what the lines say. */
class LineReader {
  readonly lines = new Map<number, ReadLine>();
  readonly warnings: string[] = [];
  last: ReadLine | undefined;
  stepsReached = 0;
  private untold = 0;
  private number = 0;
  private pieces: Buffer[] = [];
  private pending = 0;
  private isSkipping = false;

  constructor(
    private readonly wanted: ReadonlySet<number>,
    private readonly lineBytes: number,
  ) {}

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.hold(chunk.subarray(from, at));
      this.finishLine();
      from = at + 1;
    }
    this.hold(Buffer.from(chunk.subarray(from)));
  }

  /** Goes on somewhere in the middle of a later line, which is left out. */
  jump(): void {
    this.pieces = [];
    this.pending = 0;
    this.isSkipping = true;
  }

  end(): void {
    if (this.pending > 0) this.finishTail();
    if (this.untold > 0) this.warnings.push(`and ${this.untold} more like these`);
  }

  private hold(piece: Buffer): void {
    if (this.isSkipping || piece.length === 0) return;
    this.pending += piece.length;
    if (this.pending <= this.lineBytes) this.pieces.push(piece);
    else this.pieces = [];
  }

  private takeText(): string {
    const text = Buffer.concat(this.pieces)
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trim();
    this.pieces = [];
    this.pending = 0;
    return text;
  }

  private finishLine(): void {
    this.number += 1;
    const isTooLong = this.pending > this.lineBytes;
    const isSkipped = this.isSkipping;
    this.isSkipping = false;
    const text = this.takeText();
    if (isTooLong) this.warn(`line ${this.number} left out: longer than ${this.lineBytes} bytes`);
    else if (!isSkipped && text !== '') this.read(text, `line ${this.number}`);
  }

  /** What follows the last newline: a whole line without one, or a line that was cut off. */
  private finishTail(): void {
    const where = `the last line (${this.number + 1})`;
    const isTooLong = this.pending > this.lineBytes;
    const text = this.takeText();
    if (text === '' && !isTooLong) return;
    const parsed = isTooLong ? { malformed: 'too long' } : parseMetricsLine(text);
    if ('line' in parsed) {
      this.keep(parsed.line, where);
      this.warn(`${where} has no newline but is whole: it counts`);
    } else this.warn(`${where} was cut off and is left out`);
  }

  private read(text: string, where: string): void {
    const parsed = parseMetricsLine(text);
    if ('line' in parsed) this.keep(parsed.line, where);
    else this.warn(`${where} left out: ${printable(parsed.malformed, 200)}`);
  }

  private keep(line: ReadLine, where: string): void {
    if (line.leftOut > 0) this.warn(`${where} has too many metrics: the last ${line.leftOut} are left out`);
    this.last = line;
    this.stepsReached = Math.max(this.stepsReached, line.step);
    if (this.wanted.has(line.step)) this.lines.set(line.step, line);
  }

  private warn(message: string): void {
    if (this.warnings.length < MOST_WARNINGS) this.warnings.push(message);
    else this.untold += 1;
  }
}

const nothing = (warnings: readonly string[]): MetricsReport => ({
  isThere: false,
  lines: new Map(),
  last: undefined,
  stepsReached: 0,
  digest: '',
  warnings,
});

async function* bytesOf(handle: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - from));
  for (let at = from; at < to;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const readAll = async (handle: FileHandle, size: number, steps: readonly number[], limits: MetricsLimits) => {
  const reader = new LineReader(new Set(steps), limits.lineBytes);
  const hash = createHash('sha256');
  const take = async (from: number, to: number): Promise<void> => {
    for await (const chunk of bytesOf(handle, from, to)) {
      hash.update(chunk);
      reader.push(chunk);
    }
  };
  await take(0, Math.min(size, limits.fileBytes));
  if (size > limits.fileBytes) {
    const end = Math.max(limits.fileBytes, size - limits.endBytes);
    reader.jump();
    reader.warnings.push(
      `the file is longer than ${limits.fileBytes} bytes: bytes ${limits.fileBytes} to ${end} left out`,
    );
    await take(end, size);
  }
  reader.end();
  return { reader, digest: hash.digest('hex') };
};

/**
 * Reads what the file says about these steps; of lines of the same step the last counts.
 * @throws only what the file system throws
 */
export const readMetrics = async (
  file: string,
  steps: readonly number[],
  limits: MetricsLimits = METRICS_LIMITS,
): Promise<MetricsReport> => {
  // A network file system remembers for up to a minute that there is no such file; to list the folder makes it look again.
  await readdir(dirname(file)).catch(() => undefined);
  if (!(await staysInside(file))) return nothing(['metrics.jsonl leads out of the job’s folder: it is left out']);
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a named pipe would wait for its writer
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return nothing([]);
    throw error;
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) return nothing(['metrics.jsonl is not a plain file']);
    const { reader, digest } = await readAll(handle, found.size, steps, limits);
    const { lines, last, stepsReached, warnings } = reader;
    return { isThere: true, lines, last, stepsReached, digest, warnings };
  } finally {
    await handle.close();
  }
};

const progressOf = ({ step, metrics }: ReadLine): JobProgress => ({
  steps: step,
  metrics: Object.fromEntries(
    Object.entries(metrics)
      .filter(([name]) => name.length <= LONGEST_NAME)
      .slice(0, MOST_PROGRESS_METRICS),
  ),
});

/** The checkpoints that were reported without a metric that tells of a run that diverged; `needed`: as `brokenIn` has it. */
export const reportedCurve = (
  { lines }: MetricsReport,
  checkpoints: readonly number[],
  needed: readonly string[] = [],
): CurvePoint[] =>
  checkpoints.flatMap((steps) => {
    const line = lines.get(steps);
    return line === undefined || brokenIn(line, needed).length > 0 ? [] : [{ steps, metrics: line.metrics }];
  });

/** Reads the last whole line near the file's end, cheaply; undefined when there is none. */
export const readProgress = async (file: string): Promise<JobProgress | undefined> => {
  const tail = (await staysInside(file)) ? await readTail(file, TAIL_BYTES) : undefined;
  const lines = tail?.split('\n').slice(0, -1) ?? [];
  for (const text of lines.reverse()) {
    const parsed = parseMetricsLine(text);
    if ('line' in parsed) return progressOf(parsed.line);
  }
  return undefined;
};
