/** Results that are taken back, on a real server with scripted jobs: invariants 18, 19 and 21 of the sweep workflow. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { ProposeTask, RecommendTask } from '../../src/activities/proposer.js';
import { auditFolder } from '../../src/audit/audit.js';
import type { Proposal, Recommendation } from '../../src/domain/decision.js';
import type { ActResult } from '../../src/domain/messages.js';
import { DEFAULT_LIMITS } from '../../src/domain/retries.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { toySweep } from '../workflows/toy-sweep.js';
import { withServer } from './real-server.js';
import { ScriptedLauncher, ScriptedProposer, scriptedSweeps, small } from './scripted-sweep.js';
import type { StartedSweep } from './scripted-sweep.js';
import { until } from './until.js';

const server = withServer();
const who = { by: 'ada', authenticated: 'os-user' } as const;
const why = { reason: 'it was evaluated on the wrong split' };

/** A door that is passed when the test opens it. */
class Gate {
  isOpen = true;
  waiting = 0;

  async pass(): Promise<void> {
    this.waiting += 1;
    await until('the gate is open', () => this.isOpen);
    this.waiting -= 1;
  }
}

/** Recommends the best run that counts, and thinks for as long as a test wants. */
class BestOfRuns extends ScriptedProposer {
  readonly thinking = new Gate();
  readonly recommending = new Gate();
  readonly preferred: unknown[] = [];

  override async propose(task: ProposeTask): Promise<Proposal | null> {
    await this.thinking.pass();
    return super.propose(task);
  }

  override async recommend({ observations, prefer }: RecommendTask): Promise<Recommendation> {
    this.preferred.push(prefer?.['a']);
    await this.recommending.pass();
    const loss = ({ metrics }: (typeof observations)[number]): number => metrics['loss'] ?? Infinity;
    const [best] = observations.toSorted((a, b) => loss(a) - loss(b));
    const mixture = best?.mixture ?? { a: 0.5, b: 0.5 };
    return { mixture, mean: 1, sd: 0.1, nearOptimal: [], shareRanges: {}, trust: [] };
  }
}

const act = (sweep: StartedSweep, name: string, what: object, updateId?: string): Promise<ActResult> =>
  sweep.handle.executeUpdate<ActResult, [object]>(name, {
    args: [{ ...who, ...what }],
    ...(updateId === undefined ? {} : { updateId }),
  });
const retract = (sweep: StartedSweep, trial: string, updateId?: string): Promise<ActResult> =>
  act(sweep, 'retract', { trial, ...why }, updateId);

const faultsOf = async (sweep: StartedSweep) => {
  const options = { withoutJobs: true, anchors: [], version: '0.0.0-test', node: process.version };
  return (await auditFolder(sweep.folder, options)).checks.flatMap(({ faults }) => faults);
};

