/** A record that is out of sight for a while, or comes back older than it was: the sweep waits for the one that it wrote. */
import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isThere } from '../../src/host/atomic-files.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { until } from './until.js';

const server = withServer();

describe('a sweep whose record', () => {
  const start = scriptedSweeps(server);
  const running = async () => {
    const launcher = new ScriptedLauncher(() => null);
    const proposer = new ScriptedProposer(small(2));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher });
    await until('its job runs', () => launcher.running().length === 1);
    await until('its launch is recorded', async () => (await sweep.events('launched')).length === 1);
    const folder = path.join(server().home.root, 'sweeps', sweep.sweepId);
    return { launcher, sweep, folder, file: path.join(folder, 'record.jsonl') };
  };
  const end = (launcher: ScriptedLauncher): void => launcher.end(launcher.running()[0] ?? '');
  /** What the append that is tried again and again failed with. */
  const waitsWith = async (workflowId: string): Promise<string> => {
    const { workflowService } = server().client;
    const execution = { workflowId };
    const described = await workflowService.describeWorkflowExecution({ namespace: server().namespace, execution });
    return described.pendingActivities?.[0]?.lastFailure?.message ?? '';
  };

  it('is out of sight begins none anew, and loses nothing of what ended meanwhile', async () => {
    const { launcher, sweep, folder } = await running();
    await rename(folder, `${folder}.away`); // an unmounted volume, a restore that is under way
    end(launcher);
    await until('it waits', async () => (await waitsWith(sweep.handle.workflowId)).includes('is not there'));
    await sleep(500);
    expect(await isThere(folder)).toBe(false);
    await rename(`${folder}.away`, folder);
    await until('its end is recorded', async () => (await sweep.events('observed')).length === 1);
    const keys = (await sweep.record()).map(({ key }) => key);
    expect(keys.slice(0, 4)).toEqual(['started', 'decided:1', `launched:${sweep.sweepId}.t0001.g1`, 'observed:t0001']);
  });

  it('came back older waits for the one that it wrote', async () => {
    const { launcher, sweep, file } = await running();
    await copyFile(file, `${file}.older`);
    end(launcher);
    await until('the second job runs', () => launcher.running().includes(`${sweep.sweepId}.t0002.g1`));
    await until('its launch is recorded', async () => (await sweep.events('launched')).length === 2);
    const lines = (await sweep.record()).length;
    await rename(file, `${file}.newer`);
    await copyFile(`${file}.older`, file);
    end(launcher);
    await until('it waits', async () => (await waitsWith(sweep.handle.workflowId)).includes('is missing'));
    await rename(`${file}.newer`, file);
    expect((await sweep.result()).status).toBe('completed');
    expect((await sweep.record())[lines]?.key).toBe('observed:t0002');
  });
});
