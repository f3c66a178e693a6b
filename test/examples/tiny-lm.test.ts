import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as modelModule from '../../examples/tiny-lm/model.mjs';
import * as chanceModule from '../../examples/tiny-lm/chance.mjs';
import * as trainerModule from '../../examples/tiny-lm/trainer.mjs';
import * as matrixModule from '../../examples/tiny-lm/matrix.mjs';

interface Shape {
  readonly context: number;
  readonly orders: readonly number[];
  readonly buckets: number;
  readonly width: number;
  readonly hidden: number;
}
interface Batch {
  readonly symbols: readonly Uint8Array[];
  readonly positions: Int32Array;
}
interface Model {
  readonly SHAPES: Readonly<Record<string, Shape>>;
  countParameters(shape: Shape): number;
  initialise(shape: Shape, chance: Chance): Float64Array;
  evaluateLoss(shape: Shape, params: Float64Array, batch: Batch): number;
  computeGradient(shape: Shape, params: Float64Array, batch: Batch): { loss: number; gradient: Float64Array };
}
interface Chance {
  uniform(): number;
  normal(): number;
}
interface Run {
  readonly shape: Shape;
  readonly corpus: Readonly<Record<string, { train: Uint8Array; heldOut: Uint8Array }>>;
  readonly mixture: Readonly<Record<string, number>>;
  readonly tokensPerStep: number;
}
interface State {
  readonly params: Float64Array;
  readonly domainTokens: Readonly<Record<string, number>>;
}
interface Trainer {
  startRun(shape: Shape, seed: number): State;
  trainStep(state: State, run: Run): number;
}
interface Matrix {
  multiplyTransposed(
    a: Float64Array,
    b: Float64Array,
    c: Float64Array,
    rows: number,
    columns: number,
    inner: number,
  ): void;
}

const model = modelModule as Model;
const { createChance } = chanceModule as { createChance(seed: number): Chance };
const trainer = trainerModule as Trainer;
const { multiplyTransposed } = matrixModule as Matrix;

const small: Shape = { context: 3, orders: [2, 3], buckets: 16, width: 4, hidden: 7 };
const domains = ['javascript', 'types', 'prose', 'licences', 'json'];

/** Text of `length` symbols that repeats five of them, so that there is something to learn. */
const cycle = (length: number, shift: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => ((i * 7 + shift) % 5) + 10 * shift);

describe('the tiny language model', () => {
  it('multiplies matrices as the plain sum does, whatever their shape', () => {
    const chance = createChance(3);
    for (const [rows, columns, inner] of [
      [1, 1, 1],
      [2, 4, 3],
      [3, 5, 2],
      [5, 9, 4],
    ] as const) {
      const a = Float64Array.from({ length: rows * inner }, () => chance.normal());
      const b = Float64Array.from({ length: columns * inner }, () => chance.normal());
      const c = new Float64Array(rows * columns);
      multiplyTransposed(a, b, c, rows, columns, inner);
      for (const [at, value] of c.entries()) {
        const [i, j] = [Math.floor(at / columns), at % columns];
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += (a[i * inner + k] ?? 0) * (b[j * inner + k] ?? 0);
        expect(value).toBeCloseTo(sum, 12);
      }
    }
  });

  it('has the sizes that the sweep file states', async () => {
    const file = await readFile(join(import.meta.dirname, '../../config/tiny-lm.yaml'), 'utf8');
    const stated = [...file.matchAll(/(\w+): \{ parameters: (\d+)/g)].map(([, name, count]) => [name, Number(count)]);
    expect(stated).toEqual(Object.entries(model.SHAPES).map(([name, shape]) => [name, model.countParameters(shape)]));
  });

  it('has the gradient that finite differences give, for every parameter', () => {
    const chance = createChance(5);
    const params = model.initialise(small, chance);
    const text = Uint8Array.from({ length: 40 }, () => Math.floor(98 * chance.uniform()));
    const batch: Batch = {
      symbols: Array.from({ length: 6 }, () => text),
      positions: Int32Array.of(8, 13, 13, 20, 31, 39),
    };
    const { loss, gradient } = model.computeGradient(small, params, batch);
    expect(loss).toBeCloseTo(model.evaluateLoss(small, params, batch), 14);
    const width = 1e-5; // balances the cubic term against rounding: both leave about 1e-10
    let largest = 0;
    for (let i = 0; i < params.length; i++) {
      const at = (value: number): number => {
        const moved = params.slice();
        moved[i] = value;
        return model.evaluateLoss(small, moved, batch);
      };
      const value = params[i] ?? 0;
      const difference = (at(value + width) - at(value - width)) / (2 * width);
      largest = Math.max(largest, Math.abs(difference - (gradient[i] ?? Number.NaN)));
    }
    expect(largest).toBeLessThan(1e-8);
    expect(gradient.filter((slope) => slope !== 0).length).toBeGreaterThan(params.length / 4); // most tables rows are not read
  });

  it('learns what can be learnt, and takes its tokens by the mixture to within one a step', () => {
    const corpus = Object.fromEntries(
      domains.map((name, i) => [name, { train: cycle(500, i), heldOut: cycle(100, i) }]),
    );
    const mixture = { javascript: 0.5, types: 0.1, prose: 0.17, licences: 0, json: 0.23 };
    const state = trainer.startRun(small, 1);
    const losses = Array.from({ length: 150 }, () =>
      trainer.trainStep(state, { shape: small, corpus, mixture, tokensPerStep: 32 }),
    );
    expect(losses[0]).toBeGreaterThan(4); // uniform over 98 symbols is ln 98 = 4.58
    expect(losses.at(-1)).toBeLessThan(0.5);
    for (const [name, share] of Object.entries(mixture)) {
      expect(Math.abs((state.domainTokens[name] ?? 0) / (150 * 32) - share), name).toBeLessThan(1 / 32);
    }
    expect(state.domainTokens['licences']).toBe(0);
  });
});
