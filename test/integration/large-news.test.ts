/** More news at once than a message to the server takes (2 MiB). */
import { describe, expect, it } from 'vitest';
import type { ProposeTask } from '../../src/activities/proposer.js';
import type { InjectAct } from '../../src/domain/messages.js';
import type { CurvePoint, Metrics } from '../../src/domain/observation.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();

const metricsOf = (count: number): Metrics =>
  Object.fromEntries([
    ['loss', 1.25],
    ...Array.from({ length: count }, (_, n) => [`validation_domain_${n}_ce`, 3.123456789 + n / 7] as const),
  ]);

const curveOf = (points: number, metrics: Metrics): CurvePoint[] =>
  Array.from({ length: points }, (_, i) => ({ steps: 10 + i, metrics }));

/** Thinks about one decision until the test lets it go on. */
class SlowProposer extends ScriptedProposer {
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(readonly slowAt: number) {
    super(small(3000));
  }

  override async propose(task: ProposeTask) {
    if (task.pending.length === this.slowAt) await this.#released;
    return super.propose(task);
  }
}

describe('a sweep that is told at once', () => {
  const start = scriptedSweeps(server);

  it('the ends of many jobs with large curves records them all, in several appends', async () => {
    const jobs = 16;
    const launcher = new ScriptedLauncher(() => null);
    const proposer = new SlowProposer(jobs);
    const sweep = await start({ sweep: toySweep({ parallel: jobs + 1, budget: 1000 }), proposer, launcher });
    await until('all jobs run', () => launcher.running().length === jobs);
    const metrics = metricsOf(60);
    const curve = curveOf(50, metrics);
    expect(jobs * JSON.stringify(curve).length).toBeGreaterThan(1 << 21);
    for (const key of launcher.running()) launcher.end(key, { curve, metrics });
    const closed = async (): Promise<boolean> => {
      const { events } = await sweep.handle.fetchHistory();
      const ends = events?.filter((event) => event.childWorkflowExecutionCompletedEventAttributes) ?? [];
      return ends.length === jobs;
    };
    await until('all trials told their ends', closed);
    proposer.release();
    await until('all ends are recorded', async () => (await sweep.events('observed')).length === jobs);
    expect((await sweep.events('observed')).every((event) => event.curve.length === 50)).toBe(true);
    await until('it goes on', () => launcher.started.length > jobs + 1);
  });

  it('of many runs to be imported takes them all', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const proposer = new SlowProposer(1);
    const sweep = await start({ sweep: toySweep({ parallel: 2, budget: 1000 }), proposer, launcher });
    await until('its job runs', () => launcher.running().length === 1);
    const metrics = metricsOf(20);
    const runs = (from: number): InjectAct => ({
      by: 'ada',
      observations: Array.from({ length: 250 }, (_, n) => ({
        trial: `past-${from + n}`,
        mixture: { a: 0.5, b: 0.5 },
        scale: 'small',
        steps: 20,
        status: 'completed',
        metrics,
        curve: curveOf(6, metrics),
        source: { file: 'past.csv', sha256: 'f'.repeat(64), lines: [n + 1], run: `r${n}` },
      })),
    });
    expect(JSON.stringify(runs(0)).length).toBeGreaterThan(1 << 20);
    for (const from of [0, 250, 500]) {
      expect(await sweep.handle.executeUpdate('inject', { args: [runs(from)] })).toMatchObject({ accepted: true });
    }
    proposer.release();
    await until('all are recorded', async () => (await sweep.events('imported')).length === 750);
    await until('it goes on', () => launcher.started.length === 2);
  });

  it('of one result that is too large keeps what it learns from, and says so', async () => {
    const launcher = new ScriptedLauncher(() => null);
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer: new ScriptedProposer(small(1)), launcher });
    await until('its job runs', () => launcher.running().length === 1);
    const { loss, ...others } = metricsOf(199);
    const metrics = { ...others, loss: loss ?? 0 };
    const curve = curveOf(300, metrics);
    expect(JSON.stringify(curve).length).toBeGreaterThan(1 << 21);
    launcher.end(launcher.running()[0] ?? '', { curve, metrics });
    expect((await sweep.result()).status).toBe('completed');
    const [observed] = await sweep.events('observed');
    expect(observed?.metrics).toEqual(metrics);
    expect(observed?.curve.map((point) => point.metrics['loss'])).toEqual(curve.map(() => 1.25));
    expect(observed?.warnings[0]).toMatch(
      /^too large to be kept whole: \d+ of 200 metrics at the checkpoints are kept/,
    );
  });
});
