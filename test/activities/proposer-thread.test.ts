import { describe, expect, it } from 'vitest';
import { proposeTask, recommendTask } from '../../src/activities/proposer-thread.js';
import type { ThreadTask } from '../../src/activities/proposer.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { createSlimpajamaWorld } from '../../src/simulators/slimpajama-law.js';

const world = createSlimpajamaWorld({});
const DOMAINS = ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'];

const sweepOf = (policy: string): Sweep =>
  parseSweep({
    name: 'thread',
    objective: { minimize: 'book_ce' },
    domains: Object.fromEntries(DOMAINS.map((name) => [name, {}])),
    scales: {
      '20M': { parameters: 20e6, tokensPerStep: 524_288, steps: [2000, 6000] },
      '100M': { parameters: 100e6, tokensPerStep: 524_288, steps: [2000, 6000] },
    },
    target: { scale: '100M', steps: 6000 },
    cost: { kind: 'flop' },
    budget: { targetRuns: 40 },
    policy,
    launcher: { kind: 'simulator', world: 'slimpajama', secondsPerUnit: 0 },
  });

/** Runs of shifting mixtures, some of them failed. */
const runsOf = (count: number): Observation[] =>
  Array.from({ length: count }, (_, i) => {
    const weights = DOMAINS.map((_name, d) => 1 + ((i * (d + 2) * 7) % 11));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mixture = Object.fromEntries(DOMAINS.map((name, d) => [name, (weights[d] ?? 0) / total]));
    const job = { mixture, scale: '20M', parameters: 20e6, steps: 2000, checkpoints: [2000], seed: i };
    const curve = world.train(job);
    const done = { status: 'completed' as const, metrics: curve.at(-1)?.metrics ?? {}, curve };
    const lost = { status: 'failed' as const, metrics: {}, curve: [] };
    return { trial: `t${i}`, mixture, scale: '20M', steps: 2000, ...(i % 7 === 6 ? lost : done), cost: 0.06 };
  });

let streams = 0;
const tell = (change: Partial<ThreadTask> & Pick<ThreadTask, 'from' | 'fresh' | 'stream'>): ThreadTask => ({
  pending: [],
  seed: 3,
  ...structuredClone(change),
});

describe('a thread that is told only what is new', () => {
  it.each(['random', 'titrate', 'successive-halving', 'single-fidelity-gp', 'mfms-ei', 'data-mixing-laws'])(
    'decides as %s decides on the whole',
    (policy) => {
      const sweep = sweepOf(policy);
      const runs = runsOf(9);
      const stream = `stream-${(streams += 1)}`;
      for (const [from, to] of [
        [0, 4],
        [4, 8],
        [6, 9], // told twice: what it knows already changes nothing
      ] as const) {
        const task = tell({ stream, from, fresh: runs.slice(from, to), ...(from === 0 ? { sweep } : {}) });
        expect(proposeTask(task)).toEqual({ ok: true, value: propose(sweep, runs.slice(0, to), { seed: 3 }) });
      }
      const earlier = tell({ stream, from: 5, fresh: [] });
      expect(recommendTask(earlier)).toEqual({ ok: true, value: recommend(sweep, runs.slice(0, 5), { seed: 3 }) });
    },
  );

  it('says so when it does not know what it is taken to know', () => {
    expect(proposeTask(tell({ stream: 'never heard of', from: 2, fresh: [] }))).toEqual({
      ok: false,
      code: 'Forgotten',
    });
    const sweep = sweepOf('random');
    const stream = `stream-${(streams += 1)}`;
    expect(proposeTask(tell({ stream, sweep, from: 0, fresh: runsOf(2) })).ok).toBe(true);
    expect(proposeTask(tell({ stream, from: 3, fresh: [] }))).toEqual({ ok: false, code: 'Forgotten' });
  });

  it('gives broken promises as data', () => {
    const sweep = sweepOf('random');
    const [run] = runsOf(1);
    const fresh = [{ ...run, scale: 'none' } as Observation];
    const answer = proposeTask(tell({ stream: `stream-${(streams += 1)}`, sweep, from: 0, fresh }));
    expect(answer).toMatchObject({ ok: false, code: 'InputError' });
  });
});
