/** A record's lines as they lie on disk, each judged alone: nothing here throws for what a line says. */
import { RecordLineSchema } from '../domain/record-schema.js';
import type { RecordLine } from '../domain/record-event.js';
import { digestOf } from '../ledger/chain.js';

const NEWLINE = 0x0a;

/** One line of the file. */
export interface RawLine {
  /** Its place in the file: 1, 2, 3, ... */
  readonly number: number;
  /** What it says, when it is JSON and has the fields of the chain. */
  readonly line?: RecordLine;
  /** Does its content match its own hash, and are its bytes those that titrate writes? Then it is whole, wherever it lies. */
  readonly isIntact: boolean;
  /** SHA-256 of its content as it is now, hex. */
  readonly digest?: string;
  /** Why it is not intact. */
  readonly fault?: string;
  /** What the schema has against it. */
  readonly misshapen?: string;
}

export interface RawRecord {
  readonly lines: readonly RawLine[];
  /** What follows the last newline; empty when nothing does. */
  readonly tail: Buffer;
}

const hasChainFields = (value: unknown): value is RecordLine => {
  if (value === null || typeof value !== 'object') return false;
  const { seq, prev, hash } = value as Record<string, unknown>;
  return typeof seq === 'number' && typeof prev === 'string' && typeof hash === 'string';
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};

const shapeFault = (line: RecordLine): string | undefined => {
  const parsed = RecordLineSchema.safeParse(line);
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not an event of the record'}`;
};

/** Judges one line by itself. */
export const readRawLine = (bytes: Buffer, number: number): RawLine => {
  try {
    return judgeLine(bytes, number);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { number, isIntact: false, fault: 'it is nested deeper than any line that titrate writes' };
  }
};

const judgeLine = (bytes: Buffer, number: number): RawLine => {
  const value = parse(bytes);
  if (value === undefined) {
    return { number, isIntact: false, fault: bytes.length === 0 ? 'it is empty' : 'it is not JSON' };
  }
  if (!hasChainFields(value)) return { number, isIntact: false, fault: 'it has no seq, prev and hash' };
  const { hash, ...body } = value;
  const digest = digestOf(body);
  const isSame = digest === hash;
  const isPlain = Buffer.from(JSON.stringify(value)).equals(bytes);
  const fault = isSame
    ? isPlain
      ? undefined
      : 'its bytes are not those that titrate writes, though it says the same'
    : 'its content does not match its hash';
  const misshapen = fault === undefined ? shapeFault(value) : undefined;
  return {
    number,
    line: value,
    isIntact: fault === undefined,
    digest,
    ...(fault === undefined ? {} : { fault }),
    ...(misshapen === undefined ? {} : { misshapen }),
  };
};

/** Takes a record's bytes apart. */
export const readRawRecord = (bytes: Buffer): RawRecord => {
  const lines: RawLine[] = [];
  let start = 0;
  for (let stop = bytes.indexOf(NEWLINE); stop !== -1; stop = bytes.indexOf(NEWLINE, start)) {
    lines.push(readRawLine(bytes.subarray(start, stop), lines.length + 1));
    start = stop + 1;
  }
  return { lines, tail: bytes.subarray(start) };
};
