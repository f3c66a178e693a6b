/** Does the record still hold the lines that were vouched for elsewhere? A tail that was cut off or written anew does not. */
import type { KeyObject } from 'node:crypto';
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import { isSignedBy, type Checkpoint, type CheckpointLine } from '../ledger/checkpoints.js';
import { fingerprintOf } from '../ledger/signing-key.js';
import { checked, counted, notChecked, type Check, type Fault } from './check.js';

/** A line of the record, as somebody else remembers it. */
export interface Anchor extends RecordHead {
  /** Who remembers it, for people. */
  readonly from: string;
}

export interface AnchorOptions {
  readonly anchors: readonly Anchor[];
  readonly checkpoints: readonly CheckpointLine[];
  /** The key that the checkpoints must be signed by; signatures are not checked without it. */
  readonly publicKey?: KeyObject;
  /** Does the chain break behind the lines? What comes after the break is then no cut tail. */
  readonly isBroken?: boolean;
}

const headFault = (
  lines: readonly RecordLine[],
  { seq, hash }: RecordHead,
  who: string,
  { isBroken = false }: Pick<AnchorOptions, 'isBroken'>,
): Fault[] => {
  const found = seq === 0 ? undefined : lines[seq - 1]?.hash;
  if (found === hash) return [];
  const where = `line ${seq}`;
  const kept = counted(lines.length, 'sound line');
  if (found === undefined && isBroken)
    return [{ looksLike: 'beyond the break', where, says: `${who} has seen it; the chain breaks after ${kept}` }];
  if (found === undefined)
    return [{ looksLike: 'cut tail', where, says: `${who} has seen it; the record has ${kept}` }];
  const hashes = `${who} has seen it with the hash ${hash.slice(0, 12)}...; it has ${found.slice(0, 12)}...`;
  return [{ looksLike: 're-hashed tail', where, says: `${hashes}: it, or a line before it, was written anew` }];
};

const signatureFault = (checkpoint: Checkpoint, sweep: string, key: KeyObject): string | null => {
  if (!isSignedBy(checkpoint, key)) return 'its signature is not of this content and this key';
  return checkpoint.sweep === sweep ? null : `it is of the sweep ${checkpoint.sweep}`;
};

/** What the signed checkpoints say; `signed` counts those of the given key. */
const checkSigned = (lines: readonly RecordLine[], sweep: string, options: AnchorOptions) => {
  const { checkpoints, publicKey } = options;
  const faults: Fault[] = [];
  const others = new Set<string>();
  let signed = 0;
  const fingerprint = publicKey === undefined ? undefined : fingerprintOf(publicKey);
  for (const { number, checkpoint } of checkpoints) {
    const where = `checkpoint ${number}`;
    if (checkpoint === undefined) {
      faults.push({ looksLike: 'no checkpoint', where, says: 'the line is torn or is no checkpoint' });
      continue;
    }
    if (publicKey !== undefined && checkpoint.key !== fingerprint) {
      others.add(checkpoint.key);
      continue;
    }
    const wrong = publicKey === undefined ? null : signatureFault(checkpoint, sweep, publicKey);
    if (wrong !== null) faults.push({ looksLike: 'forged checkpoint', where, says: wrong });
    else {
      signed += 1;
      faults.push(...headFault(lines, checkpoint, `${where} of ${checkpoint.at}`, options));
    }
  }
  return { faults, others, signed };
};

const NONE = 'nobody else remembers the record: a tail that was cut off or written anew as a whole would not show here';

/** Checks the record against anchors and signed checkpoints. */
export const checkAnchors = (lines: readonly RecordLine[], options: AnchorOptions): Check => {
  const { anchors, checkpoints, publicKey } = options;
  const first = lines[0]?.event;
  const sweep = first?.type === 'started' ? first.sweepId : '';
  if (anchors.length === 0 && checkpoints.length === 0 && publicKey === undefined) return notChecked('anchors', NONE);
  const { faults, others, signed } = checkSigned(lines, sweep, options);
  for (const anchor of anchors) faults.push(...headFault(lines, anchor, anchor.from, options));
  const notes = [...others].map((key) => `checkpoints of another key are not checked (${key.slice(0, 12)}...)`);
  if (publicKey === undefined && checkpoints.length > 0)
    notes.push('the signatures of the checkpoints are not checked: give --public-key FILE');
  if (publicKey !== undefined && signed === 0 && faults.length === 0)
    faults.push({ looksLike: 'unsigned', where: 'checkpoints.jsonl', says: 'no checkpoint is signed by this key' });
  const last = Math.max(
    0,
    ...anchors.map(({ seq }) => seq),
    ...checkpoints.map(({ checkpoint }) => checkpoint?.seq ?? 0),
  );
  const summary = `${counted(anchors.length, 'anchor')} and ${counted(signed, publicKey === undefined ? 'checkpoint' : 'signed checkpoint')}; the last one vouches for line ${last} of ${lines.length}`;
  return checked('anchors', summary, faults, notes);
};
