/** Titrate's own worker: the plugin on a bundle built beforehand, following the server where it goes. */
import { existsSync } from 'node:fs';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { TitratePlugin } from './plugin.js';
import { packageFile, workflowBundlePath } from './package-version.js';
import type { Home } from './home.js';

export interface WorkerSettings {
  readonly home: Home;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Workflows kept in memory between tasks (default 100); 0 replays every one at every task. */
  readonly maxCachedWorkflows?: number;
  /** Workflow code to run instead of the built bundle. */
  readonly workflowBundle?: WorkerOptions['workflowBundle'];
}

/** One for each job in flight; they wait, so they cost memory only. With all of them taken nothing could be decided, recorded or stopped. */
const SUPERVISORS = 10_000;
const WORKFLOWS_SOURCE = 'src/workflows/index.ts';

/** The built bundle; from a source tree that was not built, the SDK bundles the workflows itself (seconds). */
const workflowCode = (
  bundle: WorkerOptions['workflowBundle'],
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> => {
  if (bundle !== undefined) return { workflowBundle: bundle };
  const codePath = workflowBundlePath();
  return existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath: packageFile(WORKFLOWS_SOURCE) };
};

/** Creates a worker for a home's sweeps; `run()` it. */
export const createWorker = ({
  home,
  workflowBundle,
  maxCachedWorkflows,
  ...settings
}: WorkerSettings): Promise<Worker> =>
  Worker.create({
    ...settings,
    ...workflowCode(workflowBundle),
    plugins: [new TitratePlugin({ home: home.root })],
    maxCachedWorkflows: maxCachedWorkflows ?? 100,
    maxConcurrentActivityTaskExecutions: SUPERVISORS,
    shutdownGraceTime: '5s', // time for a decision to be recorded; supervisors detach at once
    // Then it ends as if killed, which loses nothing: an activity that hangs, on a disk say, would keep it from ever working again.
    shutdownForceTime: '20s',
    // Progress is read from heartbeats, so they may not be held back for long; a heartbeat is some 100 bytes.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  });
