/**
 * The life of one worker process: it works for a home's sweeps until it is told to stop or has been idle for long. It
 * starts the home's embedded server again when that has died, and follows it to another port if need be.
 */
import { isDeepStrictEqual } from 'node:util';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { errorText, StateError } from '../domain/errors.js';
import { liveness } from '../host/process-identity.js';
import { connect, type TitrateConnection } from './client.js';
import { reviveServer } from './embedded-server.js';
import type { Home } from './home.js';
import { findOwnServer, type OwnServer } from './own-server.js';
import { ensureReconcileSchedule, reconcileEveryMs } from './reconcile-schedule.js';
import { readJsonFile, ServerRecord } from './server-record.js';
import { countOpenWorkflows } from './task-queue.js';
import { checkReplay, IncompatibleWorkflowsError } from './replay-check.js';
import { createWorker } from './worker.js';
import { sparing, type Say } from './worker-log.js';

export interface WorkerLoopOptions {
  readonly home: Home;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  /** Ends the loop gracefully. */
  readonly signal: AbortSignal;
  /** End after this long without an open workflow (ms); never when absent. */
  readonly idleExitMs?: number | undefined;
  /** Told whenever the worker takes work, with where. */
  readonly onPolling: (on: TitrateConnection) => Promise<void>;
}

const WATCH_MS = 2000; // a read of one small file and one look at the process table
const IDLE_LOOK_MS = 15_000;
const RETRY_MS = 2000;
const START_POLL_MS = 20;
/** Once the SDK's worker has failed, it is either gone at once or waits for ever for tasks that it no longer takes. */
const LEAVE_MS = 3000;

/** With a way to say what may go on for long. */
interface Work extends WorkerLoopOptions {
  readonly trouble: Say;
}

type Ending = 'stop' | 'idle' | 'moved' | 'renewed' | 'failed';

/** A connection with the settings that it was made by, when a team's own server is meant. */
interface Connected {
  readonly on: TitrateConnection;
  readonly own: OwnServer | undefined;
}

const SAID: Readonly<Record<Exclude<Ending, 'stop' | 'idle'>, string>> = {
  moved: 'the server has moved; following it',
  renewed: 'the keys or certificates of the server’s settings were renewed; connecting anew',
  failed: 'starting the worker again',
};

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish);
  });

/** A connection keeps for ever what it was made with: says whether the files of the settings say something else of the same server by now. */
const isRenewed = (own: OwnServer, env: WorkerLoopOptions['env']): boolean => {
  const now = findOwnServer(env);
  const isSame = now?.address === own.address && now.namespace === own.namespace;
  return isSame && !isDeepStrictEqual(now.options, own.options);
};

/** Starts a dead embedded server again; says whether it is now somewhere else, or to be reached by other means. */
const tendServer = async (
  options: WorkerLoopOptions,
  { on, own }: Connected,
): Promise<'same' | 'moved' | 'renewed'> => {
  if (own !== undefined) return isRenewed(own, options.env) ? 'renewed' : 'same';
  const record = await readJsonFile(options.home.server.record, ServerRecord);
  if (record !== undefined && (await liveness(record)) !== 'dead')
    return record.address === on.address ? 'same' : 'moved';
  const revived = await reviveServer(options.home, { env: options.env ?? process.env, log: options.log });
  return revived === undefined || revived.address === on.address ? 'same' : 'moved';
};

/** Watches until there is a reason to end the worker: told to, idle for long, or the server is to be reached elsewhere or otherwise. */
const watch = async (options: Work, connected: Connected, ended: AbortSignal): Promise<Ending> => {
  let busyAt = Date.now();
  let lookedAt = 0;
  while (!ended.aborted) {
    try {
      const found = await tendServer(options, connected);
      if (found !== 'same') return found;
      if (options.idleExitMs !== undefined && Date.now() - lookedAt >= Math.min(IDLE_LOOK_MS, options.idleExitMs / 2)) {
        lookedAt = Date.now();
        if ((await countOpenWorkflows(connected.on)) > 0) busyAt = Date.now();
        else if (Date.now() - busyAt >= options.idleExitMs) return 'idle';
      }
    } catch (error) {
      options.trouble(`cannot look after the server: ${errorText(error)}`);
    }
    await wait(WATCH_MS, ended);
  }
  return options.signal.aborted ? 'stop' : 'failed';
};