describe('a result that is taken back', () => {
  const start = scriptedSweeps(server);

  it('is in no decision from then on, and stays charged; over continue-as-new, too', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial < 't0003' || trial > 't0006' ? {} : null));
    const proposer = new ScriptedProposer(small(7));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher, continueAfterEvents: 5 });
    const runs = (trial: string) => until(`${trial} runs`, () => launcher.running().some((key) => key.includes(trial)));
    await runs('t0003');
    await expect(act(sweep, 'retract', { trial: 't0001' })).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    const taken = await retract(sweep, 't0001', 'key-1');
    expect(taken).toEqual({
      accepted: true,
      reason: 'the result of t0001 counts for nothing from the next decision on; what it cost stays spent',
    });
    expect(await retract(sweep, 't0001', 'key-1')).toEqual(taken);
    const refusals = {
      t0001: 'the result of t0001 was retracted already',
      t0003: expect.stringMatching(/^trial t0003 is (launching|running) and has no result yet/) as string,
      t0009: 'the record has no run t0009',
    };
    for (const [trial, reason] of Object.entries(refusals))
      expect(await retract(sweep, trial)).toEqual({ accepted: false, reason });
    for (const trial of ['t0003', 't0004', 't0005', 't0006']) {
      await runs(trial);
      launcher.end(`${sweep.sweepId}.${trial}.g1`);
    }
    expect(await sweep.result()).toMatchObject({ status: 'completed', spent: 7, trials: 7 });
    const saw = proposer.tasks.map(({ observations }) => observations[0]);
    expect(saw[1]).toMatchObject({ status: 'completed', metrics: { loss: 1 } });
    for (const one of saw.slice(3))
      expect(one).toMatchObject({ trial: 't0001', status: 'retracted', metrics: {}, cost: 1 });
    expect(saw.at(-1)).not.toHaveProperty('curve');
    expect(await sweep.events('act')).toMatchObject([{ act: 'retract', trial: 't0001', ...who, ...why, id: 'key-1' }]);
    expect((await sweep.events('act-refused')).map(({ trial }) => trial)).toEqual(Object.keys(refusals));
    expect(await faultsOf(sweep)).toEqual([]);
  });

  it('is not in a decision that was on its way', async () => {
    const proposer = new BestOfRuns(small(3));
    const launcher = new ScriptedLauncher(({ trial }) => {
      if (trial === 't0002') proposer.thinking.isOpen = false;
      return {};
    });
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher });
    await until('the third decision is thought about', () => proposer.thinking.waiting > 0);
    expect(await retract(sweep, 't0002')).toMatchObject({ accepted: true });
    proposer.thinking.isOpen = true;
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3 });
    const thirds = proposer.tasks.filter(({ observations }) => observations.length === 2);
    expect(thirds.map(({ observations }) => observations[1]?.status)).toEqual(['completed', 'retracted']);
    expect(await faultsOf(sweep)).toEqual([]);
  });

  it('opens a search again that was over: what is recommended without it is confirmed, not what was before', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0004' ? null : {}));
    // Three runs, nothing more, and one more when the confirmation has ended and the search goes on.
    const proposer = new BestOfRuns([...small(3), undefined as never, ...small(1)]);
    const sweep = await start({ sweep: toySweep({ budget: 100, parallel: 1, confirm: 1 }), proposer, launcher });
    await until('a confirmation runs', () => launcher.running().length > 0);
    expect(await sweep.progress()).toMatchObject({ phase: 'confirming', recommendation: { mixture: { a: 0 } } });
    expect(await retract(sweep, 't0001')).toEqual({
      accepted: true,
      reason:
        'the result of t0001 counts for nothing from the next decision on; what it cost stays spent; the search is open again; t0004 (in flight) was to confirm what no longer stands; titrate abandon ends it',
    });
    expect(await sweep.progress()).toMatchObject({ phase: 'searching', recommendation: null, incumbent: null });
    expect(foldRecord(await sweep.record()).recommendation).toBeNull();
    launcher.end(`${sweep.sweepId}.t0004.g1`, { metrics: { loss: 3 }, curve: [{ steps: 20, metrics: { loss: 3 } }] });
    expect(await sweep.result()).toMatchObject({
      status: 'completed',
      trials: 6,
      spent: 44,
      recommendation: { mixture: { a: 0.236 } },
    });
    const decided = await sweep.events('decided');
    expect(decided.map(({ purpose, mixture }) => [purpose, mixture['a']])).toEqual([
      ['search', 0],
      ['search', 0.618],
      ['search', 0.236],
      ['confirm', 0],
      ['search', 0.472],
      ['confirm', 0.236],
    ]);
    const lines = await sweep.record();
    const keys = lines.flatMap(({ key, event }) => (event.type === 'recommended' ? [key] : []));
    expect(keys).toEqual(['recommended:search', 'recommended:search:2', 'recommended:final']);
    // What was to be confirmed is paid: it is left on clear evidence only.
    expect(proposer.preferred).toEqual([undefined, 0, 0.236]);
    const view = foldRecord(lines);
    expect(view.confirmations.map(({ trial }) => trial)).toEqual(['t0006']);
    expect(view.recommendations).toHaveLength(2);
    expect(view.observations[0]).toMatchObject({ status: 'retracted', retraction: { by: 'ada', ...why } });
    expect(view.observations[0]).not.toHaveProperty('value');
    expect(await faultsOf(sweep)).toEqual([]);
  });

  it.each([
    ['retract', { trial: 't0001', ...why }, ['completed', 'retracted']],
    ['veto', { bounds: { a: { max: 0.9 } } }, ['completed', 'completed']],
  ])('and a recommendation that was on its way is made anew: %s', async (name, what, saw) => {
    const proposer = new BestOfRuns(small(2));
    proposer.recommending.isOpen = false;
    const firsts: (string | undefined)[] = [];
    const recommend = proposer.recommend.bind(proposer);
    proposer.recommend = (task) => {
      firsts.push(task.observations[0]?.status);
      return recommend(task);
    };
    const sweep = await start({
      sweep: toySweep({ budget: 100, parallel: 1, confirm: 1 }),
      proposer,
      launcher: new ScriptedLauncher(),
    });
    await until('it is being recommended', () => proposer.recommending.waiting > 0);
    expect(await act(sweep, name, what)).toMatchObject({ accepted: true });
    proposer.recommending.isOpen = true;
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3 });
    expect(firsts.slice(0, 2)).toEqual(saw);
    expect(await sweep.events('recommended')).toHaveLength(2); // after the search and at the end
    expect(await faultsOf(sweep)).toEqual([]);
  });

  it('names runs that went on from its checkpoint, and is not taken from a sweep that is being cancelled', async () => {
    const proposer = new ScriptedProposer(small(3));
    const propose = proposer.propose.bind(proposer);
    proposer.propose = async (task) => {
      const proposal = await propose(task);
      const from = task.observations[0]?.trial;
      return proposal === null || from === undefined ? proposal : { ...proposal, continues: from, steps: 20 };
    };
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0003' ? null : {}));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher });
    await until('the third runs', () => launcher.running().length > 0);
    const { reason } = await retract(sweep, 't0001');
    expect(reason).toContain('t0002, t0003 (in flight) went on from its checkpoint and still count');
    expect((await retract(sweep, 't0002')).accepted).toBe(true);
    const stopping = sweep.result();
    await sweep.stopWorker();
    const cancelled = act(sweep, 'cancel', {});
    const late = retract(sweep, 't0002', 'late');
    await sweep.startWorker();
    expect(await cancelled).toMatchObject({ accepted: true });
    expect(await late).toMatchObject({ accepted: false });
    expect(await stopping).toMatchObject({ status: 'cancelled' });
  });

  it('holds nothing up that is asked for before the record has begun', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0001' ? null : {}));
    const proposer = new ScriptedProposer(small(2));
    const sweep = await start({ sweep: toySweep({ parallel: 1 }), proposer, launcher, isAsleep: true });
    const early = retract(sweep, 't0001', 'early');
    await sweep.startWorker();
    expect(await early).toMatchObject({ accepted: false });
    await until('the first runs', () => launcher.running().length > 0);
    launcher.end(`${sweep.sweepId}.t0001.g1`);
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 2 });
  });

  it('finds a run that ended while the record was asked', async () => {
    const launcher = new ScriptedLauncher(({ trial }) => (trial === 't0001' ? null : {}));
    const asked = new Gate();
    asked.isOpen = false;
    const sweep = await start({
      sweep: toySweep({ parallel: 1 }),
      proposer: new ScriptedProposer(small(3)),
      launcher,
      around: (activities) => ({
        ...activities,
        titrateFindRun: async (input) => {
          const found = await activities.titrateFindRun(input);
          await asked.pass();
          return found;
        },
      }),
    });
    await until('the first runs', () => launcher.running().length > 0);
    const taken = retract(sweep, 't0001');
    await until('the record was asked', () => asked.waiting > 0);
    launcher.end(`${sweep.sweepId}.t0001.g1`);
    await until('it has ended', async () => (await sweep.events('observed')).length > 0);
    asked.isOpen = true;
    expect(await taken).toMatchObject({ accepted: true });
    expect(await sweep.result()).toMatchObject({ status: 'completed' });
    expect(await faultsOf(sweep)).toEqual([]);
  });

  it('leaves a confirmation in flight what its reruns may cost', async () => {
    const launcher = new ScriptedLauncher(({ trial, generation }) =>
      trial === 't0003' && generation === 1 ? null : {},
    );
    const retries = { ...DEFAULT_LIMITS, backoff: { firstSeconds: 0, longestSeconds: 0 }, parkAbove: 1000 };
    const budget = 32; // two small runs, the confirmation, and half of it again
    const sweep = await start({
      sweep: toySweep({ budget, parallel: 1, confirm: 1, retries }),
      proposer: new BestOfRuns(small(2)),
      launcher,
    });
    await until('a confirmation runs', () => launcher.running().length > 0);
    expect(await retract(sweep, 't0002')).toMatchObject({ accepted: true });
    launcher.end(`${sweep.sweepId}.t0003.g1`, { status: 'preempted', metrics: {}, curve: [], stepsReached: 0 });
    expect(await sweep.result()).toMatchObject({ status: 'completed', trials: 3 });
    expect(await sweep.events('rerun')).toMatchObject([{ trial: 't0003', generation: 2 }]);
    expect(await faultsOf(sweep)).toEqual([]);
  });
});
