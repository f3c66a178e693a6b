/** Jobs that no trial owns, on a real server: adopted by their sweep, or put in quarantine and stopped on demand. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReconcileSummary } from '../../src/activities/reconcile-activities.js';
import type { Invocation } from '../../src/cli/command.js';
import { doctor } from '../../src/cli/doctor.js';
import { RECONCILE_WORKFLOW, sweepWorkflowId, trialWorkflowId } from '../../src/domain/messages.js';
import type { Launcher } from '../../src/domain/ports.js';
import type { LauncherChoice } from '../../src/domain/sweep.js';
import { readQuarantine } from '../../src/ledger/quarantine.js';
import { RecordFile, readRecord } from '../../src/ledger/record-file.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { sweepPaths } from '../../src/temporal/home.js';
import { createLaunchers } from '../../src/temporal/launchers.js';
import { countOrphans, lookForOrphans, stopOrphans } from '../../src/temporal/orphans.js';
import { createReconciler } from '../../src/temporal/reconcile-home.js';
import { ensureReconcileSchedule, reconcileScheduleId } from '../../src/temporal/reconcile-schedule.js';
import { start } from '../../src/temporal/sweeps.js';
import { ensureWorker, stopWorker } from '../../src/temporal/worker-process.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, small, startScripted } from './scripted-sweep.js';
import { smallSweep } from './small-sweep.js';
import { until } from './until.js';

const server = withServer();
// The embedded server, whatever the shell that runs the tests is set to.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));

describe('a trial whose workflow was terminated', () => {
  it('is adopted by its sweep, which did not hear of it, and its job is not launched twice', async () => {
    const launcher = new ScriptedLauncher((job) => (job.trial === 't0001' ? null : {}));
    const recordFor = (sweepId: string): RecordFile => new RecordFile(sweepPaths(server().home, sweepId).record);
    const launcherFor = async (): Promise<Launcher> => launcher;
    const look = createReconciler({ home: server().home, launcherFor, recordFor });
    const sweep = await startScripted(server(), {
      // Continued as new while t0001 runs: the run that follows hears of its end by its own word only.
      sweep: toySweep({ budget: 6 }),
      proposer: new ScriptedProposer(small(6)),
      launcher,
      continueAfterEvents: 25,
      reconcile: () => look(server().client),
    });
    const key = `${sweep.sweepId}.t0001.g1`;
    await until('all others have ended', async () => (await sweep.progress()).observations === 5);
    await until('a later run has asked for it', async () => {
      const { events } = await sweep.handle.fetchHistory();
      const asked = (events ?? []).find(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'titrateFindTrials',
      );
      return (events ?? []).some(
        ({ activityTaskCompletedEventAttributes: done }) =>
          done !== null && done !== undefined && String(done.scheduledEventId) === String(asked?.eventId),
      );
    });
    const lost = server().client.workflow.getHandle(trialWorkflowId(sweep.sweepId, 't0001'));
    const before = (await lost.describe()).runId;
    await lost.terminate('a test');
    await sleep(1000);
    expect((await lost.describe()).runId).toBe(before); // nobody has noticed
    const { taskQueue } = await sweep.handle.describe();
    const options = { workflowId: `look-${sweep.sweepId}`, taskQueue };
    const found = (await server().client.workflow.execute(RECONCILE_WORKFLOW, options)) as ReconcileSummary;
    expect(found).toMatchObject({ adopted: [key], orphans: 0, troubles: [] });
    await until('it is started again', async () => (await lost.describe()).runId !== before);
    const again = (await server().client.workflow.execute(RECONCILE_WORKFLOW, {
      ...options,
      workflowId: `${options.workflowId}-again`,
    })) as ReconcileSummary;
    expect(again).toMatchObject({ adopted: [], orphans: 0, open: 1 });
    launcher.end(key);
    expect(await sweep.result()).toMatchObject({ trials: 6, spent: 6 });
    expect(launcher.started.filter((job) => job.key === key)).toHaveLength(1);
    expect(launcher.stopped).toEqual([]);
    await sweep.stopWorker();
  });
});

describe('a sweep that was terminated while its job runs', () => {
  const sweepId = 'ended-too-soon';
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  const launcher: LauncherChoice = { kind: 'local', command, env: {} };
  let on: TitrateConnection;
  let key = '';

  const isAlive = async (): Promise<boolean> => {
    const { pid } = JSON.parse(
      await readFile(join(sweepPaths(server().home, sweepId).jobs, key, 'child.json'), 'utf8'),
    ) as { pid: number };
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  /** `titrate doctor --orphans` in JSON, with its exit code. */
  const ask = async (flags: Invocation['flags']) => {
    const notes: string[] = [];
    const io = { json: true, note: (line: string) => void notes.push(line) } as unknown as Invocation['io'];
    const asked = { positionals: [], flags: { home: server().home.root, orphans: true, ...flags }, io };
    return { ...(await doctor(asked)), notes };
  };

  beforeAll(async () => {
    const { home } = server();
    on = await connect({ home, env });
    await ensureWorker(home, on, { env: { ...env, TITRATE_RECONCILE_MINUTES: String(1 / 60) } }); // looks every second
    const sweep = { ...smallSweep({ budget: 130, parallel: 1 }), launcher };
    await start(on, { sweepId, sweep });
    const { record } = sweepPaths(home, sweepId);
    const lines = async () => (await readRecord(record).catch(() => ({ lines: [] }))).lines;
    await until('its job runs', async () => (await lines()).some(({ event }) => event.type === 'launched'));
    key = `${sweepId}.t0001.g1`;
    await until('its process is there', () => isAlive().catch(() => false));
  });
  afterAll(async () => {
    const { home } = server();
    await stopOrphans(home, (await lookForOrphans({ home, env })).orphans, 'the test', () => undefined);
    await stopWorker(home, on);
    await on.close();
  });

  it('owns its job as long as it is open, and nothing is said of that job without a server', async () => {
    const { home, client } = server();
    expect(await lookForOrphans({ home, env })).toMatchObject({ open: 1, orphans: [], adopted: [], unjudged: 0 });
    const recordFor = (id: string): RecordFile => new RecordFile(sweepPaths(home, id).record);
    const look = createReconciler({ home, launcherFor: createLaunchers(home), recordFor });
    expect(await look(null)).toMatchObject({ open: 1, orphans: [], adopted: [], unjudged: 1 });
    await client.workflow.getHandle(sweepWorkflowId(sweepId)).terminate('a test');
    await client.workflow.getHandle(trialWorkflowId(sweepId, 't0001')).terminate('a test');
  });

  it('leaves an orphan, which the schedule of the worker puts in quarantine and does not touch', async () => {
    const { home, client, taskQueue } = server();
    await until('it is in quarantine', async () => (await countOrphans(home)) === 1);
    const [line] = await readQuarantine(home.quarantine);
    expect(line).toMatchObject({
      act: 'quarantined',
      orphan: { key, sweep: sweepId, launcher: 'local', state: 'running', cause: 'sweep-gone' },
    });
    const looks = async (): Promise<number> => {
      const handle = client.schedule.getHandle(reconcileScheduleId(taskQueue));
      return (await handle.describe()).info.numActionsTaken;
    };
    const before = await looks();
    await until('it is looked for again', async () => (await looks()) > before + 1);
    expect(await readQuarantine(home.quarantine)).toHaveLength(1); // found again, and written down once
    expect(await isAlive()).toBe(true);
    await ensureReconcileSchedule(client, taskQueue, null);
    await expect(looks()).rejects.toThrow();
  });

  it('is listed by the doctor, who ends with 3', async () => {
    const listed = await ask({});
    expect(listed.exitCode).toBe(3);
    expect(listed.json).toMatchObject({ ok: false, orphans: [{ key, cause: 'sweep-gone' }] });
    expect(listed.text).toContain(key);
    expect(listed.text).toContain('TERMINATED');
    const checks = (await doctor({ positionals: [], flags: { home: server().home.root }, io: {} as Invocation['io'] }))
      .json['checks'] as { name: string; ok: boolean; detail: string }[];
    expect(checks.find(({ name }) => name === 'orphans')).toMatchObject({
      ok: false,
      detail: '1 job that no trial owns',
    });
  });

  it('is told from a job without any record, which is an orphan too', async () => {
    const { home } = server();
    const { record } = sweepPaths(home, sweepId);
    await rename(record, `${record}.away`);
    expect(await lookForOrphans({ home, env })).toMatchObject({ orphans: [{ key, cause: 'no-record' }] });
    await rename(`${record}.away`, record);
    expect(await lookForOrphans({ home, env })).toMatchObject({ orphans: [{ key, cause: 'sweep-gone' }] });
  });

  it('keeps its orphan in quarantine while its sweep cannot be looked at, and says so', async () => {
    const { home } = server();
    const broken = sweepPaths(home, 'broken');
    await mkdir(broken.folder, { recursive: true });
    const { record } = sweepPaths(home, sweepId);
    const whole = await readFile(record, 'utf8');
    await writeFile(record, whole.replace('"seq":2', '"seq":7'));
    const look = await lookForOrphans({ home, env });
    expect(look.orphans).toMatchObject([{ key }]);
    expect(look.troubles).toMatchObject([{ sweep: sweepId }]);
    await writeFile(record, whole);
  });

  it('loses it when a person says so, by name', async () => {
    const { home } = server();
    const stopped = await ask({ stop: true });
    expect(stopped.notes.join('\n')).toContain(key);
    expect(stopped.json).toMatchObject({ ok: true, stopped: [{ key, stopped: true }] });
    expect(stopped.exitCode).toBe(0);
    await until('its process is gone', async () => !(await isAlive()));
    const after = await ask({});
    expect(after).toMatchObject({ exitCode: 0, json: { ok: true, orphans: [], open: 0 } });
    expect((await readQuarantine(home.quarantine)).at(-1)).toMatchObject({ act: 'stopped', key });
  });
});
