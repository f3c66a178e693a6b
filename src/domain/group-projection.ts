/**
 * The nearest mixture under bounds and groups, exactly: the dual active-set method for strictly convex quadratic programs
 * (Goldfarb and Idnani 1983, Mathematical Programming 27, 1-33) with unit Hessian.
 *
 * Differs from Goldfarb and Idnani: it starts at the nearest point under the bounds alone, which is an optimum of a part of
 * the limits with known multipliers, and active bounds are kept out of the linear algebra, so that systems are as small
 * as the number of active groups.
 *
 * | name       | meaning                                                                    | shape    |
 * |------------|----------------------------------------------------------------------------|----------|
 * | side       | 0: share free; 1: held at its minimum; -1: held at its maximum             | (D)      |
 * | boundForce | multipliers of held bounds, >= 0                                           | (D)      |
 * | rows       | active equalities: the sum of 1 first, then groups (sign 1: at min, -1: max) | (m)    |
 * | normal     | inward normal of the limit being added                                     | (D)      |
 */
import type { Limits } from './limits.js';
import { groupViolation, sumOver } from './limits.js';
import { clip, findShift, polish, projectOntoBounds } from './projection.js';

const MET = 1e-13; // a limit broken by less is met: rounding of sums of thirty shares, with room
const DEPENDENT = 1e-9; // what active 0/1 rows leave of a 0/1 normal is 0 or, for thirty domains, above 0.01
const MOST_CHANGES = 2000; // each change raises the distance, so it ends; 30 domains and 5 groups take about 20

interface Row {
  readonly coefficients: Float64Array;
  readonly force: { value: number };
  /** Position of the group, -1 for the sum of 1, whose multiplier is free. */
  readonly group: number;
}

interface State {
  readonly limits: Limits;
  readonly shares: Float64Array;
  readonly side: Int8Array;
  readonly boundForce: Float64Array;
  readonly rows: Row[];
}

/** A limit that is broken: `normal . shares` is too small by `amount`. */
interface Broken {
  readonly normal: Float64Array;
  readonly amount: number;
  /** Domain of a bound, or -1. */
  readonly domain: number;
  /** Position of a group, or -1. */
  readonly group: number;
  readonly sign: 1 | -1;
}

/**
 * Where every share is held, the sum of 1 follows from the bounds, and active limits must be independent: changes the
 * shift until one share's multiplier is 0 and lets that share go.
 */
const freeOne = (side: Int8Array, boundForce: Float64Array): void => {
  if (side.includes(0)) return;
  const held = side.includes(-1) ? -1 : 1;
  let first = -1;
  side.forEach((at, i) => {
    if (at === held && (first < 0 || (boundForce[i] ?? 0) < (boundForce[first] ?? 0))) first = i;
  });
  const change = boundForce[first] ?? 0;
  side.forEach((at, i) => (boundForce[i] = (boundForce[i] ?? 0) + (at === held ? -change : change)));
  side[first] = 0;
};

const openState = (point: ArrayLike<number>, limits: Limits): State => {
  const { min, max } = limits;
  const shift = findShift(point, limits);
  const shares = new Float64Array(min.length);
  const side = new Int8Array(min.length);
  const boundForce = new Float64Array(min.length);
  for (let i = 0; i < shares.length; i++) {
    const moved = (point[i] ?? 0) - shift;
    const share = clip(moved, min[i] ?? 0, max[i] ?? 1);
    shares[i] = share;
    if (share !== moved) side[i] = share > moved ? 1 : -1;
    boundForce[i] = Math.abs(share - moved);
  }
  freeOne(side, boundForce);
  const sumRow: Row = { coefficients: new Float64Array(min.length).fill(1), force: { value: 0 }, group: -1 };
  return { limits, shares, side, boundForce, rows: [sumRow] };
};

const boundBroken = ({ limits: { min, max }, shares }: State): Omit<Broken, 'normal'> => {
  let worst: Omit<Broken, 'normal'> = { amount: MET, domain: -1, group: -1, sign: 1 };
  for (let i = 0; i < shares.length; i++) {
    const below = (min[i] ?? 0) - (shares[i] ?? 0);
    const above = (shares[i] ?? 0) - (max[i] ?? 1);
    const amount = Math.max(below, above);
    if (amount > worst.amount) worst = { amount, domain: i, group: -1, sign: below > above ? 1 : -1 };
  }
  return worst;
};

/** Finds the limit that is broken most, or null when all are met. */
const mostBroken = (state: State): Broken | null => {
  let worst = boundBroken(state);
  state.limits.groups.forEach(({ members, min, max }, group) => {
    const sum = sumOver(state.shares, members);
    const amount = Math.max(min - sum, sum - max);
    if (amount > worst.amount) worst = { amount, domain: -1, group, sign: min - sum > sum - max ? 1 : -1 };
  });
  if (worst.domain < 0 && worst.group < 0) return null;
  const normal = new Float64Array(state.shares.length);
  const members = worst.domain >= 0 ? [worst.domain] : (state.limits.groups[worst.group]?.members ?? []);
  for (const i of members) normal[i] = worst.sign;
  return { ...worst, normal };
};

const freeDot = (side: Int8Array, a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < side.length; i++) if (side[i] === 0) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

