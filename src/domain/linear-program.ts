/**
 * Linear programs over mixtures, exactly: the bounded-variable simplex method on a dense tableau with Bland's rule, which
 * cannot cycle (Bland 1977, Mathematics of Operations Research 2, 103-107). Bounds on single shares are kept out of the
 * tableau, so that thirty domains and five groups give 6 rows.
 *
 * | name  | meaning                                                        | shape        |
 * |-------|----------------------------------------------------------------|--------------|
 * | y     | share above its minimum, then the groups' slacks, then artificials | (n)      |
 * | upper | upper bounds of y (lower bounds are 0)                         | (n)          |
 * | table | B^-1 A, rows: the sum of 1, then the groups                    | (m x n)      |
 * | basis | which y is basic in a row; `value`, what it is                 | (m)          |
 */
import type { Limits } from './limits.js';
import { sumOver, total } from './limits.js';

const PIVOT = 1e-11; // coefficients are sums of few 0s and 1s: anything smaller is rounding
const REDUCED_COST = 1e-12; // costs are scaled to 1
const INFEASIBLE = 1e-10; // below the tolerance on shares, above the rounding of a solve

interface Tableau {
  readonly rows: number;
  readonly columns: number;
  readonly table: Float64Array[];
  readonly value: Float64Array;
  readonly basis: Int32Array;
  readonly upper: Float64Array;
  /** 1 where a nonbasic y stands at its upper bound. */
  readonly atUpper: Uint8Array;
  /** 1 where y is basic. */
  readonly basic: Uint8Array;
}

const rightHandSides = ({ min, groups }: Limits): number[] => [
  1 - total(min),
  ...groups.map((group) => group.max - sumOver(min, group.members)),
];

const openTableau = (limits: Limits): Tableau => {
  const { min, max, groups } = limits;
  const count = min.length;
  const rows = 1 + groups.length;
  const first = count + groups.length; // of the artificial variables
  const columns = first + rows;
  const upper = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) upper[i] = Math.max(0, (max[i] ?? 1) - (min[i] ?? 0));
  groups.forEach((group, g) => (upper[count + g] = Math.max(0, group.max - group.min)));
  const value = new Float64Array(rows);
  const table = rightHandSides(limits).map((side, r) => {
    const row = new Float64Array(columns);
    const sign = side < 0 ? -1 : 1; // artificials start at |side|
    if (r === 0) row.fill(sign, 0, count);
    else {
      for (const i of groups[r - 1]?.members ?? []) row[i] = sign;
      row[count + r - 1] = sign;
    }
    row[first + r] = 1;
    value[r] = Math.abs(side);
    return row;
  });
  const basis = Int32Array.from({ length: rows }, (_, r) => first + r);
  const basic = new Uint8Array(columns).fill(1, first);
  return { rows, columns, table, value, basis, upper, atUpper: new Uint8Array(columns), basic };
};

/** Finds the first variable whose move lowers the cost (Bland's rule), or -1 at the optimum. */
const entering = (t: Tableau, costs: Float64Array): number => {
  for (let j = 0; j < t.columns; j++) {
    if (t.basic[j] === 1 || t.upper[j] === 0) continue;
    let reduced = costs[j] ?? 0;
    for (let r = 0; r < t.rows; r++) reduced -= (costs[t.basis[r] ?? 0] ?? 0) * (t.table[r]?.[j] ?? 0);
    if (t.atUpper[j] === 1 ? reduced > REDUCED_COST : reduced < -REDUCED_COST) return j;
  }
  return -1;
};

/** Finds how far the entering variable can go and which row stops it (-1: its own other bound); ties to the lowest index. */
const leaving = (t: Tableau, j: number, sign: number): { readonly row: number; readonly step: number } => {
  let step = t.upper[j] ?? 0;
  let row = -1;
  for (let r = 0; r < t.rows; r++) {
    const slope = sign * (t.table[r]?.[j] ?? 0);
    if (Math.abs(slope) <= PIVOT) continue;
    const held = t.basis[r] ?? 0;
    const room = slope > 0 ? (t.value[r] ?? 0) : (t.upper[held] ?? 0) - (t.value[r] ?? 0);
    const limit = Math.max(0, room) / Math.abs(slope);
    const wins = limit < step || (limit === step && row >= 0 && held < (t.basis[row] ?? 0));
    if (!wins) continue;
    step = limit;
    row = r;
  }
  return { row, step };
};

