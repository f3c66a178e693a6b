/**
 * A sweep's decision record on disk: `record.jsonl`, append-only and hash-chained.
 *
 * Lines are written at the byte where the last whole line ends, never "at the end of the file": a writer that was frozen
 * in mid-append and wakes up later writes the very same bytes to the very same place, so no line can be doubled. A torn
 * last line (crash, full disk) is overwritten by the next append.
 */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StateError } from '../domain/errors.js';
import type { RecordHead, RecordLine } from '../domain/record-event.js';
import { makeFolder } from '../host/atomic-files.js';
import { diskError, errnoOf } from '../host/disk-errors.js';
import { GENESIS, linkLine } from './chain.js';
import type { NewEvent } from './chain.js';
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

/** Reads a whole record and checks its chain. @throws StateError when it is missing or broken. */
export const readRecord = async (file: string): Promise<RecordContents> => {
  const record = new RecordFile(file);
  return record.read();
};

const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';

/** One record file; remembers what it has read, so that an append costs what it adds. */
export class RecordFile {
  #lines: RecordLine[] = [];
  #byKey = new Map<string, RecordLine>();
  /** Bytes up to and with the last whole line. */
  #end = 0;
  #torn = 0;
  #inode = 0;
  /** When the file was changed last, as of the last look (ms). */
  #changedAt = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(readonly file: string) {}

  /** Reads what is new since the last look. @throws StateError when the file is missing or broken. */
  read(): Promise<RecordContents> {
    return this.#inTurn(async () => {
      if (!(await this.#refresh())) {
        throw new StateError(`no record found (${this.file})`, { hint: 'check the sweep id and the home folder' });
      }
      const warnings =
        this.#torn > 0 ? [`the last line is torn (${this.#torn} bytes) and was left out: ${this.file}`] : [];
      return { lines: this.#lines.slice(), warnings };
    });
  }

  /**
   * Writes events whose keys are not in the record yet, in their order, and waits until they are on the disk.
   * @throws StateError when the record is broken, the disk is full or the folder cannot be written.
   */
  append(events: readonly NewEvent[]): Promise<Appended> {
    return this.#inTurn(async () => {
      await this.#refresh();
      const fresh = this.#link(events.filter(({ key }) => !this.#byKey.has(key)));
      if (fresh.length > 0) await this.#write(fresh);
      const lines = events.map(({ key }) => this.#byKey.get(key)).filter((line) => line !== undefined);
      return { head: this.#head(), lines };
    });
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task, task);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #head(): RecordHead {
    const last = this.#lines.at(-1);
    return last === undefined ? GENESIS : { seq: last.seq, hash: last.hash };
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
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    try {
      await makeFolder(path.dirname(this.file), 0o700);
      const handle = await openForWriting(this.file);
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
    this.#take(lines, bytes.length);
    this.#torn = 0;
  }

  #take(lines: readonly RecordLine[], bytes: number): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#byKey.set(line.key, line);
    }
    this.#end += bytes;
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
    const handle = await open(this.file, 'r');
    try {
      const bytes = Buffer.alloc(size - this.#end);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, this.#end);
      const parsed = parseRecord(bytes.subarray(0, bytesRead), this.file, this.#head());
      this.#take(parsed.lines, parsed.end);
      this.#torn = parsed.torn;
    } finally {
      await handle.close();
    }
  }

  #forget(): void {
    this.#lines = [];
    this.#byKey.clear();
    this.#end = 0;
    this.#torn = 0;
  }
}

const openForWriting = async (file: string): Promise<FileHandle> => {
  try {
    return await open(file, 'r+');
  } catch (error) {
    if (!isMissing(error)) throw error;
    return open(file, 'wx+', 0o600);
  }
};

const writeAt = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};
