import { z } from 'zod';
import { drawDirichlet } from '../domain/dirichlet.js';
import { InputError, type Problem } from '../domain/errors.js';
import type { World } from '../domain/ports.js';
import { createRng } from '../domain/rng.js';
import { zodProblems } from '../domain/zod-problems.js';
import { deviation, noiseOf } from './noise.js';
import { alignShares, checkTraining } from './training.js';

const PARAMETERS_PER_MILLION = 1e6;
const STEPS_PER_COST_ROW = 100; // the file gives costs for 100 steps
const SPREAD_SAMPLES = 512; // the spread is then known to 3 %, which is enough for a noise level
const SPREAD_SEED = 1; // any fixed seed: the spread must be the same on every machine

const finite = z.number();
const Layer = z.object({ weight: z.array(z.array(finite)).min(1), bias: z.array(finite).min(1) });

/** An emulator file: a small MLP from mixture, model size (millions of parameters) and steps to metrics. */
const EmulatorFile = z.object({
  kind: z.literal('mlp-emulator'),
  format_version: z.literal(1),
  inputs: z.array(z.string()).min(3),
  input_mean: z.array(finite),
  input_std: z.array(finite.positive()),
  hidden_activation: z.literal('relu'),
  layers: z.array(Layer).min(1),
  outputs: z.array(
    z.object({ name: z.string(), direction: z.enum(['minimize', 'maximize']), unit: z.string().optional() }),
  ),
  output_mean: z.array(finite),
  output_std: z.array(finite.positive()),
  model_sizes_millions: z.array(finite.positive()).min(1),
  steps: z.object({ min: finite, max: finite, target: finite.optional() }),
  cost_per_100_steps: z.record(z.string(), z.union([finite, z.string()])),
});
type EmulatorFile = z.infer<typeof EmulatorFile>;

/** A checked emulator: pure arithmetic over its file. */
export interface Emulator {
  readonly domains: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly direction: 'minimize' | 'maximize' }[];
  /** Sizes it was fitted to (parameters), ascending. */
  readonly sizes: readonly number[];
  /** Where its own target is. */
  readonly target: { readonly parameters: number; readonly steps: number };
  /** Returns the outputs `(O)` for shares `(D)`, noise-free. */
  evaluate(shares: readonly number[], parameters: number, steps: number): readonly number[];
  /** Returns the cost of one step (unit: the file's own) at a size that it lists. @throws InputError for another size. */
  costPerStep(parameters: number): number;
}

const shapeProblem = (path: string, expected: number, found: number): Problem[] =>
  expected === found ? [] : [{ path, expected: `${expected} numbers`, found: `${found}` }];

const findShapeProblems = (file: EmulatorFile): Problem[] => {
  const problems = [
    ...shapeProblem('input_mean', file.inputs.length, file.input_mean.length),
    ...shapeProblem('input_std', file.inputs.length, file.input_std.length),
    ...shapeProblem('output_mean', file.outputs.length, file.output_mean.length),
    ...shapeProblem('output_std', file.outputs.length, file.output_std.length),
  ];
  let width = file.inputs.length;
  for (const [k, layer] of file.layers.entries()) {
    problems.push(...shapeProblem(`layers[${k}].bias`, layer.weight.length, layer.bias.length));
    for (const [i, row] of layer.weight.entries()) {
      problems.push(...shapeProblem(`layers[${k}].weight[${i}]`, width, row.length));
    }
    width = layer.weight.length;
  }
  problems.push(...shapeProblem(`layers[${file.layers.length - 1}].weight`, file.outputs.length, width));
  return problems;
};

const findInputProblems = (file: EmulatorFile): Problem[] => {
  const [size, steps] = file.inputs.slice(-2);
  if (size === 'model_size_millions' && steps === 'training_steps') return [];
  const expected = 'domains, then model_size_millions and training_steps';
  return [{ path: 'inputs', expected, found: file.inputs.join(', ') }];
};

/** Parses an emulator file. @throws InputError naming every path that is wrong. */
const parseEmulatorFile = (json: unknown): EmulatorFile => {
  const parsed = EmulatorFile.safeParse(json);
  const hint = 'the format is described in docs/worlds.md';
  if (!parsed.success) {
    const problems = zodProblems(parsed.error, [], json);
    throw new InputError('the emulator file cannot be read', problems, { hint });
  }
  const problems = [...findShapeProblems(parsed.data), ...findInputProblems(parsed.data)];
  if (problems.length > 0) throw new InputError('the emulator file does not fit together', problems, { hint });
  return parsed.data;
};

