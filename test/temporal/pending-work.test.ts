import { defaultDataConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect, it } from 'vitest';
import type { TitrateConnection } from '../../src/temporal/client.js';
import { pendingWork } from '../../src/temporal/pending-work.js';

const HEARTBEAT = 4; // TIMEOUT_TYPE_HEARTBEAT
const shutdown = { message: 'Worker is shutting down', applicationFailureInfo: { type: 'WorkerShutdown' } };
const silence = { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: HEARTBEAT } };
const full = { message: 'the disk is full', applicationFailureInfo: { type: 'StateError' } };

/** A workflow with one activity that waits, in its second attempt. */
const troubleOf = async (lastFailure: object, lastStartedMs?: number, lastHeartbeatMs?: number) => {
  const activity = {
    attempt: 2,
    lastFailure,
    lastStartedTime: lastStartedMs === undefined ? null : msToTs(lastStartedMs),
    lastHeartbeatTime: lastHeartbeatMs === undefined ? null : msToTs(lastHeartbeatMs),
  };
  const describe = () => Promise.resolve({ raw: { pendingActivities: [activity] } });
  const client = {
    options: { loadedDataConverter: defaultDataConverter },
    workflow: { getHandle: () => ({ describe }) },
  };
  return (await pendingWork({ client } as unknown as TitrateConnection, 'one')).trouble;
};

it('the end of a worker is trouble until another one has given a sign of life; what the activity itself says stays', async () => {
  for (const failure of [shutdown, silence]) {
    expect(await troubleOf(failure)).toContain(`${failure.message} (tried 2 times`);
    expect(await troubleOf(failure, undefined, 1000)).toBeDefined();
    expect(await troubleOf(failure, 2000, 1000)).toBeDefined();
    expect(await troubleOf(failure, 2000, 3000)).toBeUndefined();
  }
  expect(await troubleOf(full, 2000, 3000)).toContain('the disk is full');
});
