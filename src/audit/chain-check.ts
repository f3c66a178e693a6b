/**
 * Is the record the chain that titrate wrote, line by line? A line that breaks it is named with what it looks like:
 *
 * changed        the line's content does not match its hash: bytes were changed
 * hash changed   only the hash that the line gives itself was changed: the line after it remembers the right one
 * re-hashed      the line is sound by itself and at its place, but does not follow the one before: one of the two was
 *                written anew, or a whole tail was
 * removed        lines are missing before it
 * doubled        a line stands there a second time
 * swapped        two lines stand in each other's place
 * moved          lines stand in another order
 * torn           something other than a beginning of a line follows the last newline
 * after the end  something follows the end of the sweep
 * key twice      two lines bear the same key
 * misshapen      the line is not what the format of the record allows
 */
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import { GENESIS } from '../ledger/chain.js';
import { checked, counted, type Check, type Fault } from './check.js';
import { readRawLine, type RawLine, type RawRecord } from './raw-lines.js';

/** A check of the chain, with the lines that it found whole and in order. */
export interface ChainCheck extends Check {
  /** All lines when the chain holds; else those before the first fault. */
  readonly lines: readonly RecordLine[];
  readonly head: RecordHead;
  readonly hasEnded: boolean;
}

const short = (hash: string): string => (hash.length > 12 ? `${hash.slice(0, 12)}...` : JSON.stringify(hash));

const at = (raw: { readonly number: number }, looksLike: string, says: string): Fault => ({
  looksLike,
  where: `line ${raw.number}`,
  says,
});

/** The walk along the file: where the chain stands, and what was explained already. */
class ChainWalk {
  readonly faults: Fault[] = [];
  #head: RecordHead = GENESIS;
  /** Intact lines by their own number in the chain, where they lie in the file. */
  readonly #places = new Map<number, RawLine[]>();
  readonly #explained = new Set<number>();
  #sound = 0;

  constructor(readonly lines: readonly RawLine[]) {
    for (const raw of lines) {
      if (!raw.isIntact || raw.line === undefined) continue;
      this.#places.set(raw.line.seq, [...(this.#places.get(raw.line.seq) ?? []), raw]);
    }
  }

  /** How many lines from the first on are sound. */
  get sound(): number {
    return this.#sound;
  }

  run(): void {
    for (const raw of this.lines) {
      const before = this.faults.length;
      this.#step(raw);
      if (this.faults.length === before && this.#sound === raw.number - 1 && !this.#explained.has(raw.number)) {
        this.#sound = raw.number;
      }
    }
  }

  #step(raw: RawLine): void {
    const { line } = raw;
    if (line === undefined || !raw.isIntact) this.#broken(raw);
    else if (!this.#isDoubled(raw, line)) {
      if (!this.#explained.has(raw.number)) this.#judge(raw, line);
      this.#follow(line);
    }
  }

  #judge(raw: RawLine, line: RecordLine): void {
    if (line.seq !== this.#head.seq + 1) this.#misplaced(raw, line);
    else if (line.prev !== this.#head.hash) this.#unlinked(raw, line);
  }

  #isDoubled(raw: RawLine, line: RecordLine): boolean {
    const twin = this.#places.get(line.seq)?.find((other) => other.number < raw.number);
    if (twin?.line?.hash !== line.hash) return false;
    this.faults.push(at(raw, 'doubled', `it stands at line ${twin.number} already`));
    return true;
  }

  /** The chain goes on from here, so that one fault is told once and the next one is found. */
  #follow({ seq, hash }: RecordLine): void {
    this.#head = { seq, hash };
  }

  #broken(raw: RawLine): void {
    const next = this.lines[raw.number]?.line;
    const { line, digest } = raw;
    const isHashOnly = digest !== undefined && digest !== line?.hash && next?.prev === digest;
    this.faults.push(
      isHashOnly
        ? at(raw, 'hash changed', `it gives its hash as ${short(line?.hash ?? '')}; its content has ${short(digest)}`)
        : at(raw, 'changed', `${raw.fault}: bytes of it were changed`),
    );
    // What it said of itself cannot be believed: the next line tells where the chain went on.
    this.#head = { seq: this.#head.seq + 1, hash: next?.prev ?? '' };
  }

  #misplaced(raw: RawLine, line: RecordLine): void {
    const expected = this.#head.seq + 1;
    const missing = this.#places.get(expected)?.[0];
    if (line.seq > expected && missing !== undefined) {
      if (missing.number > raw.number) this.#displaced(raw, line, missing); // else it was told of where it lies
    } else if (line.seq > expected) {
      const gap = line.seq - expected;
      const which = gap === 1 ? `line ${expected}` : `lines ${expected} to ${line.seq - 1}`;
      this.faults.push(at(raw, 'removed', `${which} of the chain ${gap === 1 ? 'is' : 'are'} missing before it`));
    } else this.faults.push(at(raw, 'moved', `line ${line.seq} of the chain stands where line ${expected} belongs`));
  }

  #displaced(raw: RawLine, line: RecordLine, missing: RawLine): void {
    const isSwap = missing.number - raw.number === line.seq - (this.#head.seq + 1);
    const says = isSwap
      ? `lines ${raw.number} and ${missing.number} stand in each other’s place`
      : `line ${line.seq} of the chain stands here; line ${this.#head.seq + 1}, which belongs here, is at line ${missing.number}`;
    this.faults.push(at(raw, isSwap ? 'swapped' : 'moved', says));
    // The lines up to the one that is missing, and the one behind it, are told of with this fault.
    for (let number = raw.number + 1; number <= missing.number + 1; number++) this.#explained.add(number);
  }

  #unlinked(raw: RawLine, line: RecordLine): void {
    const before = raw.number === 1 ? 'the beginning' : `line ${raw.number - 1}`;
    const says = `it follows a line with the hash ${short(line.prev)}, and ${before} has ${short(this.#head.hash)}: ${before} was written anew and re-hashed, or the tail from here on was`;
    this.faults.push(at(raw, 're-hashed', says));
  }
}

