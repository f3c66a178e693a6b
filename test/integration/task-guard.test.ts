/** Queries that a worker can answer only by rebuilding the sweep, while news waits for it: what SDK Core gets wrong. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { EARLY_NEWS } from '../../src/domain/early-news.js';
import { trialWorkflowId } from '../../src/domain/messages.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small, workflowBundle } from './scripted-sweep.js';
import type { StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

const SWEEPS = 6; // at once; of one in three or so, the query comes before the task
const ROUNDS = 4;
const SHOWS_AGAIN_MS = 11_000; // the sweep's clock decides then whether its search attributes are set

const server = withServer();

/** Loses a trial's workflow while the worker is away and a query waits; returns what the query was told if it failed. */
const askWhileAway = async (started: StartedSweep): Promise<string> => {
  await started.stopWorker();
  await sleep(SHOWS_AGAIN_MS);
  const asked = started.progress().then(() => '', String);
  await sleep(300); // the query waits for a worker; what comes now needs a task
  await server().client.workflow.getHandle(trialWorkflowId(started.sweepId, 't0001')).terminate();
  await started.startWorker();
  return asked;
};

describe('sweeps whose workers come back', () => {
  const begin = scriptedSweeps(server);

  it('are not moved on by a query that waited for it, and their stories can be told again', async () => {
    const tell = async (): Promise<boolean> => {
      const launcher = new ScriptedLauncher(() => null);
      const proposer = new ScriptedProposer(small(2));
      const started = await begin({ sweep: toySweep({ parallel: 2 }), launcher, proposer });
      await until('both jobs run', () => launcher.running().length === 2);
      const told = await askWhileAway(started);
      for (const key of launcher.running()) launcher.end(key);
      expect((await started.result()).trials).toBe(2);
      const history = await started.handle.fetchHistory();
      await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, started.handle.workflowId);
      return told.includes(EARLY_NEWS);
    };
    let wasEarly = false; // until a query came before the task, nothing was shown
    for (let round = 0; round < ROUNDS && !wasEarly; round++) {
      wasEarly = (await Promise.all(Array.from({ length: SWEEPS }, tell))).includes(true);
    }
    expect(wasEarly).toBe(true);
  });
});
