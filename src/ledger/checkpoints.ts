/**
 * Signed checkpoints of a record: `checkpoints.jsonl` beside it, append-only. Each line says, over the team's signature,
 * that the record's line `seq` has the hash `hash`. Who does not have the key cannot write the record anew up to there.
 */
import { sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../domain/canonical-json.js';
import type { RecordHead } from '../domain/record-event.js';
import { onDisk } from '../host/disk-errors.js';
import { withLock } from '../host/file-lock.js';
import { appendJsonLines, readText } from '../host/json-lines.js';
import { fingerprintOf } from './signing-key.js';

/** One line of the file. */
export const Checkpoint = z.strictObject({
  v: z.literal(1),
  sweep: z.string(),
  seq: z.number().int().positive(),
  /** Of the record's line `seq`. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it was signed (ISO 8601, UTC). */
  at: z.string(),
  /** Fingerprint of the key that signed. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** Ed25519 over the canonical JSON of the rest, base64. */
  signature: z.string(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** A line of the file as it was read. */
export interface CheckpointLine {
  /** 1, 2, 3, ... */
  readonly number: number;
  /** Absent when the line is none. */
  readonly checkpoint?: Checkpoint;
}

export const CHECKPOINTS_FILE = 'checkpoints.jsonl';

const messageOf = ({ signature: _, ...body }: Checkpoint): Buffer => Buffer.from(canonicalJson(body));

/** Signs the head of a record. */
export const signHead = (sweep: string, { seq, hash }: RecordHead, at: string, key: KeyObject): Checkpoint => {
  const body = { v: 1 as const, sweep, seq, hash, at, key: fingerprintOf(key), signature: '' };
  return { ...body, signature: sign(null, messageOf(body), key).toString('base64') };
};

/** Did this key sign it, just as it stands? */
export const isSignedBy = (checkpoint: Checkpoint, key: KeyObject): boolean =>
  verify(null, messageOf(checkpoint), key, Buffer.from(checkpoint.signature, 'base64'));

const parseLine = (text: string, number: number): CheckpointLine => {
  try {
    const parsed = Checkpoint.safeParse(JSON.parse(text));
    return parsed.success ? { number, checkpoint: parsed.data } : { number };
  } catch {
    return { number };
  }
};

/** Reads the checkpoints of a record, oldest first; none when the file is not there. @throws StateError on a disk error. */
export const readCheckpoints = async (file: string): Promise<CheckpointLine[]> => {
  const text = await onDisk('read the checkpoints', file, () => readText(file));
  return text.split('\n').flatMap((line, i) => (line === '' ? [] : [parseLine(line, i + 1)]));
};

/**
 * Appends a checkpoint, unless this key signed this very head before; returns what stands in the file.
 * @throws StateError on a disk error.
 */
export const addCheckpoint = (file: string, checkpoint: Checkpoint): Promise<Checkpoint> =>
  withLock(`${file}.lock`, async () => {
    const known = (await readCheckpoints(file)).find(
      ({ checkpoint: other }) =>
        other?.seq === checkpoint.seq && other.hash === checkpoint.hash && other.key === checkpoint.key,
    );
    if (known?.checkpoint !== undefined) return known.checkpoint;
    await onDisk('write the checkpoint', file, () => appendJsonLines(file, [checkpoint]));
    return checkpoint;
  });
