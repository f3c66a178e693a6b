/** A person approves another run than the one that was decided: the record is honest, and an audit says so. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditFolder } from '../../src/audit/audit.js';
import { checkBudget } from '../../src/audit/budget-check.js';
import { ProgressLog } from '../../src/audit/progress-log.js';
import { costOf } from '../../src/domain/cost.js';
import type { ActEvent, ApprovalRequested, RecordEvent } from '../../src/domain/record-event.js';
import { initialState, pendingOf } from '../../src/workflows/sweep-state.js';
import { approvedTrial, awaitingTrial, runningTrial } from '../../src/workflows/trial-state.js';
import { makeSweep } from '../policy/sweeps.js';
import { AUDIT_OPTIONS, playSmallSweep, SWEEP_ID } from './small-record.js';

type Decided = Extract<RecordEvent, { type: 'decided' }>;

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-approved-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const sweep = makeSweep({ budget: 700 });
const mixture = { web: 0.25, code: 0.25, books: 0.5 };

describe('a run that a person approved in the place of another', () => {
  it.each([
    ['another mixture', { mixture, scale: 'L', steps: 1000 }],
    ['another scale', { mixture, scale: 'S', steps: 1000 }],
    ['fewer steps', { mixture, scale: 'L', steps: 300 }],
  ])('leaves a record that holds in every check: %s', async (_name, approved) => {
    const { folder } = await playSmallSweep(await mkdtemp(join(root, 'sweep-')), {}, approved);
    const audit = await auditFolder(folder, AUDIT_OPTIONS);
    expect(audit.checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(audit.checks.find(({ name }) => name === 'decisions')?.summary).toContain(
      '6 made from what the record holds',
    );
  });

  it('is found when its job was asked for the run that was decided', async () => {
    const approved = { mixture, scale: 'L', steps: 300 };
    const { folder, lines } = await playSmallSweep(await mkdtemp(join(root, 'sweep-')), {}, approved);
    const decided = lines.find(({ event }) => event.type === 'decided' && event.decision === 3)?.event as Decided;
    const file = join(folder, 'jobs', `${SWEEP_ID}.t0003.g1`, 'job.json');
    const job = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...job, mixture: decided.mixture }));
    const audit = await auditFolder(folder, AUDIT_OPTIONS);
    expect(audit.checks.flatMap(({ faults }) => faults)).toMatchObject([{ looksLike: 'another job' }]);
  });

  it('has a price, like the one that was decided', async () => {
    const approved = { mixture, scale: 'L', steps: 300 };
    const { lines } = await playSmallSweep(await mkdtemp(join(root, 'sweep-')), {}, approved);
    const cheaper = lines.map((line) =>
      line.event.type === 'act' && line.event.run !== undefined
        ? { ...line, event: { ...line.event, run: { ...line.event.run, cost: 0 } } }
        : line,
    );
    expect(checkBudget(lines, () => sweep).faults).toEqual([]);
    expect(checkBudget(cheaper, () => sweep).faults[0]).toMatchObject({ looksLike: 'wrong price' });
  });

  const decided = {
    type: 'decided',
    decision: 9,
    trial: 't0009',
    purpose: 'search',
    mixture,
    scale: 'S',
    steps: 300,
    continues: 't0001',
    resume: { key: `${SWEEP_ID}.t0001.g1`, trial: 't0001', steps: 100 },
    cost: costOf(sweep, { scale: 'S', steps: 300 }, 100),
  } as unknown as Decided;

  it.each([
    ['goes on from the same checkpoint', { mixture, scale: 'S', steps: 1000 }, 100],
    ['starts anew with another mixture', { mixture: { web: 1, code: 0, books: 0 }, scale: 'S', steps: 1000 }, 0],
    ['starts anew when it ends at the checkpoint', { mixture, scale: 'S', steps: 100 }, 0],
  ])('is pending for an audit as for the sweep, and priced alike: it %s', (_name, approved, from) => {
    const { trial } = decided;
    const asked = { ...decided, type: 'approval-requested', reasons: [], why: '' } as unknown as ApprovalRequested;
    const run = { ...approved, cost: costOf(sweep, approved, from) };
    const act: ActEvent = { type: 'act', act: 'approve', trial, by: 'mira', run };
    const log = new ProgressLog();
    for (const event of [decided, asked, act]) log.take(event);
    const waiting = awaitingTrial(runningTrial(SWEEP_ID, sweep, decided, 0), asked);
    const running = [approvedTrial(sweep, waiting, act)];
    expect(log.pending).toEqual(pendingOf({ ...initialState, running }));
    expect(log.pending[0]?.continues).toBe(from === 0 ? undefined : 't0001');
    const line = { v: 1, key: '', at: '', prev: '', hash: '' } as const;
    const lines = [decided, asked, act].map((event, i) => ({ ...line, seq: i + 1, event }));
    expect(checkBudget(lines, () => sweep).faults).toEqual([]);
  });
});
