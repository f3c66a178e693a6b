/**
 * The quarantine of a home: `quarantine.jsonl`, append-only. A line says that a job which nobody owns was found, that it
 * is gone or owned again, or that a person had it stopped. What is in quarantine now is what the lines add up to.
 */
import { z } from 'zod';
import { onDisk } from '../host/disk-errors.js';
import { withLock } from '../host/file-lock.js';
import { appendJsonLines, readText } from '../host/json-lines.js';

/** A job that nobody owns: what, where, since when, why. */
export const Orphan = z.object({
  key: z.string(),
  sweep: z.string(),
  launcher: z.string(),
  /** The backend's own name for it. */
  native: z.string(),
  folder: z.string(),
  state: z.enum(['running', 'unknown']),
  cause: z.enum(['unknown-sweep', 'no-record', 'undecided', 'superseded', 'observed', 'sweep-gone']),
  /** For people. */
  why: z.string(),
  /** When it was launched by the record, else when it was found first (ISO 8601, UTC). */
  since: z.string(),
});
export type Orphan = z.infer<typeof Orphan>;

const Line = z.discriminatedUnion('act', [
  z.object({ v: z.literal(1), at: z.string(), act: z.literal('quarantined'), orphan: Orphan }),
  z.object({ v: z.literal(1), at: z.string(), act: z.literal('released'), key: z.string(), why: z.string() }),
  z.object({ v: z.literal(1), at: z.string(), act: z.literal('stopped'), key: z.string(), by: z.string() }),
]);
export type QuarantineLine = z.infer<typeof Line>;

/** A line without what every line has. */
export type QuarantineAct =
  | { readonly act: 'quarantined'; readonly orphan: Orphan }
  | { readonly act: 'released'; readonly key: string; readonly why: string }
  | { readonly act: 'stopped'; readonly key: string; readonly by: string };

const parseLine = (text: string): QuarantineLine[] => {
  try {
    const parsed = Line.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return []; // torn by a crash: what it said is found again by the next look
  }
};

/** Adds up the lines: the jobs in quarantine, by key. */
export const foldQuarantine = (lines: readonly QuarantineLine[]): Map<string, Orphan> => {
  const held = new Map<string, Orphan>();
  for (const line of lines) {
    if (line.act === 'quarantined') held.set(line.orphan.key, line.orphan);
    else held.delete(line.key);
  }
  return held;
};

/** Reads the lines of a quarantine, oldest first; a torn or strange one is left out. @throws StateError on a disk error. */
export const readQuarantine = async (file: string): Promise<QuarantineLine[]> =>
  (await onDisk('read the quarantine', file, () => readText(file))).split('\n').filter(Boolean).flatMap(parseLine);

/**
 * Appends what `change` makes of the jobs in quarantine, and returns those that are in it then. Any number of processes
 * may do it at once: they wait for each other. @throws StateError on a disk error.
 */
export const changeQuarantine = (
  file: string,
  at: string,
  change: (held: ReadonlyMap<string, Orphan>) => readonly QuarantineAct[],
): Promise<Map<string, Orphan>> =>
  withLock(`${file}.lock`, async () => {
    const lines = await readQuarantine(file);
    const fresh = change(foldQuarantine(lines)).map((act) => ({ v: 1 as const, at, ...act }));
    if (fresh.length > 0) await onDisk('write the quarantine', file, () => appendJsonLines(file, fresh));
    return foldQuarantine([...lines, ...fresh]);
  });