const eliminate = (t: Tableau, row: number, j: number): void => {
  const pivotRow = t.table[row];
  if (pivotRow === undefined) return;
  const pivot = pivotRow[j] ?? 1;
  for (let c = 0; c < t.columns; c++) pivotRow[c] = (pivotRow[c] ?? 0) / pivot;
  t.table.forEach((other, r) => {
    const factor = other[j] ?? 0;
    if (r === row || factor === 0) return;
    for (let c = 0; c < t.columns; c++) other[c] = (other[c] ?? 0) - factor * (pivotRow[c] ?? 0);
  });
};

/** Moves the entering variable as far as it goes, and exchanges it with the one that stops it. */
const move = (t: Tableau, j: number): void => {
  const sign = t.atUpper[j] === 1 ? -1 : 1;
  const { row, step } = leaving(t, j, sign);
  const reached = (sign > 0 ? 0 : (t.upper[j] ?? 0)) + sign * step;
  const slope = row < 0 ? 0 : sign * (t.table[row]?.[j] ?? 0);
  for (let r = 0; r < t.rows; r++) t.value[r] = (t.value[r] ?? 0) - sign * step * (t.table[r]?.[j] ?? 0);
  if (row < 0) {
    t.atUpper[j] = sign > 0 ? 1 : 0;
    return;
  }
  const out = t.basis[row] ?? 0;
  t.basic[out] = 0;
  t.atUpper[out] = slope > 0 ? 0 : 1;
  eliminate(t, row, j);
  t.basis[row] = j;
  t.basic[j] = 1;
  t.atUpper[j] = 0;
  t.value[row] = reached;
};

const descend = (t: Tableau, costs: Float64Array): void => {
  for (let j = entering(t, costs); j >= 0; j = entering(t, costs)) move(t, j);
};

const solution = (t: Tableau, limits: Limits): Float64Array => {
  const shares = Float64Array.from(limits.min, (min, i) => min + (t.atUpper[i] === 1 ? (t.upper[i] ?? 0) : 0));
  t.basis.forEach((j, r) => {
    if (j < shares.length) shares[j] = (limits.min[j] ?? 0) + Math.max(0, Math.min(t.upper[j] ?? 0, t.value[r] ?? 0));
  });
  return shares;
};

/** A tableau at a vertex of the feasible set, or what every attempt leaves unmet. */
interface Start {
  readonly tableau: Tableau;
  /** By how much the sum of 1, then each group, is missed by the least total miss. */
  readonly misses: readonly number[];
}

const findStart = (limits: Limits): Start => {
  const tableau = openTableau(limits);
  const first = tableau.columns - tableau.rows;
  descend(tableau, new Float64Array(tableau.columns).fill(1, first));
  const misses = new Array<number>(tableau.rows).fill(0);
  tableau.basis.forEach((j, r) => {
    if (j >= first) misses[j - first] = tableau.value[r] ?? 0;
  });
  tableau.upper.fill(0, first); // from here on artificials stay 0
  return { tableau, misses };
};

const copyOf = (t: Tableau): Tableau => ({
  ...t,
  table: t.table.map((row) => row.slice()),
  value: t.value.slice(),
  basis: t.basis.slice(),
  atUpper: t.atUpper.slice(),
  basic: t.basic.slice(),
});

/** Linear programs over one feasible set. */
export interface LinearProgram {
  /** Is there any mixture within the limits? */
  readonly feasible: boolean;
  /** By how much the sum of 1, then each group, is missed by the mixture that misses least in all. */
  readonly misses: readonly number[];
  /** Returns an extreme point of least `costs . shares`; rounding within 1e-12 is left in. */
  minimize(costs: ArrayLike<number>): Float64Array;
}

/** Prepares linear programs over the mixtures within `limits`. */
export const linearProgram = (limits: Limits): LinearProgram => {
  const { tableau, misses } = findStart(limits);
  const minimize = (costs: ArrayLike<number>): Float64Array => {
    const working = copyOf(tableau); // from the same start every time, so that ties do not depend on history
    const scaled = new Float64Array(working.columns);
    const level = total(costs) / costs.length; // shares sum to 1: a common level changes nothing
    let size = 0;
    for (let i = 0; i < costs.length; i++) size = Math.max(size, Math.abs((costs[i] ?? 0) - level));
    if (size > 0) for (let i = 0; i < costs.length; i++) scaled[i] = ((costs[i] ?? 0) - level) / size;
    descend(working, scaled);
    return solution(working, limits);
  };
  return { feasible: misses.every((miss) => miss <= INFEASIBLE), misses, minimize };
};
