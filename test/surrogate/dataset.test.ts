import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/domain/observation.js';
import { buildDataset } from '../../src/surrogate/dataset.js';
import { makeSweep } from '../policy/sweeps.js';

const sweep = makeSweep();
const options = { curves: true, maxRows: 320 };

const run = (web: number, scale: string, steps: number, loss: number): Observation => ({
  trial: `${scale}${steps}${web}`,
  mixture: { web, code: 1 - web, books: 0 },
  scale,
  steps,
  status: 'completed',
  metrics: { loss },
});
const diverged = (scale: string, steps: number): Observation => ({
  ...run(0.9, scale, steps, Number.NaN),
  trial: 'lost',
  status: 'diverged',
  metrics: {},
});
const small = [0, 0.3, 0.6].map((web) => run(web, 'S', 300, 9 - web));
const middle = [0, 0.3, 0.6].map((web) => run(web, 'M', 1000, 4 - web));

describe('a diverged run', () => {
  const standIn = (runs: readonly Observation[]): number | undefined =>
    buildDataset(sweep, runs, options).objective.at(-1);

  it('counts as the worst value of the nearest fidelity, not as what is bad for being small', () => {
    expect(standIn([...small, ...middle, diverged('L', 1000)])).toBe(4);
    expect(standIn([...small, ...middle, diverged('S', 100)])).toBe(9);
  });

  it('is not compared with one run or two, which may be among the best', () => {
    const target = [run(0.2, 'L', 1000, 2), run(0.3, 'L', 1000, 2.1)];
    expect(standIn([...small, ...middle, ...target, diverged('L', 1000)])).toBe(4);
    expect(standIn([...small, ...middle, ...target, run(0.4, 'L', 1000, 2.3), diverged('L', 1000)])).toBe(2.3);
    expect(standIn([...target, diverged('L', 1000)])).toBe(2.1);
  });

  it('is no row where nothing has reported', () => {
    expect(buildDataset(sweep, [diverged('L', 1000)], options).rows).toEqual([]);
  });
});

describe('more metrics than share hyper-parameters', () => {
  const NAMES = Array.from({ length: 30 }, (_, i) => `m${String(i).padStart(2, '0')}`);
  const reported = (names: readonly string[], guards = {}) => {
    const runs = middle.map((one, i) => ({
      ...one,
      metrics: { ...Object.fromEntries(names.map((name) => [name, Number(name.slice(1)) + i])), loss: 4 - i },
    }));
    return buildDataset({ ...sweep, ...guards }, runs, options).outputs.map((output) => output[0]);
  };

  it('are taken in whatever order a job wrote them', () => {
    expect(reported(NAMES.toReversed())).toEqual(reported(NAMES));
  });

  it('leave those that the sweep guards in', () => {
    const guards = [{ metric: 'm29', atMost: 100, confidence: 0.84 }];
    expect(reported(NAMES)).not.toContain(-29);
    expect(reported(NAMES, { guards }).map((value) => Math.abs(value!))).toContain(29);
  });
});

describe('more rows than can be factored', () => {
  const target = Array.from({ length: 40 }, (_, i) => run(i / 40, 'L', 1000, 2 + i / 40));
  const many = Array.from({ length: 330 }, (_, i) => run(i / 330, 'S', 300, 9 - i / 330));

  it('are cut by what they say, not by where they stand: runs at the target stay', () => {
    for (const runs of [
      [...target, ...many],
      [...many, ...target],
    ]) {
      const { rows } = buildDataset(sweep, runs, options);
      expect(rows).toHaveLength(320);
      expect(rows.filter(({ scale }) => scale === 'L')).toHaveLength(40);
    }
  });

  it('stand in for no more diverged runs than of others', () => {
    const lost = Array.from({ length: 150 }, (_, i): Observation => ({ ...diverged('S', 300), trial: `lost${i}` }));
    const { rows } = buildDataset(sweep, [...lost, ...many, ...target], options);
    expect(rows.filter(({ scale }) => scale === 'L')).toHaveLength(40);
  });
});
