import { QueryNotRegisteredError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { EARLY_NEWS } from '../../src/domain/early-news.js';
import type { TitrateConnection } from '../../src/temporal/client.js';
import { progress } from '../../src/temporal/sweeps.js';

/** As the client makes it of the server's answer: with gRPC's INVALID_ARGUMENT. */
const failure = (message: string): Error => Reflect.construct(QueryNotRegisteredError, [message, 3]) as Error;

/** A server without pollers whose queries fail with these messages, one after the other, and are answered then. */
const serverThatSays = (messages: readonly string[]) => {
  const left = [...messages];
  const asked = { times: 0 };
  const query = async (): Promise<string> => {
    asked.times += 1;
    const message = left.shift();
    if (message !== undefined) throw failure(message);
    return 'the progress';
  };
  const on = {
    client: {
      withDeadline: <T>(_deadline: number, ask: () => Promise<T>): Promise<T> => ask(),
      workflow: { getHandle: () => ({ query }) },
    },
    connection: { workflowService: { describeTaskQueue: () => Promise.resolve({ pollers: [] }) } },
    taskQueue: 'titrate-test',
  } as unknown as TitrateConnection;
  return { on, asked };
};

describe('asking a sweep where it stands', () => {
  it('asks again while the sweep is being rebuilt and has news', async () => {
    const { on, asked } = serverThatSays([`3: ${EARLY_NEWS}`, `3: ${EARLY_NEWS}`]);
    expect(await progress(on, 'one')).toBe('the progress');
    expect(asked.times).toBe(3);
  });

  it('gives up in time, and then says that nobody answered', async () => {
    const { on, asked } = serverThatSays(Array.from({ length: 100 }, () => EARLY_NEWS));
    await expect(progress(on, 'one', { timeoutMs: 500 })).rejects.toThrow(/no worker is polling .* cannot answer/);
    expect(asked.times).toBeLessThan(5);
  });

  it('asks another workflow once', async () => {
    const { on, asked } = serverThatSays(['unknown queryType progress']);
    await expect(progress(on, 'one')).rejects.toThrow('another workflow’s id');
    expect(asked.times).toBe(1);
  });
});