/** Waits until a worker takes work: it first looks whether it can go on with what is open. */
const checked = async (worker: Worker, ended: AbortSignal): Promise<void> => {
  while (worker.getState() === 'INITIALIZED' && !ended.aborted) await wait(START_POLL_MS, ended);
};

/**
 * Fails when the SDK's worker has failed and does not end: a single poll that the server refuses (a key that is not taken for a moment)
 * leaves it waiting for what it has in hand (SDK 1.24.0). What it leaves undone is done again, as after a crash.
 */
const leftBehind = async (worker: Worker, over: AbortSignal): Promise<never> => {
  while (worker.getState() !== 'FAILED' && !over.aborted) await wait(WATCH_MS, over);
  await wait(LEAVE_MS, over);
  throw new StateError('it does not end by itself, and is left behind');
};

/** Runs one worker until the watch ends it or it fails. */
const runWorker = async (options: Work, connected: Connected, worker: Worker): Promise<Ending> => {
  const over = new AbortController();
  const ended = AbortSignal.any([options.signal, over.signal]);
  const watching = watch(options, connected, ended).then((ending) => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    return ending;
  });
  const running = worker.run();
  try {
    await Promise.race([running, checked(worker, ended)]);
    if (worker.getState() === 'RUNNING') await options.onPolling(connected.on);
    await Promise.race([running, leftBehind(worker, over.signal)]);
  } catch (error) {
    if (error instanceof IncompatibleWorkflowsError) throw error;
    options.log(`the worker failed: ${errorText(error)}`);
  } finally {
    over.abort();
  }
  return watching;
};

/** Schedules the look for jobs that no trial owns; a server that does not let us is no reason not to work. */
const lookForOrphans = async ({ env = process.env, log }: WorkerLoopOptions, on: TitrateConnection): Promise<void> => {
  try {
    await ensureReconcileSchedule(on.client, on.taskQueue, reconcileEveryMs(env));
  } catch (error) {
    log(`jobs without an owner are not looked for by themselves: ${errorText(error)}`);
  }
};

const workOnce = async (options: Work): Promise<Ending> => {
  const { home, env = process.env, trouble } = options;
  const own = findOwnServer(env);
  const on = await connect({ home, env, log: trouble });
  try {
    const connection = await NativeConnection.connect(own?.options ?? { address: on.address });
    try {
      const { namespace, taskQueue } = on;
      await checkReplay({ home, client: on.client, namespace, taskQueue, bundle: undefined });
      const worker = await createWorker({ home, connection, namespace, taskQueue });
      await lookForOrphans(options, on);
      return await runWorker(options, { on, own }, worker);
    } finally {
      await connection.close().catch(() => undefined); // a worker that was left behind holds it for as long as the process lives
    }
  } finally {
    await on.close();
  }
};

/**
 * Works until `signal` or long idleness; what fails on the way is logged and tried again.
 * @throws IncompatibleWorkflowsError when this code cannot go on with the sweeps that are open.
 */
export const workUntilDone = async (options: WorkerLoopOptions): Promise<void> => {
  const trouble = sparing(options.log);
  while (!options.signal.aborted) {
    try {
      const ending = await workOnce({ ...options, trouble });
      if (ending === 'stop' || ending === 'idle')
        return options.log(ending === 'idle' ? 'idle for long; ending' : 'ending');
      options.log(SAID[ending]);
    } catch (error) {
      if (error instanceof IncompatibleWorkflowsError) throw error;
      trouble(`cannot work: ${errorText(error)}`);
    }
    await wait(RETRY_MS, options.signal);
  }
};
