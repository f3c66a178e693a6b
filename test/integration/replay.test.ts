/**
 * Saved histories replay: a change of the workflows that would break sweeps in flight fails here. They are saved for a
 * release only, with TITRATE_SAVE_HISTORIES=1.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { sweepWorkflowId, trialWorkflowId } from '../../src/domain/messages.js';
import { packageVersion } from '../../src/temporal/package-version.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, small, startScripted, workflowBundle } from './scripted-sweep.js';

interface SavedHistory {
  readonly workflowId: string;
  readonly history: unknown;
}

const folder = path.resolve(import.meta.dirname, '../fixtures/histories');
const server = withServer();

const replay = async ({ workflowId, history }: SavedHistory): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);

/** Runs a sweep that continues as new and confirms, and fetches the histories of all its runs. */
const recordHistories = async (): Promise<SavedHistory[]> => {
  const { client } = server();
  const launcher = new ScriptedLauncher();
  const sweep = toySweep({ budget: 60, confirm: 1 });
  const setup = { sweep, launcher, proposer: new ScriptedProposer(small(9)), continueAfterEvents: 60 };
  const started = await startScripted(server(), setup);
  await started.result();
  const saved: SavedHistory[] = [];
  const ids = [sweepWorkflowId(started.sweepId), trialWorkflowId(started.sweepId, 't0001')];
  for (const id of ids) {
    for await (const { workflowId, runId } of client.workflow.list({ query: `WorkflowId = "${id}"` })) {
      const fetched = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      saved.push({ workflowId, history: JSON.parse(historyToJSON(fetched)) as unknown });
    }
  }
  await started.stopWorker();
  return saved;
};

const save = (histories: readonly SavedHistory[]): void => {
  const target = path.join(folder, packageVersion());
  mkdirSync(target, { recursive: true });
  for (const [index, history] of histories.entries()) {
    const text = JSON.stringify(history).replaceAll(/\b\d+@[a-z]\w*/g, 'worker'); // names no process and no machine
    writeFileSync(path.join(target, `${index + 1}.json`), `${text}\n`);
  }
};

const savedFiles = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));

describe('replay', () => {
  it('tells the same story again, for the sweep in all its runs and for a trial', async () => {
    const histories = await recordHistories();
    expect(histories.length).toBeGreaterThan(2);
    for (const history of histories) await replay(history);
    if (process.env['TITRATE_SAVE_HISTORIES'] !== undefined) save(histories);
  });

  it('notices a story that is another one', async () => {
    const [{ workflowId, history } = { workflowId: '', history: {} }] = await recordHistories();
    const text = JSON.stringify(history).replaceAll('titrateAppend', 'titrateAmend');
    await expect(replay({ workflowId, history: JSON.parse(text) as unknown })).rejects.toThrow(
      /[Nn]ondeterminism|TMPRL1100/,
    );
  });

  it.each(savedFiles)('replays the history %s of a released version', async (name) => {
    await replay(JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as SavedHistory);
  });
});
