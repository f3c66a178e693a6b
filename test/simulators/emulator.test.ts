import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InputError } from '../../src/domain/errors.js';
import { createEmulator, createEmulatorWorld } from '../../src/simulators/emulator.js';
import { readReference, whyNoReference } from './reference.js';
import { smallEmulator } from './small-emulator.js';

const job = { scale: 'small', parameters: 100e6, steps: 1000, checkpoints: [500, 1000], seed: 3 };

const problemsOf = (json: unknown): readonly string[] => {
  try {
    createEmulator(json);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
};

describe('an emulator', () => {
  it('computes its layers as by hand', () => {
    const world = createEmulatorWorld(smallEmulator());
    const last = world.train({ ...job, mixture: { code: 1, prose: 0 } }).at(-1);
    // Standardised (1, -1, 0, 0); hidden (1, max(0, -0.5)) = (1, 0); out (1.25, 1); then 3 + 2 x 1.25 and 0.5 + 0.1 x 1.
    expect(last?.metrics['loss']).toBeCloseTo(5.5, 12);
    expect(last?.metrics['accuracy']).toBeCloseTo(0.6, 12);
  });

  it('matches domains by name, whatever their order, and takes a missing one as 0', () => {
    const world = createEmulatorWorld(smallEmulator());
    const inOrder = world.train({ ...job, mixture: { code: 0.25, prose: 0.75 } });
    expect(world.train({ ...job, mixture: { prose: 0.75, code: 0.25 } })).toEqual(inOrder);
    expect(world.train({ ...job, mixture: { prose: 1 } })).toEqual(
      world.train({ ...job, mixture: { code: 0, prose: 1 } }),
    );
  });

  it('refuses a domain that it does not know, a sum that is not 1, and a size outside its range', () => {
    const world = createEmulatorWorld(smallEmulator());
    expect(() => world.train({ ...job, mixture: { code: 0.5, poems: 0.5 } })).toThrow(
      /mixture\.poems.*one of code, prose/,
    );
    expect(() => world.train({ ...job, mixture: { code: 0.5, prose: 0.4 } })).toThrow(/sum to 1; found 0\.9/);
    expect(() => world.train({ ...job, mixture: { code: 1 }, parameters: 2e9 })).toThrow(/scales\.small\.parameters/);
  });

  it('gives the cost of a step from the file, and none for a size that the file lacks', () => {
    const { costPerStep } = createEmulator(smallEmulator());
    expect(costPerStep(100e6)).toBeCloseTo(0.01, 15);
    expect(costPerStep(50e6)).toBeCloseTo(0.005, 15);
    expect(() => costPerStep(70e6)).toThrow(/one of 50, 100 million; found 70 million/);
  });

  it('draws the same noise for the same job, other noise for another seed, of the size asked for', () => {
    const world = createEmulatorWorld(smallEmulator(), { noise: 0.5 });
    const truth = createEmulatorWorld(smallEmulator());
    const loss = (from: typeof world, seed: number): number =>
      from.train({ ...job, seed, mixture: { code: 1 } }).at(-1)?.metrics['loss'] ?? Number.NaN;
    expect(loss(world, 1)).toBe(loss(world, 1));
    expect(loss(world, 1)).not.toBe(loss(world, 2));
    const errors = Array.from({ length: 400 }, (_, seed) => loss(world, seed) - loss(truth, seed));
    const sd = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    // Loss is 3 + 2 (0.25 + max(0, 2c - 1) + 2 max(0, 1.5 - 2c)) for a share c uniform on [0, 1]; by integration its variance
    // is 4/6 + 16 (0.5625) + 16/96 - 2.75^2 = 2.2708, its standard deviation 1.5069. 400 draws know a deviation to 3.5 %, 512 the spread to about as much.
    expect(sd / (0.5 * 1.5069)).toBeGreaterThan(0.85);
    expect(sd / (0.5 * 1.5069)).toBeLessThan(1.15);
  });

  it('names every path of a file that is wrong', () => {
    const { layers: _, ...without } = smallEmulator();
    expect(problemsOf({ ...without, kind: 'tree', format_version: 2 })).toEqual(['kind', 'format_version', 'layers']);
    expect(problemsOf(null)).toEqual(['']);
  });

  it('refuses layers that do not fit together', () => {
    const file = smallEmulator();
    file.layers[1]?.weight[0]?.push(7);
    file.input_std.pop();
    expect(problemsOf(file)).toEqual(['input_std', 'layers[1].weight[0]']);
    expect(
      problemsOf({ ...smallEmulator(), inputs: ['code', 'training_steps', 'prose', 'model_size_millions'] }),
    ).toEqual(['inputs']);
  });
});

const Check = z.object({
  check: z.array(
    z.object({
      mixture: z.array(z.number()),
      model_size_millions: z.number(),
      training_steps: z.number(),
      outputs: z.array(z.number()),
    }),
  ),
});

describe('the reference emulator', () => {
  it('gives its own check values to 1e-6', ({ skip }) => {
    if (whyNoReference !== undefined) skip(whyNoReference);
    const json = readReference();
    const emulator = createEmulator(json);
    const { check } = Check.parse(json);
    expect(check.length).toBeGreaterThan(0);
    for (const { mixture, model_size_millions, training_steps, outputs } of check) {
      const found = emulator.evaluate(mixture, model_size_millions * 1e6, training_steps);
      expect(found.length).toBe(outputs.length);
      for (const [o, value] of found.entries()) expect(Math.abs(value - (outputs[o] ?? Number.NaN))).toBeLessThan(1e-6);
    }
  });

  it('charges 196 units for a full run at 1B', ({ skip }) => {
    if (whyNoReference !== undefined) skip(whyNoReference);
    expect(createEmulator(readReference()).costPerStep(1e9) * 19_600).toBeCloseTo(196, 9);
  });
});
