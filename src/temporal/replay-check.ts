/**
 * A worker whose workflow code cannot replay the sweeps and trials that are open takes no work: it would leave them stuck.
 * Whether it can is tried, not promised: their histories are replayed with the very bundle that the worker runs. That is
 * done once per bundle; which one worked last is written down in the home.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { z } from 'zod';
import { StateError } from '../domain/errors.js';
import { SWEEP_WORKFLOW, TRIAL_WORKFLOW } from '../domain/messages.js';
import type { Home } from './home.js';
import { packageVersion, workflowBundlePath } from './package-version.js';
import { sweepWithoutKey } from './payload-check.js';
import { listingClient } from './payload-converter.js';
import { readJsonFile, writeJsonFile } from './server-record.js';

/** The workflow code of a worker cannot go on with what is open. Trying again is of no use. */
export class IncompatibleWorkflowsError extends StateError {}

type WorkflowBundle = NonNullable<WorkerOptions['workflowBundle']>;

export interface ReplayCheck {
  readonly home: Home;
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  /** What the worker runs; the bundle of this package when it bundles its workflows itself. */
  readonly bundle: WorkflowBundle | undefined;
}

/** The bundle that worked last on a task queue. */
const LastBundle = z.object({ digest: z.string(), version: z.string() });
type LastBundle = z.infer<typeof LastBundle>;

const NAMED = 5; // workflows that an error names

/** Names the file that says which workflow code worked last on a task queue. */
export const lastBundleFile = (home: Home, namespace: string, taskQueue: string): string => {
  const name = createHash('sha256')
    .update(JSON.stringify([namespace, taskQueue]))
    .digest('hex')
    .slice(0, 8);
  return join(home.worker.folder, `workflows-${name}.json`);
};

const builtBundle = (): WorkflowBundle | undefined => {
  const codePath = workflowBundlePath();
  return existsSync(codePath) ? { codePath } : undefined;
};

const digestOf = (bundle: WorkflowBundle): string =>
  createHash('sha256')
    .update('code' in bundle ? bundle.code : readFileSync(bundle.codePath))
    .digest('hex');

/** The histories of the sweeps and trials that are open on a task queue. */
async function* openHistories({ client, namespace, taskQueue }: ReplayCheck) {
  const queue = taskQueue.replaceAll("'", "\\'");
  const types = `(WorkflowType = '${SWEEP_WORKFLOW}' OR WorkflowType = '${TRIAL_WORKFLOW}')`;
  const query = `TaskQueue = '${queue}' AND ExecutionStatus = 'Running' AND ${types}`;
  for await (const { workflowId, runId } of listingClient(client, namespace).list({ query })) {
    yield { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}

const incompatible = (failed: readonly string[], last: LastBundle | undefined): IncompatibleWorkflowsError => {
  const others = failed.length > NAMED ? `, and ${failed.length - NAMED} more` : '';
  const before = last === undefined ? 'the version that they were started with' : `titrate ${last.version}`;
  return new IncompatibleWorkflowsError(
    `titrate ${packageVersion()} cannot go on with what is open on this task queue: ${failed.slice(0, NAMED).join('; ')}${others}`,
    {
      hint: `work on with ${before} until those sweeps have ended, or cancel them with it; or choose another home. docs/operations.md says how a workflow is taken back. Nothing is lost, and jobs run on`,
      values: { failed, last },
    },
  );
};

/** @throws IncompatibleWorkflowsError naming a sweep that is encrypted with a key that this worker lacks. */
const checkKeys = async (check: ReplayCheck): Promise<void> => {
  const found = await sweepWithoutKey(check);
  if (found === undefined) return;
  const { hint, values, message } = found.why;
  throw new IncompatibleWorkflowsError(`cannot go on with ${found.workflowId}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    values,
    cause: found.why,
  });
};

/**
 * Makes sure that a worker can open and replay what is open on its task queue, before it takes any work.
 * @throws IncompatibleWorkflowsError naming what it cannot open or replay.
 */
export const checkReplay = async (check: ReplayCheck): Promise<void> => {
  await checkKeys(check);
  const bundle = check.bundle ?? builtBundle();
  if (bundle === undefined) return; // a source tree that was never built: no release runs there
  const file = lastBundleFile(check.home, check.namespace, check.taskQueue);
  const digest = digestOf(bundle);
  const last = await readJsonFile(file, LastBundle);
  if (last?.digest === digest) return;
  const failed: string[] = [];
  const { payloadCodecs } = check.client.options.loadedDataConverter;
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle: bundle, dataConverter: { payloadCodecs } },
    openHistories(check),
  )) {
    if (error !== undefined) failed.push(`${workflowId} (${error.message.split('\n')[0]?.slice(0, 200)})`);
  }
  if (failed.length > 0) throw incompatible(failed, last);
  await writeJsonFile(file, { digest, version: packageVersion() } satisfies LastBundle);
};
