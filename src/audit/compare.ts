/** Is what was computed again what was recorded? */
import { canonicalJson } from '../domain/canonical-json.js';

/** How two plain values differ: `bits` when only numbers do, each by no more than the tolerance. */
export interface Difference {
  readonly kind: 'bits' | 'values';
  /** Path of the first difference beyond the tolerance, else of the largest. */
  readonly path: string;
  /** What stands there. */
  readonly recorded: unknown;
  readonly computed: unknown;
}

/** Relative, above 1 in size: what another V8 may make of the same sums, logarithms and powers. */
export const TOLERANCE = 1e-6;

const gap = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object';

/** Walks both values side by side; yields every leaf at which they differ, with the size of the difference. */
function* differences(
  recorded: unknown,
  computed: unknown,
  path: string,
): Generator<Omit<Difference, 'kind'> & { size: number }> {
  if (isObject(recorded) && isObject(computed) && Array.isArray(recorded) === Array.isArray(computed)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(computed)]))
      yield* differences(recorded[key], computed[key], path === '' ? key : `${path}.${key}`);
    return;
  }
  if (canonicalJson(recorded) === canonicalJson(computed)) return;
  const bothNumbers = typeof recorded === 'number' && typeof computed === 'number';
  yield { path, recorded, computed, size: bothNumbers ? gap(recorded, computed) : Infinity };
}

/** Compares two plain values; null when they are the same to the last bit. */
export const differenceOf = (recorded: unknown, computed: unknown): Difference | null => {
  if (canonicalJson(recorded) === canonicalJson(computed)) return null;
  let largest: (Omit<Difference, 'kind'> & { size: number }) | undefined;
  for (const one of differences(recorded, computed, '')) {
    if (one.size > TOLERANCE) return { kind: 'values', path: one.path, recorded: one.recorded, computed: one.computed };
    if (largest === undefined || one.size > largest.size) largest = one;
  }
  const { path, recorded: was, computed: is } = largest ?? { path: '', recorded, computed };
  return { kind: 'bits', path, recorded: was, computed: is };
};
