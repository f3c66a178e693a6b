import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import { createTableWorld } from '../../src/simulators/table.js';

const CSV = `mix.code,mix.prose,scale,steps,metric.loss,metric.score
0.25,0.75,1M,100,3.5,0.1
0.25,0.75,1M,200,3.0,0.2
0.9,0.1,1M,200,3.2,
0.9,0.1,1B,200,2.2,0.5
`;
const job = { scale: '1M', parameters: 1e6, steps: 200, checkpoints: [100, 200], seed: 1 };

const problemsOf = (csv: string): readonly string[] => {
  try {
    createTableWorld(csv);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
};

describe('a table of past runs', () => {
  it('replays the curve of a run that exists', () => {
    const curve = createTableWorld(CSV).train({ ...job, mixture: { code: 0.25, prose: 0.75 } });
    expect(curve).toEqual([
      { steps: 100, metrics: { loss: 3.5, score: 0.1 } },
      { steps: 200, metrics: { loss: 3, score: 0.2 } },
    ]);
  });

  it('leaves out a checkpoint on the way and a metric that the run lacks', () => {
    const curve = createTableWorld(CSV).train({ ...job, mixture: { code: 0.9, prose: 0.1 } });
    expect(curve).toEqual([{ steps: 200, metrics: { loss: 3.2 } }]);
  });

  it('finds a run whose shares are within 0.001 and refuses one further off', () => {
    const world = createTableWorld(CSV);
    expect(world.train({ ...job, mixture: { code: 0.2504, prose: 0.7496 } })).toHaveLength(2);
    expect(() => world.train({ ...job, mixture: { code: 0.26, prose: 0.74 } })).toThrow(
      /the nearest is off by 0\.0100/,
    );
  });

  it('refuses a scale, a last step or a domain that it has no run of', () => {
    const world = createTableWorld(CSV);
    const mixture = { code: 0.25, prose: 0.75 };
    expect(() => world.train({ ...job, mixture, scale: '7B' })).toThrow(/no row at this scale/);
    expect(() => world.train({ ...job, mixture, scale: '1B' })).toThrow(/the nearest is off/);
    expect(() => world.train({ ...job, mixture, steps: 300, checkpoints: [300] })).toThrow(InputError);
    expect(() => world.train({ ...job, mixture: { code: 0.25, poems: 0.75 } })).toThrow(/mixture\.poems/);
  });

  it('lists its distinct mixtures, for a sweep to choose from, and each can be trained', () => {
    const world = createTableWorld(CSV);
    expect(world.mixtures).toEqual([
      { code: 0.25, prose: 0.75 },
      { code: 0.9, prose: 0.1 },
    ]);
    for (const mixture of world.mixtures) expect(world.train({ ...job, mixture }).at(-1)?.steps).toBe(200);
    expect(world.rows).toHaveLength(4);
    expect(world.metrics).toEqual(['loss', 'score']);
  });

  it('normalises shares that were rounded', () => {
    const world = createTableWorld('mix.a,mix.b,mix.c,scale,steps,metric.l\n0.333,0.333,0.333,1M,10,1\n');
    expect(world.mixtures[0]?.['a']).toBeCloseTo(1 / 3, 15);
  });

  it('reads quoted fields, a byte order mark, Windows line ends and empty lines', () => {
    const world = createTableWorld('\uFEFF"mix.a, b","scale",steps,metric.l\r\n1,"1M",10,2.5\r\n\r\n');
    expect(world.domains).toEqual(['a, b']);
    expect(world.rows).toEqual([{ mixture: { 'a, b': 1 }, scale: '1M', steps: 10, metrics: { l: 2.5 } }]);
  });

  it('names every line and column that is wrong', () => {
    const csv = 'mix.a,mix.b,scale,steps,metric.l\n0.5,0.6,1M,10,1\n1,0,1M,soon,1\n1,,1M,10,NaN\n';
    expect(problemsOf(csv)).toEqual([
      'line 2, column 1 (mix.a)',
      'line 3, column 4 (steps)',
      'line 4, column 2 (mix.b)',
      'line 4, column 5 (metric.l)',
    ]);
  });

  it('names every column that is missing', () => {
    expect(problemsOf('a,b\n1,2\n')).toHaveLength(4);
    expect(problemsOf('')).toHaveLength(4);
    expect(problemsOf('mix.a,scale,steps,metric.l\n')).toEqual(['']);
    expect(problemsOf('mix.a,scale,steps,metric.l\n1,2\n')).toEqual(['']);
  });

  it('can be told other names of the columns', () => {
    const csv = 'train_code,train_prose,scale,steps,val_loss\n0.5,0.5,1M,10,4\n';
    const world = createTableWorld(csv, {
      mapping: { columns: { mixture: { prefix: 'train_' }, metrics: { prefix: 'val_' } } },
    });
    expect(world.domains).toEqual(['code', 'prose']);
    expect(world.metrics).toEqual(['loss']);
  });
});