/** A layer as flat numbers: the loop over them is what every evaluation costs. */
interface FlatLayer {
  /** Row-major `(rows × columns)`. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

const flatten = ({ weight, bias }: z.infer<typeof Layer>): FlatLayer => ({
  weight: Float64Array.from(weight.flat()),
  bias: Float64Array.from(bias),
});

const applyLayer = ({ weight, bias }: FlatLayer, input: Float64Array, hidden: boolean): Float64Array<ArrayBuffer> => {
  const columns = input.length;
  const output = new Float64Array(bias.length);
  for (let i = 0; i < output.length; i++) {
    let sum = bias[i] ?? 0;
    for (let j = 0; j < columns; j++) sum += (weight[i * columns + j] ?? 0) * (input[j] ?? 0);
    output[i] = hidden && sum < 0 ? 0 : sum;
  }
  return output;
};

const runLayers = (file: EmulatorFile, layers: readonly FlatLayer[], input: readonly number[]): readonly number[] => {
  let values: Float64Array = Float64Array.from(
    input,
    (value, i) => (value - (file.input_mean[i] ?? 0)) / (file.input_std[i] ?? 1),
  );
  for (const [k, layer] of layers.entries()) values = applyLayer(layer, values, k < layers.length - 1);
  return Array.from(values, (value, i) => value * (file.output_std[i] ?? 1) + (file.output_mean[i] ?? 0));
};

const costPerStepOf = (file: EmulatorFile, parameters: number): number => {
  const size = String(parameters / PARAMETERS_PER_MILLION);
  const cost = file.cost_per_100_steps[size];
  if (typeof cost === 'number') return cost / STEPS_PER_COST_ROW;
  const known = file.model_sizes_millions.join(', ');
  const problem = { path: 'parameters', expected: `one of ${known} million`, found: `${size} million` };
  throw new InputError('the emulator has no cost for this size', [problem]);
};

/** Creates an emulator from its file's JSON. @throws InputError naming every path that is wrong. */
export const createEmulator = (json: unknown): Emulator => {
  const file = parseEmulatorFile(json);
  const sizes = file.model_sizes_millions.map((size) => size * PARAMETERS_PER_MILLION).sort((a, b) => a - b);
  const layers = file.layers.map(flatten);
  return {
    domains: file.inputs.slice(0, -2),
    outputs: file.outputs.map(({ name, direction }) => ({ name, direction })),
    sizes,
    target: { parameters: sizes.at(-1) ?? Number.NaN, steps: file.steps.target ?? file.steps.max },
    evaluate: (shares, parameters, steps) =>
      runLayers(file, layers, [...shares, parameters / PARAMETERS_PER_MILLION, steps]),
    costPerStep: (parameters) => costPerStepOf(file, parameters),
  };
};

/** Standard deviation of each output over Dirichlet(1) mixtures at the target `(O)`. */
const measureSpreads = (emulator: Emulator): readonly number[] => {
  const rng = createRng(SPREAD_SEED);
  const samples = Array.from({ length: SPREAD_SAMPLES }, () => {
    const shares = Array.from(drawDirichlet(rng, emulator.domains.length, 1));
    return emulator.evaluate(shares, emulator.target.parameters, emulator.target.steps);
  });
  return emulator.outputs.map((_, o) => deviation(samples.map((sample) => sample[o] ?? Number.NaN)));
};

/** A world that replays an emulator, with its cost table. */
export interface EmulatorWorld extends World {
  readonly emulator: Emulator;
}

/**
 * Creates a world from an emulator file's JSON; metrics bear the file's names. `noise` is the standard deviation as a
 * share of each metric's spread over Dirichlet(1) mixtures at the file's target; 0 by default.
 * @throws InputError naming every path of the file that is wrong.
 */
export const createEmulatorWorld = (json: unknown, options: { readonly noise?: number } = {}): EmulatorWorld => {
  const emulator = createEmulator(json);
  const noise = options.noise ?? 0;
  const spreads = measureSpreads(emulator);
  const range = { min: emulator.sizes[0] ?? 0, max: emulator.sizes.at(-1) ?? 0 };
  return {
    name: 'emulator',
    metrics: emulator.outputs.map(({ name }) => name),
    emulator,
    train: (job) => {
      const shares = alignShares(job.mixture, emulator.domains);
      checkTraining(job, range);
      return job.checkpoints.map((steps) => {
        const values = emulator.evaluate(shares, job.parameters, steps);
        const metrics = emulator.outputs.map(({ name }, o) => {
          const origin = { seed: job.seed, shares, parameters: job.parameters };
          return [name, (values[o] ?? Number.NaN) + noiseOf(noise * (spreads[o] ?? 0), origin, name, steps)];
        });
        return { steps, metrics: Object.fromEntries(metrics) };
      });
    },
  };
};
