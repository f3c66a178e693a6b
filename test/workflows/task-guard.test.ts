import type { ActivateInput, WorkflowInternalsInterceptor } from '@temporalio/workflow';
import { beforeEach, describe, expect, it } from 'vitest';
import { EARLY_NEWS } from '../../src/domain/early-news.js';
import { interceptors } from '../../src/workflows/task-guard.js';

type Activation = ActivateInput['activation'];

let guard: WorkflowInternalsInterceptor;
let passed: number;
beforeEach(() => {
  [guard = {}] = interceptors().internals ?? [];
  passed = 0;
});

const SIGNAL = { signalWorkflow: { signalName: 'trialEnded' } };
const QUERY = { queryWorkflow: { queryType: 'progress' } };

/** A task of ten events a second, of a hundred bytes each, unless the time or the size are said to be another task's. */
const task = (second: number, { at = second, size = second, jobs = [SIGNAL] as object[], isReplaying = false } = {}) =>
  ({
    timestamp: { seconds: at, nanos: 5 },
    historyLength: 10 * second,
    historySizeBytes: 1000 * size,
    isReplaying,
    jobs,
  }) as unknown as Activation;

const activate = (activation: Activation): void =>
  guard.activate?.({ activation, batchIndex: 0 }, () => {
    passed += 1;
  });

describe('the guard of a workflow’s tasks', () => {
  it('lets tasks pass, each with its time and the size of its history, and the batches of one task', () => {
    for (const second of [1, 2, 2, 3]) activate(task(second));
    expect(passed).toBe(4);
  });

  it('refuses news that comes at the time of the task before, and takes the same news with its own task', () => {
    activate(task(1));
    expect(() => activate(task(2, { at: 1, size: 1 }))).toThrow(EARLY_NEWS);
    expect(passed).toBe(1);
    activate(task(2));
    expect(passed).toBe(2);
  });

  it('lets a task pass that a server of a slower clock brings: its history is larger', () => {
    activate(task(1));
    activate(task(2, { at: 1 }));
    expect(passed).toBe(2);
  });

  it('goes by the time alone where the server does not say how large a history is', () => {
    activate(task(1, { size: 0 }));
    activate(task(2, { size: 0 }));
    expect(passed).toBe(2);
    expect(() => activate(task(3, { at: 2, size: 0 }))).toThrow(EARLY_NEWS);
  });

  it('lets queries and replays pass, and keeps nothing of one workflow for another', () => {
    activate(task(1));
    activate(task(2, { at: 1, size: 1, jobs: [QUERY] }));
    activate(task(2, { at: 1, size: 1, isReplaying: true }));
    expect(passed).toBe(3);
    [guard = {}] = interceptors().internals ?? [];
    activate(task(2, { at: 1, size: 1 }));
    expect(passed).toBe(4);
  });
});
