import { open, stat } from 'node:fs/promises';
import type { RecordLine } from '../domain/record-event.js';
import type { LauncherChoice } from '../domain/sweep.js';
import { readTail } from '../host/atomic-files.js';
import { isMissing } from '../host/disk-errors.js';
import { sweepPaths, type Home } from './home.js';

/** A sweep's folder, looked at from outside and without reading its whole record. */
export interface SweepFolder {
  readonly sweepId: string;
  /** Where its jobs run; for a folder without a record, the folder of local jobs that it may hold. */
  readonly launcher: LauncherChoice;
  /** Does its record end with the end of the sweep? */
  readonly ended: boolean;
  /** Changes whenever the record does. */
  readonly stamp: string;
}

/** What can be listed and stopped by folder alone when no record says how the jobs were started. */
const UNRECORDED: LauncherChoice = { kind: 'local', command: ['false'], env: {} };

const CHUNK = 1 << 16; // bytes; a sweep is rarely longer
const TAIL = 1 << 13; // bytes; the line of a sweep's end is some hundred

const readFirstLine = async (file: string): Promise<string> => {
  const handle = await open(file, 'r');
  try {
    const parts: Buffer[] = [];
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK);
      const part = buffer.subarray(0, bytesRead);
      const end = part.indexOf(0x0a);
      parts.push(end < 0 ? part : part.subarray(0, end));
      if (end >= 0 || bytesRead === 0) return Buffer.concat(parts).toString('utf8');
    }
  } finally {
    await handle.close();
  }
};

const parseLine = (text: string): Partial<RecordLine> | undefined => {
  try {
    return JSON.parse(text) as Partial<RecordLine>;
  } catch {
    return undefined;
  }
};

const launcherOf = (line: Partial<RecordLine> | undefined): LauncherChoice =>
  line?.event?.type === 'started' ? line.event.sweep.launcher : UNRECORDED;

/** Looks at a sweep's folder; undefined when it is none, or when its runs are launched elsewhere. */
export const openSweepFolder = async (home: Home, sweepId: string): Promise<SweepFolder | undefined> => {
  const { folder, record } = sweepPaths(home, sweepId);
  const info = await stat(record).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (info === undefined) {
    const isFolder = (await stat(folder)).isDirectory();
    return isFolder ? { sweepId, launcher: UNRECORDED, ended: false, stamp: '' } : undefined;
  }
  const launcher = launcherOf(parseLine(await readFirstLine(record)));
  if (launcher.kind === 'none') return undefined;
  const last = parseLine((await readTail(record, TAIL))?.trim().split('\n').at(-1) ?? '');
  return { sweepId, launcher, ended: last?.event?.type === 'ended', stamp: `${info.size} ${info.mtimeMs}` };
};