/** Solves a small symmetric positive definite system by elimination; the systems are Gram matrices of 0/1 rows. */
const solveGram = (gram: Float64Array[], right: number[]): number[] => {
  const size = right.length;
  for (let k = 0; k < size; k++) {
    const pivot = gram[k]?.[k] ?? 1;
    for (let r = k + 1; r < size; r++) {
      const factor = (gram[r]?.[k] ?? 0) / pivot;
      if (factor === 0) continue;
      const row = gram[r];
      if (row === undefined) continue;
      for (let c = k; c < size; c++) row[c] = (row[c] ?? 0) - factor * (gram[k]?.[c] ?? 0);
      right[r] = (right[r] ?? 0) - factor * (right[k] ?? 0);
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    let rest = right[k] ?? 0;
    for (let c = k + 1; c < size; c++) rest -= (gram[k]?.[c] ?? 0) * (right[c] ?? 0);
    right[k] = rest / (gram[k]?.[k] ?? 1);
  }
  return right;
};

/** The part of `normal` that the active rows leave free, and how each multiplier answers to a unit of it. */
const split = ({ rows, side }: State, normal: Float64Array) => {
  const gram = rows.map((a) => Float64Array.from(rows, (b) => freeDot(side, a.coefficients, b.coefficients)));
  const answers = solveGram(
    gram,
    rows.map((row) => freeDot(side, row.coefficients, normal)),
  );
  const residual = normal.slice();
  rows.forEach(({ coefficients }, k) => {
    for (let i = 0; i < residual.length; i++)
      residual[i] = (residual[i] ?? 0) - (answers[k] ?? 0) * (coefficients[i] ?? 0);
  });
  return { answers, residual, length: freeDot(side, residual, residual) };
};

/** The active limit whose multiplier reaches 0 first along a step. */
interface Blocking {
  readonly step: number;
  readonly domain: number;
  readonly row: number;
}

const findBlocking = (state: State, answers: readonly number[], residual: Float64Array): Blocking => {
  let first: Blocking = { step: Number.POSITIVE_INFINITY, domain: -1, row: -1 };
  const consider = (force: number, answer: number, domain: number, row: number): void => {
    if (answer > MET && force / answer < first.step) first = { step: force / answer, domain, row };
  };
  state.rows.forEach(({ group, force }, k) => {
    if (group >= 0) consider(force.value, answers[k] ?? 0, -1, k);
  });
  state.side.forEach((side, i) => {
    if (side !== 0) consider(state.boundForce[i] ?? 0, side * (residual[i] ?? 0), i, -1);
  });
  return first;
};

const takeStep = (
  state: State,
  step: number,
  answers: readonly number[],
  residual: Float64Array,
  moves: boolean,
): void => {
  state.rows.forEach(({ force }, k) => (force.value -= step * (answers[k] ?? 0)));
  for (let i = 0; i < state.shares.length; i++) {
    const side = state.side[i] ?? 0;
    if (side !== 0) state.boundForce[i] = Math.max(0, (state.boundForce[i] ?? 0) - step * side * (residual[i] ?? 0));
    else if (moves) state.shares[i] = (state.shares[i] ?? 0) + step * (residual[i] ?? 0);
  }
};

const release = (state: State, { domain, row }: Blocking): void => {
  if (domain >= 0) {
    state.side[domain] = 0;
    state.boundForce[domain] = 0;
  } else state.rows.splice(row, 1);
};

const activate = (state: State, { normal, domain, group, sign }: Broken, force: number): void => {
  if (domain < 0) {
    state.rows.push({ coefficients: normal, force: { value: force }, group });
    return;
  }
  state.side[domain] = sign;
  state.boundForce[domain] = force;
  state.shares[domain] = (sign > 0 ? state.limits.min[domain] : state.limits.max[domain]) ?? 0;
};

/** Brings one broken limit to be met, releasing active limits that stand in the way; false when they exclude each other. */
const meet = (state: State, broken: Broken): boolean => {
  let missing = broken.amount;
  let force = 0;
  for (let change = 0; change < MOST_CHANGES; change++) {
    const { answers, residual, length } = split(state, broken.normal);
    const blocking = findBlocking(state, answers, residual);
    const moves = length > DEPENDENT;
    const full = moves ? missing / length : Number.POSITIVE_INFINITY;
    const step = Math.min(full, blocking.step);
    if (step === Number.POSITIVE_INFINITY) return false;
    takeStep(state, step, answers, residual, moves);
    force += step;
    if (full <= blocking.step) {
      activate(state, broken, force);
      return true;
    }
    if (moves) missing -= step * length;
    release(state, blocking);
  }
  return false;
};

/** Returns the nearest shares within all limits; when they exclude each other, what came nearest to them. */
export const projectOntoLimits = (point: ArrayLike<number>, limits: Limits): Float64Array => {
  const near = projectOntoBounds(point, limits);
  if (groupViolation(limits, near) <= MET) return near;
  const state = openState(point, limits);
  for (let change = 0; change < MOST_CHANGES; change++) {
    const broken = mostBroken(state);
    if (broken === null || !meet(state, broken)) break;
  }
  return polish(state.shares, limits);
};
