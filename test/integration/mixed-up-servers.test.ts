/** The compiled command, pointed at servers, task queues and sweeps that are not what the person takes them for. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepWorkflowId } from '../../src/domain/messages.js';
import { connect, type TitrateConnection } from '../../src/temporal/client.js';
import { homeAt } from '../../src/temporal/home.js';
import { runCommand, writeCheapSweep, type Ran } from './compiled-command.js';

const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));

let root: string;
/** The server that a team runs. */
let team: TitrateConnection;

const titrate = (home: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  runCommand(args, root, { ...bare, ...env, TITRATE_HOME: join(root, home), NO_COLOR: '1' });

const write = (name: string, seconds: number): Promise<string> => writeCheapSweep(root, name, seconds);

const onTeam = (): Record<string, string> => ({ TEMPORAL_ADDRESS: team.address });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-mixed-up-'));
  team = await connect({ home: homeAt(join(root, 'team')), env: bare });
});
afterAll(async () => {
  await team.close();
  for (const home of ['one', 'two', 'placed']) await titrate(home, ['worker', '--stop'], onTeam());
  for (const home of ['team', 'one', 'lost']) await titrate(home, ['server', 'stop']);
  await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

describe('a sweep on a team’s server', () => {
  let file: string;
  let sweepId: string;
  beforeAll(async () => {
    file = await write('shared', 20);
    const started = await titrate('one', ['run', file, '--detach', '--json'], onTeam());
    expect(started.code, started.err).toBe(0);
    sweepId = (JSON.parse(started.out) as { sweep: string }).sweep;
    while (!existsSync(join(root, 'one', 'sweeps', sweepId, 'record.jsonl')))
      await new Promise((go) => setTimeout(go, 50));
  });

  it('is not taken for that of another home with the same file', async () => {
    const other = await titrate('two', ['run', file, '--detach'], onTeam());
    expect([other.code, other.err]).toEqual([3, expect.stringContaining(`belongs to task queue titrate-`)]);
    expect(other.err).toContain('--id NAME');
    const named = await titrate('two', ['run', file, '--detach', '--id', 'mine'], onTeam());
    expect([named.code, named.out]).toEqual([0, expect.stringContaining('mine started')]);
    expect((await titrate('two', ['cancel', 'mine'], onTeam())).code).toBe(0);
  });

  it('is not started once more on the embedded server when the settings were forgotten', async () => {
    const again = await titrate('one', ['run', file, '--detach']);
    expect([again.code, again.err]).toEqual([3, expect.stringContaining(`sweep ${sweepId} has a record`)]);
    expect(again.err).toContain('TEMPORAL_ADDRESS');
  });

  it('has no orphans on a server that it does not run on', async () => {
    const look = await titrate('one', ['doctor', '--orphans', '--stop']);
    expect([look.code, look.out]).toEqual([
      0,
      expect.stringContaining('could not be judged: their sweeps were started on another'),
    ]);
    const doctor = await titrate('one', ['doctor', '--json'], onTeam());
    expect([doctor.code, JSON.parse(doctor.out)]).toMatchObject([0, { ok: true }]);
    const { out } = await titrate('one', ['doctor', '--orphans', '--json'], onTeam());
    expect(JSON.parse(out)).toMatchObject({ orphans: [], open: 2, unjudged: 0 });
  });

  it('stands still when its workflow is terminated: every command says so and none waits', async () => {
    await team.client.workflow.getHandle(sweepWorkflowId(sweepId)).terminate('by an operator');
    const commands = [['watch'], ['pause'], ['cancel'], ['run', file], ['run', file, '--detach']];
    for (const [command = '', ...rest] of commands) {
      const args = rest.length === 0 ? [command, sweepId] : [command, ...rest];
      const { code, err } = await titrate('one', args, onTeam());
      expect([code, err], command).toEqual([3, expect.stringContaining('stands still: its workflow was closed')]);
      expect(err).toContain('docs/operations.md');
    }
    const status = await titrate('one', ['status', sweepId], onTeam());
    expect([status.code, status.err]).toEqual([0, expect.stringContaining('TERMINATED')]);
  });

  it('goes on when its workflow is taken back, with the jobs that it had', async () => {
    const workflowId = sweepWorkflowId(sweepId);
    const { events } = await team.client.workflow.getHandle(workflowId).fetchHistory();
    const tasks = (events ?? []).filter(({ workflowTaskCompletedEventAttributes: task }) => task);
    await team.connection.workflowService.resetWorkflowExecution({
      namespace: team.namespace,
      workflowExecution: { workflowId },
      reason: 'taken up again',
      workflowTaskFinishEventId: tasks.at(-1)?.eventId ?? null,
      requestId: 'once',
    });
    const { code, out } = await titrate('one', ['status', sweepId, '--json'], onTeam());
    expect([code, (JSON.parse(out) as { progress: unknown }).progress]).toMatchObject([0, { decisions: 2 }]);
    expect(await readdir(join(root, 'one', 'sweeps', sweepId, 'jobs'))).toHaveLength(2);
    expect((await titrate('one', ['cancel', sweepId], onTeam())).code).toBe(0);
  });
});

it('jobs of sweeps that the embedded server has lost are orphans', async () => {
  const file = await write('lost', 20);
  expect((await titrate('lost', ['run', file, '--detach'])).code).toBe(0);
  expect((await titrate('lost', ['server', 'stop'])).code).toBe(0);
  await rename(join(root, 'lost', 'server'), join(root, 'lost', 'server-aside'));
  expect((await titrate('lost', ['server', 'start'])).code).toBe(0);
  const look = await titrate('lost', ['doctor', '--orphans', '--json']);
  const { orphans } = JSON.parse(look.out) as { orphans: { cause: string }[] };
  expect([look.code, ...orphans.map(({ cause }) => cause)]).toEqual([3, 'sweep-gone', 'sweep-gone']);
  const again = await titrate('lost', ['run', file]);
  expect([again.code, again.err]).toEqual([3, expect.stringContaining('--fresh starts another')]);
});

describe('settings of a team’s server', () => {
  it('that name files relative to the working folder hold for the worker too', async () => {
    await mkdir(join(root, 'settings'));
    await writeFile(join(root, 'settings', 'temporal.toml'), `[profile.default]\naddress = "${team.address}"\n`);
    const file = await write('placed', 0);
    const run = await titrate('placed', ['run', file, '--json'], { TEMPORAL_CONFIG_FILE: 'settings/temporal.toml' });
    expect([run.code, run.err]).toEqual([0, expect.stringContaining(team.address)]);
    expect(await readdir(join(root, 'placed', 'server'))).toEqual([]);
  });

  it('let a worker be stopped while no server is there', async () => {
    const stopped = await titrate('stopped', ['worker', '--stop']);
    expect([stopped.code, stopped.out]).toEqual([0, expect.stringContaining('no worker was running')]);
    expect(await readdir(join(root, 'stopped', 'server'))).toEqual([]);
    const away = await titrate('stopped', ['worker', '--stop'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([away.code, away.err]).toEqual([0, '']);
  });

  it('leave a task queue that was named by hand to the workers of the team', async () => {
    const file = await write('queued', 0);
    const run = await titrate('models', ['run', file, '--detach'], { ...onTeam(), TITRATE_TASK_QUEUE: 'models' });
    expect([run.code, run.err]).toEqual([0, expect.stringContaining('task queue models: its worker is yours to run')]);
    expect(run.out).toContain('no worker has taken it up yet');
    expect(await readdir(join(root, 'models', 'worker'))).toEqual([]);
  });
});
