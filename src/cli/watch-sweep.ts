/** Follows a sweep until it ends or the person has seen enough; never changes it. */
import { setTimeout as wait } from 'node:timers/promises';
import { errorText } from '../domain/errors.js';
import { SWEEP_ITSELF } from '../domain/messages.js';
import type { SweepProgress } from '../domain/messages.js';
import type { Sweep } from '../domain/sweep.js';
import { isWithoutJob } from '../domain/trial-moves.js';
import { renderProgress, renderProgressLine } from '../reports/render-progress.js';
import { connect, type TitrateConnection } from '../temporal/client.js';
import type { Home } from '../temporal/home.js';
import { ClosedSweepError } from '../temporal/sweep-errors.js';
import { progress as askProgress } from '../temporal/sweeps.js';
import { askJobs, type Asked } from './ask-jobs.js';
import type { Io } from './io.js';
import { plainText } from '../reports/plain-text.js';
import { createLiveBlock, type LiveBlock } from './live-block.js';
import { readSweep } from './sweep-record.js';

export interface Watched {
  readonly home: Home;
  readonly sweepId: string;
  readonly sweep: Sweep;
  readonly io: Io;
  /** Brings server and worker back when they do not answer; only looks when absent. */
  readonly revive?: () => Promise<TitrateConnection>;
}

/** `stuck`: the sweep has paused itself, with no job left, or has parked trials only: a person has to act. */
export type Ending =
  { readonly kind: 'ended' | 'interrupted' } | { readonly kind: 'stuck'; readonly progress: SweepProgress };

const LIVE_MS = 400; // quick enough for the eye
const LINES_MS = 5000; // of a log
const RETRY_MS = 2000;
const ASK_TIMEOUT_MS = 5000;
const COUNT = / \(tried \d+ times, and goes on trying\)$/; // changes at every try; a log says a trouble once
const RECORD_WAIT_MS = 10_000; // the last line of a record follows the end within a second

/** What the watch shows itself on. */
interface Screen {
  show(progress: SweepProgress, asked: Asked): void;
  trouble(message: string): void;
  close(): void;
}

const liveScreen = (block: LiveBlock, { io, sweep }: Watched, elapsed: () => number): Screen => {
  let last: readonly string[] = [];
  return {
    show: (progress, { jobs, troubles }) => {
      const options = {
        sweep,
        elapsedMs: elapsed(),
        width: io.width(),
        colour: io.colour,
        troubles,
        now: Date.now(),
      };
      last = renderProgress(progress, jobs, options);
      block.draw(last);
    },
    trouble: (message) => block.draw([...last, `waiting: ${message}`.slice(0, Math.max(20, io.width() - 1))]),
    close: () => block.clear(),
  };
};

const logScreen = ({ io, sweep }: Watched, elapsed: () => number): Screen => {
  let shownAt = Number.NEGATIVE_INFINITY;
  let said = '';
  let complained: ReadonlySet<string> = new Set();
  const say = (line: string): void => void io.stream.write(`${line}\n`);
  const complain = (messages: readonly string[]): void => {
    const waiting = new Set(messages.map((message) => plainText(message).replace(COUNT, '')));
    for (const one of waiting) if (!complained.has(one)) say(`waiting: ${one}`);
    if (waiting.size > 0) complained = waiting;
  };
  return {
    show: (progress, { troubles }) => {
      complain(troubles);
      if (performance.now() - shownAt < LINES_MS && progress.result === null) return;
      shownAt = performance.now();
      const line = renderProgressLine(progress, { sweep, elapsedMs: elapsed() });
      if (line !== said) say(line);
      said = line;
    },
    trouble: (message) => complain([message]),
    close: () => undefined,
  };
};

const hasEnded = async ({ home, sweepId }: Watched): Promise<boolean> => {
  const recorded = await readSweep(home, sweepId).catch(() => undefined);
  return recorded?.view.end != null;
};

const recordEnds = async (watched: Watched): Promise<void> => {
  for (const end = performance.now() + RECORD_WAIT_MS; performance.now() < end; await wait(100)) {
    if (await hasEnded(watched)) return;
  }
};

/** Ends with true at the first Ctrl-C or TERM; the second one ends the process as ever. */
const interruption = (): { readonly signal: AbortSignal; release(): void } => {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const release = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  return { signal: controller.signal, release };
};

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => undefined);

/** Comes back after a failure: to a server that has moved, or one that had to be started again. */
const reconnect = async (watched: Watched, on: TitrateConnection): Promise<TitrateConnection> => {
  const next = await (watched.revive?.() ?? connect({ home: watched.home, onlyRunning: true }));
  await on.close().catch(() => undefined);
  return next;
};

/** Does nothing move until a person acts: paused by itself with no job left, or only parked trials left? */
const isStuck = ({ pause, closing, inFlight, waitsFor }: SweepProgress): boolean =>
  waitsFor !== null ||
  (pause?.by === SWEEP_ITSELF && closing?.act !== 'cancel' && inFlight.every(({ state }) => isWithoutJob(state)));

const follow = async (
  first: TitrateConnection,
  watched: Watched,
  screen: Screen,
  signal: AbortSignal,
): Promise<Ending> => {
  let on = first;
  try {
    while (!signal.aborted) {
      try {
        const progress = await askProgress(on, watched.sweepId, { timeoutMs: ASK_TIMEOUT_MS });
        screen.show(progress, await askJobs(on, progress));
        if (progress.result !== null) return { kind: 'ended' };
        if (isStuck(progress)) return { kind: 'stuck', progress };
        await pauseFor(LIVE_MS, signal);
      } catch (error) {
        if (await hasEnded(watched)) return { kind: 'ended' };
        if (error instanceof ClosedSweepError) throw error;
        screen.trouble(errorText(error));
        await pauseFor(RETRY_MS, signal);
        if (!signal.aborted) on = await reconnect(watched, on).catch(() => on);
      }
    }
    return { kind: 'interrupted' };
  } finally {
    if (on !== first) await on.close().catch(() => undefined);
  }
};

/**
 * Shows a sweep's progress until it has ended and its record says so, until it is stuck, or until Ctrl-C.
 * @throws ClosedSweepError when its workflow was closed before that.
 */
export const watchSweep = async (on: TitrateConnection, watched: Watched): Promise<Ending> => {
  const recorded = await readSweep(watched.home, watched.sweepId).catch(() => undefined);
  const startedAt = recorded === undefined ? Date.now() : Date.parse(recorded.view.startedAt);
  const elapsed = (): number => Date.now() - startedAt;
  const screen = watched.io.live
    ? liveScreen(createLiveBlock(watched.io.stream), watched, elapsed)
    : logScreen(watched, elapsed);
  const { signal, release } = interruption();
  try {
    const ending = await follow(on, watched, screen, signal);
    if (ending.kind === 'ended') await recordEnds(watched);
    return ending;
  } finally {
    release();
    screen.close();
  }
};
