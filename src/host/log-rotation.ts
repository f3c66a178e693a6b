import { closeSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { sizeOf } from './atomic-files.js';

const LOG_MODE = 0o600;
const PIECE_BYTES = 1 << 20;

/** Copies what can still be read of one file to the end of another. */
const copyOn = (from: number, to: number): void => {
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let length; (length = readSync(from, piece)) > 0;) writeSync(to, piece, 0, length);
};

const moveText = (log: string, older: string): void => {
  const draft = `${older}.new`;
  const from = openSync(log, 'r+');
  const to = openSync(draft, 'w', LOG_MODE);
  try {
    copyOn(from, to);
    renameSync(draft, older);
    copyOn(from, to); // what was written meanwhile
    ftruncateSync(from);
  } finally {
    closeSync(from);
    closeSync(to);
    rmSync(draft, { force: true });
  }
};

/**
 * Moves the text of a log that is longer than `mostBytes` to `<log>.1`, in the place of what was there. The file itself stays, since the
 * process that writes to it was given it open: it has to add to its end (flag `a`), and goes on at its beginning. A line that is written
 * in the microseconds before the file is emptied is lost. @throws the system's own error, and then the log stays as it is
 */
export const rotateLog = async (log: string, mostBytes: number): Promise<void> => {
  if ((await sizeOf(log)) > mostBytes) moveText(log, `${log}.1`);
};
