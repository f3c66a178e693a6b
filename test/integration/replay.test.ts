/**
 * Saved histories replay: a change of the workflows that would break sweeps in flight fails here. Every release adds its
 * own, in folders of its version, by running this file with TITRATE_SAVE_HISTORIES=1 and with TITRATE_SAVE_HISTORIES=reruns.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { PROGRESS_QUERY, sweepWorkflowId, trialWorkflowId } from '../../src/domain/messages.js';
import type { SweepProgress } from '../../src/domain/messages.js';
import { DEFAULT_LIMITS } from '../../src/domain/retries.js';
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
  const launcher = new ScriptedLauncher();
  const sweep = toySweep({ budget: 60, confirm: 1 });
  const setup = { sweep, launcher, proposer: new ScriptedProposer(small(9)), continueAfterEvents: 60 };
  const started = await startScripted(server(), setup);
  await started.result();
  const saved = await fetchHistories([sweepWorkflowId(started.sweepId), trialWorkflowId(started.sweepId, 't0001')]);
  await started.stopWorker();
  return saved;
};

/** Runs a sweep with a preemption, a failure that is retried and a trial that parks, and fetches its histories. */
const recordReruns = async (): Promise<SavedHistory[]> => {
  const bad = { metrics: {}, curve: [], stepsReached: 0 };
  const launcher = new ScriptedLauncher(({ trial, generation, steps }) => {
    if (trial === 't0002' && generation === 1) return { ...bad, status: 'preempted', detail: 'evicted' };
    if (trial === 't0003' && generation === 1) return { ...bad, status: 'failed', detail: 'exit status 3' };
    return trial === 't0001' && generation < 3 ? { ...bad, status: 'failed', stepsReached: steps - 1 } : {};
  });
  const backoff = { firstSeconds: 1, longestSeconds: 1 };
  const retries = { ...DEFAULT_LIMITS, backoff, parkAbove: 15 };
  const proposer = new ScriptedProposer([{ scale: 'big', steps: 20 }, ...small(5)]);
  const sweep = toySweep({ budget: 100, retries });
  const started = await startScripted(server(), { sweep, launcher, proposer, continueAfterEvents: 60 });
  const waits = async (): Promise<boolean> =>
    (await started.handle.query<SweepProgress>(PROGRESS_QUERY)).waitsFor !== null;
  while (!(await waits())) await sleep(100);
  await started.handle.executeUpdate('retry', { args: [{ by: 'ada', trial: 't0001' }] });
  await started.result();
  const trials = [1, 2, 3].map((generation) => trialWorkflowId(started.sweepId, 't0001', generation));
  const saved = await fetchHistories([sweepWorkflowId(started.sweepId), ...trials]);
  await started.stopWorker();
  return saved;
};

/** Every run of these workflows. */
const fetchHistories = async (workflowIds: readonly string[]): Promise<SavedHistory[]> => {
  const { client } = server();
  const saved: SavedHistory[] = [];
  for (const id of workflowIds) {
    for await (const { workflowId, runId } of client.workflow.list({ query: `WorkflowId = "${id}"` })) {
      const fetched = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      saved.push({ workflowId, history: JSON.parse(historyToJSON(fetched)) as unknown });
    }
  }
  return saved;
};

const save = (histories: readonly SavedHistory[], kind = ''): void => {
  const target = path.join(folder, `${packageVersion()}${kind}`);
  mkdirSync(target, { recursive: true });
  for (const [index, history] of histories.entries()) {
    const text = JSON.stringify(history).replaceAll(/\b\d+@[a-z]\w*/g, 'worker'); // names no process and no machine
    writeFileSync(path.join(target, `${index + 1}.json`), `${text}\n`);
  }
};

/** What was saved: a folder per version, and `<version>-reruns` for its reruns. */
const savedFolders = readdirSync(folder);

const savedIn = (name: string): SavedHistory[] =>
  readdirSync(path.join(folder, name))
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(folder, name, file), 'utf8')) as SavedHistory);

/** The versions that the changelog says were released. */
const releasedVersions = (): string[] => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../CHANGELOG.md'), 'utf8');
  return [...text.matchAll(/^## (\d\S*) - (?!unreleased)/gm)].map(([, version = '']) => version);
};

const isTrial = ({ workflowId }: SavedHistory): boolean => workflowId.split('/').length > 2;

describe('replay', () => {
  it('tells the same story again, for the sweep in all its runs and for a trial', async () => {
    const histories = await recordHistories();
    expect(histories.length).toBeGreaterThan(2);
    for (const history of histories) await replay(history);
    if (process.env['TITRATE_SAVE_HISTORIES'] === '1') save(histories);
  });

  it('tells the same story again with a preemption, a retry, a parked trial and its generations', async () => {
    const histories = await recordReruns();
    expect(histories.length).toBeGreaterThan(4);
    for (const history of histories) await replay(history);
    if (process.env['TITRATE_SAVE_HISTORIES'] === 'reruns') save(histories, '-reruns');
  });

  it('notices a story that is another one', async () => {
    const [{ workflowId, history } = { workflowId: '', history: {} }] = await recordHistories();
    const text = JSON.stringify(history).replaceAll('titrateAppend', 'titrateAmend');
    await expect(replay({ workflowId, history: JSON.parse(text) as unknown })).rejects.toThrow(
      /[Nn]ondeterminism|TMPRL1100/,
    );
  });

  it('has the histories of every released version, reruns included', () => {
    const wanted = releasedVersions().flatMap((version) => [version, `${version}-reruns`]);
    expect(wanted.filter((name) => !savedFolders.includes(name))).toEqual([]);
  });
});

describe.each(savedFolders)('what titrate %s left running', (name) => {
  it('is a sweep that continued as new, and its trials', () => {
    const histories = savedIn(name);
    expect(histories.filter(isTrial).length).toBeGreaterThan(0);
    expect(histories.filter((history) => !isTrial(history)).length).toBeGreaterThan(1);
  });

  it('goes on under the workflows of today', async () => {
    for (const history of savedIn(name)) await replay(history);
  });
});
