/** Jobs that cannot be launched or whose end cannot be read, and a sweep that is to end nevertheless. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InputError, LauncherError } from '../../src/domain/errors.js';
import type { JobRef, JobResult, JobSpec } from '../../src/domain/ports.js';
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
    const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)), launcher };
    const sweep = await start({ ...setup, maxCachedWorkflows: 0 });
    const acts = async () => sweep.events('act').catch(() => []); // the record may not be there yet
    await until('it pauses', async () => (await acts()).length > 0);
    expect((await acts())[0]?.reason).toContain('was lost 3 times: the metrics cannot be read');
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada' }] });
    await sleep(12_000);
    expect(launcher.reads).toBeLessThanOrEqual(5);
    launcher.isBroken = false;
    expect((await sweep.result()).status).toBe('cancelled');
    expect(launcher.started).toHaveLength(1);
  });
});

/** Refuses nothing, and starts nothing until it is mended. */
class UnreachableCluster extends ScriptedLauncher {
  isBroken = true;
  asked = 0;

  override async launch(job: JobSpec): Promise<JobRef> {
    this.asked += 1;
    if (this.isBroken) throw new LauncherError('the environment variable HF_TOKEN is not set');
    return super.launch(job);
  }
}

/** Starts a job at once, and tells it only when the test lets it. */
class SlowAnswer extends ScriptedLauncher {
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  override async launch(job: JobSpec): Promise<JobRef> {
    const ref = await super.launch(job);
    await this.#released;
    return ref;
  }
}

describe('a launch that is not through', () => {
  const start = scriptedSweeps(server);
  // Without a cache every step is told again from the history.
  const setup = { sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)), maxCachedWorkflows: 0 };
  const ways: [name: string, update: string, what: object, status: string][] = [
    ['cancelled', 'cancel', {}, 'cancelled'],
    ['abandoned', 'abandon', { trial: 't0001' }, 'abandoned'],
    ['finished at once', 'finish', { stop: true }, 'cancelled'],
  ];

  it.each(ways)('is given up when its trial is %s, and its job never starts', async (_, update, what, status) => {
    const launcher = new UnreachableCluster(() => null);
    const sweep = await start({ ...setup, launcher });
    await until('it is asked for', () => launcher.asked > 0);
    await sweep.handle.executeUpdate(update, { args: [{ by: 'ada', ...what }] });
    await sweep.result();
    launcher.isBroken = false;
    expect(await sweep.events('observed')).toMatchObject([
      { status, detail: expect.stringContaining('stopped before its start') as string },
    ]);
    await sleep(1_000);
    expect(launcher.started).toEqual([]);
  });

  it('is followed by a stop of what it started all the same', async () => {
    const launcher = new SlowAnswer(() => null);
    const sweep = await start({ ...setup, launcher });
    await until('its job runs', () => launcher.running().length === 1);
    await sweep.handle.executeUpdate('cancel', { args: [{ by: 'ada' }] });
    expect((await sweep.result()).status).toBe('cancelled');
    expect(launcher.running()).toEqual([]);
    expect(launcher.stopped).toEqual([`${sweep.sweepId}.t0001.g1`]);
    expect(await sweep.events('observed')).toMatchObject([{ status: 'cancelled' }]);
    expect(await sweep.events('launched')).toHaveLength(1); // as the record tells of every job that ran
    launcher.release();
  });
});
