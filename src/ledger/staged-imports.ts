/**
 * Earlier runs that were imported before their sweep started: `imports.jsonl` beside the record, which takes them up behind
 * its first line. One JSON object a line: when, and the event.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StateError } from '../domain/errors.js';
import type { Imported } from '../domain/record-event.js';
import { makeFolder } from '../host/atomic-files.js';
import { onDisk } from '../host/disk-errors.js';
import { withLock } from '../host/file-lock.js';
import { appendJsonLines, readText } from '../host/json-lines.js';
import type { NewEvent } from './chain.js';

const PRIVATE_FOLDER = 0o700;

/** Names the event for ever: the same run imported twice is one observation. */
const importKey = (trial: string): string => `imported:${trial}`;

const parseLine = (text: string, number: number, file: string): NewEvent => {
  try {
    const { at, event } = JSON.parse(text) as { at: string; event: Imported };
    if (event.type === 'imported') return { key: importKey(event.trial), at, event };
  } catch {
    // told below: what was half written must not be taken for nothing
  }
  throw new StateError(`line ${number} of the imported runs is broken (${file})`, {
    hint: 'remove the file and import the runs again',
  });
};

/** Reads what waits for the record; none when there is no such file. @throws StateError when it is broken. */
export const readStagedImports = async (file: string): Promise<NewEvent[]> =>
  (await onDisk('read the imported runs', file, () => readText(file)))
    .split('\n')
    .filter(Boolean)
    .map((text, i) => parseLine(text, i + 1, file));

/** Were runs kept for the record, be it none of them? */
export const hasStagedImports = (file: string): boolean => existsSync(file);

/** Adds runs to those that wait, each once; returns how many are new. @throws StateError on a disk error. */
export const stageImports = async (file: string, at: string, events: readonly Imported[]): Promise<number> => {
  await makeFolder(dirname(file), PRIVATE_FOLDER);
  return withLock(`${file}.lock`, async () => {
    const known = new Set((await readStagedImports(file)).map(({ key }) => key));
    const fresh = events.filter(({ trial }) => !known.has(importKey(trial)));
    const lines = fresh.map((event) => ({ at, event }));
    await onDisk('keep the imported runs', file, () => appendJsonLines(file, lines));
    return fresh.length;
  });
};
