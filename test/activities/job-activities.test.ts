import { asyncLocalStorage, Context } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActivityDeps } from '../../src/activities/activities.js';
import { jobActivities } from '../../src/activities/job-activities.js';
import type { JobRef, JobResult, JobState, Launcher } from '../../src/domain/ports.js';

const ref: JobRef = { key: 's.t0001.g1', launcher: 'local', folder: '/jobs/s.t0001.g1', native: '1' };

/** Supervises a job that is seen in these states, each look taking so long; gives back what it told in heartbeats. */
const supervise = async (states: readonly JobState[], lookMs = 0): Promise<unknown[]> => {
  const told: unknown[] = [];
  const seen = [...states];
  const inspect = async (): Promise<JobState> => {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    return seen.shift() ?? { state: 'ended' };
  };
  const { titrateSupervise } = jobActivities({
    launcherFor: async () => ({ inspect }) as Partial<Launcher> as Launcher,
  } as Partial<ActivityDeps> as ActivityDeps);
  const never = new Promise<never>(() => undefined);
  const none = {} as never;
  const beat = (details: unknown): void => void told.push(details);
  const context = new Context(none, never, new AbortController().signal, beat, undefined, none, none, none);
  const choice = { kind: 'local', command: ['train'], env: {} } as const;
  await asyncLocalStorage.run(context, async () => {
    const supervised = titrateSupervise({ sweepId: 's', launcher: choice, ref });
    await vi.runAllTimersAsync();
    await supervised;
  });
  return told;
};

describe('a supervisor', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells how far a job is, and why it waits or is unknown for as long as that holds', async () => {
    const told = await supervise([
      { state: 'running', waiting: 'PENDING (Priority)' },
      { state: 'running', progress: { steps: 3, metrics: { loss: 2 } } },
      { state: 'unknown', reason: 'no answer' },
      { state: 'running', progress: { steps: 4 } },
    ]);
    expect(told).toEqual([
      { steps: 0, waiting: 'PENDING (Priority)' },
      { steps: 3, metrics: { loss: 2 } },
      { steps: 3, metrics: { loss: 2 }, unknown: 'no answer' },
      { steps: 4 },
    ]);
  });

  it('shows that it lives while a backend takes its time to answer', async () => {
    const told = await supervise([{ state: 'running', progress: { steps: 3 } }], 12_000);
    expect(told).toEqual([{ steps: 0 }, { steps: 0 }, { steps: 3 }, { steps: 3 }, { steps: 3 }]);
  });
});

it('a job is collected with the metrics that its sweep learns from', async () => {
  const asked: unknown[] = [];
  const result: JobResult = {
    status: 'completed',
    metrics: {},
    curve: [],
    digest: '',
    folder: '',
    stepsReached: 1,
    warnings: [],
  };
  const collect = async (of: JobRef, needed?: readonly string[]): Promise<JobResult> => {
    asked.push([of, needed]);
    return result;
  };
  const { titrateCollect } = jobActivities({
    launcherFor: async () => ({ collect }) as Partial<Launcher> as Launcher,
  } as Partial<ActivityDeps> as ActivityDeps);
  const none = {} as never;
  const context = new Context(none, none, new AbortController().signal, () => undefined, undefined, none, none, none);
  const about = { sweepId: 's', launcher: { kind: 'local', command: ['train'], env: {} }, ref } as const;
  await asyncLocalStorage.run(context, () => titrateCollect({ ...about, needed: ['loss'] }));
  expect(asked).toEqual([[ref, ['loss']]]);
});