const keyFaults = (lines: readonly RawLine[]): Fault[] => {
  const first = new Map<string, RawLine>();
  return lines.flatMap((raw) => {
    if (raw.line === undefined || !raw.isIntact) return [];
    const { key, hash } = raw.line;
    const twin = first.get(key);
    if (twin === undefined) first.set(key, raw);
    if (twin === undefined || twin.line?.hash === hash) return []; // a doubled line is told of as such
    return [at(raw, 'key twice', `it has the key ${JSON.stringify(key)}, as has line ${twin.number}`)];
  });
};

const shapeFaults = (lines: readonly RawLine[]): Fault[] =>
  lines.flatMap((raw) =>
    raw.misshapen === undefined
      ? []
      : [at(raw, 'misshapen', `${raw.misshapen} (made by a newer titrate, or not by titrate)`)],
  );

const endFaults = (lines: readonly RawLine[]): Fault[] => {
  const end = lines.find(({ line, isIntact }) => isIntact && line?.event.type === 'ended');
  if (end === undefined) return [];
  return lines
    .filter(({ number }) => number > end.number)
    .slice(0, 1)
    .map((raw) => at(raw, 'after the end', `the sweep ended at line ${end.number}`));
};

/** A whole line with a byte in the place of its newline, or anything else that no crash leaves behind. */
const tailFault = ({ lines, tail }: RawRecord, hasEnded: boolean): Fault | undefined => {
  if (tail.length === 0) return undefined;
  const number = lines.length + 1;
  const text = tail.toString('utf8');
  if (hasEnded) return at({ number }, 'after the end', `${tail.length} bytes follow the end of the sweep`);
  if (!text.startsWith('{"v":1,'.slice(0, text.length))) return at({ number }, 'torn', 'it is no beginning of a line');
  const isWholeBut = readRawLine(tail.subarray(0, -1), number).isIntact;
  return isWholeBut ? at({ number }, 'changed', 'another byte stands in the place of its newline') : undefined;
};

const tornNote = ({ tail }: RawRecord): string[] =>
  tail.length === 0
    ? []
    : [`the last line is torn (${tail.length} bytes): a write was cut off, or is going on; it will be written again`];

/** Checks a record's chain, and names every fault by line and by what it looks like. */
export const checkChain = (record: RawRecord): ChainCheck => {
  const { lines } = record;
  const walk = new ChainWalk(lines);
  walk.run();
  const hasEnded = lines.some(({ line, isIntact }) => isIntact && line?.event.type === 'ended');
  const tail = tailFault(record, hasEnded);
  const links = [...walk.faults, ...keyFaults(lines), ...endFaults(lines), ...(tail === undefined ? [] : [tail])];
  const faults = [...links, ...shapeFaults(lines)];
  if (lines.length === 0) faults.push({ looksLike: 'cut', where: 'line 1', says: 'the record has no whole line' });
  const sound = lines.slice(0, walk.sound).flatMap(({ line }) => (line === undefined ? [] : [line]));
  const last = sound.at(-1);
  const head = last === undefined ? GENESIS : { seq: last.seq, hash: last.hash };
  const standing = hasEnded ? 'and ends with the end of the sweep' : 'and the sweep has not ended by it';
  const summary =
    faults.length === 0
      ? `${counted(lines.length, 'line')}, each whole and following the one before, ${standing}`
      : `${counted(lines.length, 'line')}; sound up to line ${walk.sound}`;
  const notes = [...(tail === undefined ? tornNote(record) : []), ...(hasEnded ? [] : [UNENDED])];
  return { ...checked('chain', summary, faults, notes), lines: sound, head, hasEnded };
};

const UNENDED =
  'no end of the sweep: it still runs, or lines were cut off; only an anchor or a signed checkpoint tells which';
