/** What a worker says in its log, and how its logs are kept short: a trouble may go on for weeks, with many jobs in flight. */
import { inspect } from 'node:util';
import { DefaultLogger, type RuntimeOptions } from '@temporalio/worker';
import { errorText } from '../domain/errors.js';
import { rotateLog } from '../host/log-rotation.js';

export type Say = (line: string) => void;

const AGAIN_MS = 10 * 60_000; // often enough for who looks whether a trouble is still there
const MOST_KINDS = 1000; // of lines that are remembered: the log stays readable, and the memory small
const LOG_BYTES = 16 * 1024 * 1024;
const LOOK_MS = 30_000; // a server on a full disk was seen to write 50 kB a second

/** A line without what changes from one time to the next: times, counts, durations. Names (t0012, a run id) stay. */
const kindOf = (line: string): string =>
  line.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, '').replaceAll(/\b\d+(?:\.\d+)?\b/g, '#');

/** Says a line at once, and others like it once in ten minutes, with their number. */
export const sparing = (say: Say, now: () => number = Date.now): Say => {
  const said = new Map<string, { readonly at: number; unsaid: number }>();
  return (line) => {
    const kind = kindOf(line);
    const last = said.get(kind);
    if (last !== undefined && now() - last.at < AGAIN_MS) {
      last.unsaid++;
      return;
    }
    said.delete(kind);
    const [oldest] = said.keys();
    if (said.size >= MOST_KINDS && oldest !== undefined) said.delete(oldest);
    said.set(kind, { at: now(), unsaid: 0 });
    const since = last === undefined ? '' : new Date(last.at).toISOString();
    say(last === undefined || last.unsaid === 0 ? line : `${line} (and ${last.unsaid} more like it since ${since})`);
  };
};

/** Warnings of the SDK, of its native part too, in the worker's own log. */
export const sdkLogging = (say: Say): Required<Pick<RuntimeOptions, 'logger' | 'telemetryOptions'>> => {
  const sayOnce = sparing(say);
  const logger = new DefaultLogger('WARN', ({ level, message, meta: { taskToken: _, ...meta } = {} }) => {
    sayOnce(`[${level}] ${message}${Object.keys(meta).length === 0 ? '' : ` ${inspect(meta)}`}`);
  });
  return { logger, telemetryOptions: { logging: { forward: {} } } };
};

/** Keeps logs short for as long as this process lives. */
export const keepShort = (logs: readonly string[], say: Say): void => {
  const trouble = sparing(say);
  const look = async (): Promise<void> => {
    for (const log of logs) {
      await rotateLog(log, LOG_BYTES).catch((error: unknown) => trouble(`${log} is not cut: ${errorText(error)}`));
    }
  };
  void look();
  setInterval(() => void look(), LOOK_MS).unref();
};
