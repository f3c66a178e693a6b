import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerOptions } from '@temporalio/worker';
import { EARLY_NEWS } from '../../src/domain/early-news.js';
import { TitratePlugin } from '../../src/temporal/plugin.js';

let folder: string;
let plugin: TitratePlugin;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-plugin-'));
  plugin = new TitratePlugin({ home: join(folder, 'home') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configure = (options: Partial<WorkerOptions>): WorkerOptions =>
  plugin.configureWorker({ taskQueue: 'team', ...options });

describe('the plugin', () => {
  it('adds titrate’s activities to the team’s own, and nothing that decides which workflows run', () => {
    const own = { order: async () => 'done' };
    const options = configure({ activities: own, workflowsPath: '/team/workflows.js' });
    expect(options.activities).toMatchObject(own);
    const added = Object.keys(options.activities ?? {}).filter((name) => name !== 'order');
    expect(added.length).toBeGreaterThan(5);
    expect(added.every((name) => name.startsWith('titrate'))).toBe(true);
    expect(options.workflowsPath).toBe('/team/workflows.js');
    expect(configure({}).workflowsPath).toBeUndefined();
    expect(configure({}).workflowBundle).toBeUndefined();
  });

  it('leaves the team’s options object as it was, and touches no file yet', () => {
    const options: WorkerOptions = { taskQueue: 'team', activities: {} };
    plugin.configureWorker(options);
    expect(options.activities).toEqual({});
    expect(existsSync(plugin.home.root)).toBe(false);
  });

  it('refuses a prebuilt bundle without titrate’s workflows, given as code or as a file', () => {
    const codePath = join(folder, 'bundle.js');
    writeFileSync(codePath, 'exports.other = 1; exports.titrateTrial = 2;');
    expect(() => configure({ workflowBundle: { code: 'exports.other = 1' } })).toThrow(
      /found no titrateSweep and no titrateTrial/,
    );
    expect(() => configure({ workflowBundle: { codePath } })).toThrow(
      /expected export .* from 'titrate\/workflows'.*found no titrateSweep$/s,
    );
  });

  it('refuses a prebuilt bundle without the guard of tasks, which the plugin brings to those that it takes part in', () => {
    const code = 'titrateSweep titrateTrial';
    expect(() => configure({ workflowBundle: { code } })).toThrow(/expected bundleWorkflowCode\(.*TitratePlugin/s);
    expect(() => configure({ workflowBundle: { code: `${code} ${EARLY_NEWS}` } })).not.toThrow();
    const [guard = ''] =
      plugin.configureBundler({ workflowsPath: '/team/workflows.js' }).workflowInterceptorModules ?? [];
    expect(existsSync(guard)).toBe(true);
    expect(configure({ workflowsPath: '/team/workflows.js' }).interceptors?.workflowModules).toEqual([guard]);
  });

  it('refuses activities of the team’s that bear titrate’s names', () => {
    const titratePropose = async (): Promise<void> => undefined;
    expect(() => configure({ activities: { titratePropose } })).toThrow(/found titratePropose/);
  });
});
