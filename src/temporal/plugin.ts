/** The plugin for teams that run Temporal workers already; titrate's own worker uses the same one. */
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { ClientOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { ReplayWorkerOptions, Worker, WorkerOptions } from '@temporalio/worker';
import { SimplePlugin } from '@temporalio/plugin';
import { EARLY_NEWS } from '../domain/early-news.js';
import { SWEEP_WORKFLOW, TRIAL_WORKFLOW } from '../domain/messages.js';
import { InputError } from '../domain/errors.js';
import { composeActivities, type Composition } from './composition.js';
import { checkReplay } from './replay-check.js';
import { openHome, resolveHome, type Home } from './home.js';
import { withEncryption } from './payload-converter.js';
import { readKeyRing, type KeyRing } from './payload-keys.js';

export interface TitratePluginOptions {
  /** Folder of titrate's home, where records and jobs lie; TITRATE_HOME or `.titrate` when absent. */
  readonly home?: string;
  /** Threads that fit and choose (default 1). */
  readonly threads?: number;
}

interface WithConverter {
  readonly dataConverter?: DataConverter;
}

const ACTIVITY_PREFIX = 'titrate';
const BUNDLED_WITH_PLUGIN = 'bundleWorkflowCode({ workflowsPath, plugins: [new TitratePlugin()] })';
/** Interceptors of every workflow of the worker; compiled or not, like this module. */
const TASK_GUARD = join(import.meta.dirname, `../workflows/task-guard${extname(import.meta.filename)}`);

/** Reads the code of a prebuilt bundle; undefined when the worker bundles its workflows itself. */
const bundledCode = ({ workflowBundle }: WorkerOptions): string | undefined => {
  if (workflowBundle === undefined) return undefined;
  return 'code' in workflowBundle ? workflowBundle.code : readFileSync(workflowBundle.codePath, 'utf8');
};

/** @throws InputError when a prebuilt bundle lacks titrate's workflows or what guards them. */
const checkWorkflows = (options: WorkerOptions): void => {
  const code = bundledCode(options);
  if (code === undefined) return;
  const missing = [SWEEP_WORKFLOW, TRIAL_WORKFLOW].filter((name) => !code.includes(name));
  if (missing.length > 0) {
    const expected = `export { ${SWEEP_WORKFLOW}, ${TRIAL_WORKFLOW} } from 'titrate/workflows' in the workflow module`;
    throw new InputError('the worker’s workflow bundle lacks titrate’s workflows', [
      { path: 'workflowBundle', expected, found: `no ${missing.join(' and no ')}` },
    ]);
  }
  if (code.includes(EARLY_NEWS)) return;
  throw new InputError('the worker’s workflow bundle lacks what keeps queries from moving workflows on', [
    { path: 'workflowBundle', expected: BUNDLED_WITH_PLUGIN, found: 'a bundle that was made without the plugin' },
  ]);
};

/** @throws InputError when the team's own activities have names that are titrate's. */
const checkActivities = (options: WorkerOptions, ours: object): void => {
  const clashes = Object.keys(options.activities ?? {}).filter((name) => name in ours);
  if (clashes.length === 0) return;
  throw new InputError('the worker’s own activities hide titrate’s', [
    { path: 'activities', expected: `names that do not begin with ${ACTIVITY_PREFIX}`, found: clashes.join(', ') },
  ]);
};

/**
 * Adds titrate's activities to a worker and checks that it can run sweeps. Give it to the worker's `plugins`; the
 * worker's own workflow module must re-export `titrateSweep` and `titrateTrial` from `titrate/workflows`, since a plugin
 * cannot ship workflows. It never sets `workflowsPath`. A bundle that is made beforehand is made with the plugin too: it adds
 * the guard of workflows/task-guard.ts, which holds for the worker's own workflows as well.
 */
export class TitratePlugin extends SimplePlugin {
  readonly home: Home;
  readonly #composition: Composition;
  readonly #keys: KeyRing | undefined;
  #bundle: WorkerOptions['workflowBundle'];

  constructor(options: TitratePluginOptions = {}) {
    const home = resolveHome({ flag: options.home });
    const composition = composeActivities(home, { threads: options.threads ?? 1 });
    super({ name: 'titrate', workerInterceptors: { workflowModules: [TASK_GUARD] } });
    this.home = home;
    this.#composition = composition;
    this.#keys = readKeyRing();
  }

  /** Gives a client the encryption of the workers, when the environment names keys. Add it to the client's `plugins`. */
  override configureClient(options: Omit<ClientOptions, 'plugins'>): Omit<ClientOptions, 'plugins'> {
    return super.configureClient({ ...options, ...this.#converter(options) });
  }

  /** The replay of histories needs the encryption too. */
  override configureReplayWorker(options: ReplayWorkerOptions): ReplayWorkerOptions {
    return super.configureReplayWorker({ ...options, ...this.#converter(options) });
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    checkWorkflows(options);
    checkActivities(options, this.#composition.activities);
    this.#bundle = options.workflowBundle;
    const activities = { ...options.activities, ...this.#composition.activities };
    return super.configureWorker({ ...options, ...this.#converter(options), activities });
  }

  #converter({ dataConverter }: WithConverter): Required<WithConverter> {
    return { dataConverter: withEncryption(this.#keys, dataConverter) };
  }

  /**
   * Opens the home before the first task, makes sure that what is open there can go on with this worker's workflow code,
   * and ends the deciding threads after the last task. @throws StateError, IncompatibleWorkflowsError.
   */
  override async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    await openHome(this.home);
    try {
      await this.#checkReplay(worker);
      await super.runWorker(worker, next);
    } finally {
      await this.#composition.close();
    }
  }

  async #checkReplay({ client, options }: Worker): Promise<void> {
    if (client === undefined) return; // a worker without a server, such as one that replays
    const { namespace, taskQueue } = options;
    await checkReplay({ home: this.home, client, namespace, taskQueue, bundle: this.#bundle });
  }
}
