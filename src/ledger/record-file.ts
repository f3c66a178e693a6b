/**
 * A sweep's decision record on disk: `record.jsonl`, append-only and hash-chained.
 *
 * Lines are written at the byte where the last whole line ends, never "at the end of the file": a writer that was frozen
 * in mid-append and wakes up later writes the very same bytes to the very same place, so no line can be doubled. A torn
 * last line (crash, full disk) is overwritten by the next append.
 */
import { open, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StateError } from '../domain/errors.js';
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import { makeFolder } from '../host/atomic-files.js';
import { diskError, errnoOf, onDisk } from '../host/disk-errors.js';
import { GENESIS, linkLine } from './chain.js';
import type { NewEvent } from './chain.js';
import { ObservationLog, type RecordView } from './observation-log.js';
import { strangeHead } from './observations.js';
import { parseRecord } from './parse-record.js';

/** A record as it was read. */
export interface RecordContents {
  readonly lines: readonly RecordLine[];
  readonly warnings: readonly string[];
}

/** What an append led to. */
export interface Appended {
  readonly head: RecordHead;
  /** The lines that stand in the record under the keys asked for: an earlier line of the same key wins. */
  readonly lines: readonly RecordLine[];
}

const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

/** Reads a whole record and checks its chain. @throws StateError when it is missing or broken. */
export const readRecord = async (file: string): Promise<RecordContents> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw isMissing(error) ? noRecord(file) : diskError(error, 'read the record', file);
  }
  const { lines, torn } = parseRecord(bytes, file);
  const warnings = torn > 0 ? [`the last line is torn (${torn} bytes) and was left out: ${file}`] : [];
  return { lines, warnings };
};

/** Only the sweep itself begins a record: for anything else the record is out of sight, and must not be begun anew. */
const checkBegins = ([first]: readonly NewEvent[], file: string): void => {
  if (first?.event.type === 'started') return;
  throw new StateError(`the record that ${first?.key} is to be added to is not there (${file})`, {
    hint: 'mount the home folder, or restore record.jsonl from a backup; the sweep waits and goes on by itself',
    values: { file, key: first?.key },
  });
};

const noRecord = (file: string): StateError =>
  new StateError(`no record found (${file})`, { hint: 'check the sweep id and the home folder' });

/** Where a line lies in the file, and what the next one must follow. */
interface Place {
  readonly hash: string;
  readonly start: number;
  /** Length in bytes, newline included. */
  readonly bytes: number;
}

/**
 * One record file, for a process that goes on writing it. It remembers where every line lies and not what it says, so that
 * an append and a decision cost what they add, in time and in memory.
 */
export class RecordFile {
  #places: Place[] = [];
  /** Key to sequence number. */
  #byKey = new Map<string, number>();
  /** Bytes up to and with the last whole line. */
  #end = 0;
  #torn = 0;
  #inode = 0;
  /** When the file was changed last, as of the last look (ms). */
  #changedAt = 0;
  #log: ObservationLog | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #turns = 0;

  constructor(readonly file: string) {}

  /** Is nothing being read or written? Then it may be dropped, and another one take its place. */
  get isIdle(): boolean {
    return this.#turns === 0;
  }

  /** Reads the whole record as it is now. @throws StateError when the file is missing or broken. */
  read(): Promise<RecordContents> {
    return this.#inTurn(() => readRecord(this.file));
  }

  /**
   * What a decision sees that was asked for when the record ended with this line.
   * @throws StateError when the record is missing or broken, or does not hold that very line.
   */
  viewAt(head: RecordHead): Promise<RecordView> {
    return this.#inTurn(async () => {
      if (!(await this.#refresh())) throw noRecord(this.file);
      this.#checkHead(head);
      this.#log ??= await this.#openLog();
      return this.#log.viewAt(head);
    });
  }

  /**
   * Writes events whose keys are not in the record yet, in their order, and waits until they are on the disk. They belong
   * somewhere behind the line `follows`, not right behind it: an append that is repeated finds its own lines there.
   * @throws StateError when the record is broken, lacks the line `follows`, or would begin with anything but the sweep that
   * it is of; when the disk is full or the folder cannot be written.
   */
  append(events: readonly NewEvent[], follows?: RecordHead): Promise<Appended> {
    return this.#inTurn(async () => {
      await this.#refresh();
      if (this.#places.length === 0 && events.length > 0) checkBegins(events, this.file);
      if (follows !== undefined) this.#checkHead(follows);
      const found = events.filter(({ key }) => this.#byKey.has(key));
      const fresh = this.#link(events.filter(({ key }) => !this.#byKey.has(key)));
      if (fresh.length > 0) await this.#write(fresh);
      if (found.length > 0) await this.#writeAgain(found);
      const written = new Map(fresh.map((line) => [line.key, line]));
      const lines: RecordLine[] = [];
      for (const { key } of events) lines.push(written.get(key) ?? (await this.#readLine(key)));
      return { head: this.#head(), lines };
    });
  }

  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task, task);
    this.#queue = turn.catch(() => undefined);
    this.#turns += 1;
    try {
      return await turn;
    } finally {
      this.#turns -= 1;
    }
  }

  #head(): RecordHead {
    const last = this.#places.at(-1);
    return last === undefined ? GENESIS : { seq: this.#places.length, hash: last.hash };
  }

  #checkHead(head: RecordHead): void {
    const found = this.#places[head.seq - 1]?.hash;
    if (found !== head.hash) throw strangeHead(head, found);
  }

