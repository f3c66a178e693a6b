/**
 * A worker process: `node worker-main.js --home DIR [--idle-exit MS]`; with `--check` it only tells, by its exit status and
 * on stderr, whether it could go on with what is open.
 */
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { isTitrateError, StateError } from '../domain/errors.js';
import { tryLock } from '../host/file-lock.js';
import { identifySelf } from '../host/process-identity.js';
import { connect } from './client.js';
import { openHome, resolveHome, type Home } from './home.js';
import { codeStamp } from './package-version.js';
import { readKeyRing } from './payload-keys.js';
import { checkReplay } from './replay-check.js';
import { reconcileEveryMs } from './reconcile-schedule.js';
import { checkSigningKey } from './seal-record.js';
import { writeJsonFile } from './server-record.js';
import { workerFiles, workerTargetOf, type WorkerRecord } from './worker-files.js';
import { keepShort, sdkLogging } from './worker-log.js';
import { workUntilDone } from './worker-loop.js';
import { metricsOptions, unservedMetrics } from './worker-metrics.js';

const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`);

const stopOnSignals = (): AbortSignal => {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      log(`${name}: finishing what is being written`);
      stop.abort();
    });
  }
  return stop.signal;
};

const check = async (home: Home): Promise<void> => {
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
  const on = await connect({ home });
  try {
    const { client, namespace, taskQueue } = on;
    await checkReplay({ home, client, namespace, taskQueue, bundle: undefined });
  } finally {
    await on.close();
  }
};

const installRuntime = (env: NodeJS.ProcessEnv): void => {
  const metrics = metricsOptions(env);
  try {
    const { logger, telemetryOptions } = sdkLogging(log);
    Runtime.install({
      shutdownSignals: [],
      logger,
      telemetryOptions: { ...telemetryOptions, ...metrics.telemetryOptions },
    });
  } catch (cause) {
    throw metrics.telemetryOptions === undefined ? cause : unservedMetrics(env, cause);
  }
};

/** What went wrong, for the log or for the command that started this. */
const tell = (error: unknown): void => {
  const hint = isTitrateError(error) && error.hint !== undefined ? `\n  hint: ${error.hint}` : '';
  log(`${error instanceof Error ? error.message : String(error)}${hint}`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { home: { type: 'string' }, 'idle-exit': { type: 'string' }, check: { type: 'boolean' } },
  });
  const home = resolveHome({ flag: values.home });
  if (values.check === true) return check(home);
  await checkSigningKey();
  reconcileEveryMs(process.env); // refuses what it cannot read, before a sweep relies on it
  const files = workerFiles(home, workerTargetOf(await openHome(home)));
  const lock = await tryLock(files.lock);
  if (lock === undefined) {
    throw new StateError('another worker process works for this home already', {
      hint: 'titrate worker --stop ends it, unless a service manager starts it again',
    });
  }
  const startedAt = new Date().toISOString();
  const record = {
    ...(await identifySelf()),
    taskQueue: '',
    address: '',
    namespace: '',
    code: codeStamp(),
    state: 'starting',
    startedAt,
    keys: readKeyRing()?.keys.map(({ id }) => id) ?? [],
    home: home.root,
  } as const;
  try {
    await writeJsonFile(files.record, record satisfies WorkerRecord);
    installRuntime(process.env);
    keepShort([files.log, home.server.log], log);
    await workUntilDone({
      home,
      log,
      signal: stopOnSignals(),
      idleExitMs: values['idle-exit'] === undefined ? undefined : Number(values['idle-exit']),
      onPolling: async ({ address, namespace, taskQueue }) => {
        log(`working for ${home.root}: task queue ${taskQueue} on ${address}`);
        await writeJsonFile(files.record, {
          ...record,
          address,
          namespace,
          taskQueue,
          state: 'polling',
        } satisfies WorkerRecord);
      },
    });
  } finally {
    lock.release();
  }
};

try {
  await main();
} catch (error) {
  tell(error);
  process.exit(1);
}
process.exit(0); // threads of the SDK may outlive the worker
