/** Jobs that cannot be launched or whose end cannot be read, and a sweep that is to end nevertheless. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { JobRef, JobResult } from '../../src/domain/ports.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();

/** Its results cannot be read, and trying again is of no use, until they are mended. */
class UnreadableResults extends ScriptedLauncher {
  isBroken = true;
  reads = 0;

  override async collect(ref: JobRef): Promise<JobResult> {
    this.reads += 1;
    if (this.isBroken) throw new InputError('the metrics cannot be read', []);
    return super.collect(ref);
  }
}

describe('a trial whose workflow is lost again and again', () => {
  const start = scriptedSweeps(server);

  it('says why, and is started again after a while only, when its sweep is cancelled too', async () => {
    const launcher = new UnreadableResults();
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)), launcher });
    await until('it pauses', async () => (await sweep.progress()).pause !== null);
    expect((await sweep.progress()).pause?.reason).toContain('was lost 3 times: the metrics cannot be read');
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada' }] });
    await sleep(12_000);
    expect(launcher.reads).toBeLessThanOrEqual(5);
    launcher.isBroken = false;
    expect((await sweep.result()).status).toBe('cancelled');
    expect(launcher.started).toHaveLength(1);
  });
});
