/**
 * The hash chain of a decision record. A line's hash is the SHA-256 of the canonical JSON of the line without `hash`;
 * `prev` is the hash of the line before, so that no line can be changed, dropped, doubled or moved unseen.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.js';
import type { RecordEvent, RecordHead, RecordLine } from '../domain/record-event.js';

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Digests any plain JSON value, whatever the order of its keys. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value));

/** Where every record starts. */
export const GENESIS: RecordHead = { seq: 0, hash: '0'.repeat(64) };

/** An event that is to be written. */
export interface NewEvent {
  /** Names the event for ever: the second event with a key is not written. */
  readonly key: string;
  /** ISO 8601, UTC, by the clock of the Temporal server. */
  readonly at: string;
  readonly event: RecordEvent;
}

/** Links an event to the head of a chain. */
export const linkLine = (head: RecordHead, { key, at, event }: NewEvent): RecordLine => {
  const body = { v: 1 as const, seq: head.seq + 1, key, at, event, prev: head.hash };
  return { ...body, hash: digestOf(body) };
};

/** Says what is wrong with a line that claims to follow `head`, or null when it does follow. */
export const lineFault = (head: RecordHead, line: RecordLine): string | null => {
  if (line.v !== 1) return `format version 1 expected, found ${JSON.stringify(line.v)}`;
  if (line.seq !== head.seq + 1) return `sequence number ${head.seq + 1} expected, found ${JSON.stringify(line.seq)}`;
  if (line.prev !== head.hash) return `it does not follow the line before it (prev is ${JSON.stringify(line.prev)})`;
  const { hash, ...body } = line;
  return digestOf(body) === hash ? null : `its content does not match its hash ${JSON.stringify(hash)}`;
};