  /** Adds up all that was read so far. */
  async #openLog(): Promise<ObservationLog> {
    const log = new ObservationLog();
    const { lines } = parseRecord(await this.#bytes(0, this.#end), this.file);
    for (const line of lines) log.take(line);
    return log;
  }

  #link(events: readonly NewEvent[]): RecordLine[] {
    const lines: RecordLine[] = [];
    let head = this.#head();
    const seen = new Set<string>();
    for (const event of events) {
      if (seen.has(event.key)) continue;
      seen.add(event.key);
      const line = linkLine(head, event);
      lines.push(line);
      head = { seq: line.seq, hash: line.hash };
    }
    return lines;
  }

  async #write(lines: readonly RecordLine[]): Promise<void> {
    const texts = lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`));
    const bytes = Buffer.concat(texts);
    try {
      await makeFolder(path.dirname(this.file), 0o700);
      const handle = await openForWriting(this.file, this.#end === 0);
      try {
        await writeAt(handle, bytes, this.#end);
        // Only a torn line longer than what replaced it leaves bytes behind.
        if (this.#torn > bytes.length) await handle.truncate(this.#end + bytes.length);
        await handle.sync();
        ({ ino: this.#inode, mtimeMs: this.#changedAt } = await handle.stat());
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw diskError(error, 'write the record', this.file);
    }
    for (const [i, line] of lines.entries()) this.#take(line, texts[i]?.length ?? 0);
    this.#torn = 0;
  }

  /**
   * Writes lines that stand there already once more, the same bytes at the same place, and waits until they are on the disk: who
   * wrote them may have died before they were, or have been told that they cannot be.
   */
  async #writeAgain(events: readonly NewEvent[]): Promise<void> {
    const places = events.flatMap(({ key }) => this.#places[(this.#byKey.get(key) ?? 0) - 1] ?? []);
    await onDisk('write the record', this.file, async () => {
      const handle = await openForWriting(this.file, false);
      try {
        for (const { start, bytes } of places) await writeAt(handle, await this.#bytes(start, start + bytes), start);
        await handle.sync();
        ({ mtimeMs: this.#changedAt } = await handle.stat());
      } finally {
        await handle.close();
      }
    });
  }

  #take(line: RecordLine, bytes: number): void {
    this.#places.push({ hash: line.hash, start: this.#end, bytes });
    this.#byKey.set(line.key, line.seq);
    this.#end += bytes;
    this.#log?.take(line);
  }

  /** Reads what others wrote since; returns false when there is no file. */
  async #refresh(): Promise<boolean> {
    let info;
    try {
      info = await stat(this.file);
    } catch (error) {
      if (!isMissing(error)) throw diskError(error, 'read the record', this.file);
      this.#forget();
      return false;
    }
    const isRewritten = info.size === this.#end + this.#torn && info.mtimeMs !== this.#changedAt;
    if (info.ino !== this.#inode || info.size < this.#end || isRewritten) this.#forget();
    ({ ino: this.#inode, mtimeMs: this.#changedAt } = info);
    if (info.size > this.#end) await this.#readRest(info.size);
    return true;
  }

  async #readRest(size: number): Promise<void> {
    const bytes = await this.#bytes(this.#end, size);
    const { lines, lengths, torn } = parseRecord(bytes, this.file, this.#head());
    for (const [i, line] of lines.entries()) this.#take(line, lengths[i] ?? 0);
    this.#torn = torn;
  }

  /** Reads the line that stands under a key. */
  async #readLine(key: string): Promise<RecordLine> {
    const seq = this.#byKey.get(key) ?? 0;
    const place = this.#places[seq - 1];
    if (place === undefined) throw new StateError(`the record lost the line ${key} (${this.file})`);
    const bytes = await this.#bytes(place.start, place.start + place.bytes);
    const before = this.#places[seq - 2]?.hash ?? GENESIS.hash;
    const [line] = parseRecord(bytes, this.file, { seq: seq - 1, hash: before }).lines;
    if (line === undefined) throw new StateError(`the record lost the line ${key} (${this.file})`);
    return line;
  }

  async #bytes(from: number, to: number): Promise<Buffer> {
    const handle = await open(this.file, 'r');
    try {
      const bytes = Buffer.alloc(to - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  #forget(): void {
    this.#places = [];
    this.#byKey.clear();
    this.#end = 0;
    this.#torn = 0;
    this.#log = undefined;
  }
}

/** A file that vanished since it was looked at is made anew only where nothing stood in it. */
const openForWriting = async (file: string, mayCreate: boolean): Promise<FileHandle> => {
  try {
    return await open(file, 'r+');
  } catch (error) {
    if (!isMissing(error) || !mayCreate) throw error;
    return open(file, 'wx+', 0o600);
  }
};

const writeAt = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};
