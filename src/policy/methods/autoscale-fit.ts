/**
 * Direct data optimisation, the first stage of AutoScale (arXiv 2407.20177): what more or less of each domain does to the
 * objective at one number of training tokens, as a sum of one power law a domain.
 *
 * | name | meaning                                                        | shape | unit         |
 * |------|----------------------------------------------------------------|-------|--------------|
 * | x    | tokens of a domain, as a multiple of those in the base run     | (D)   | 1            |
 * | y    | the objective, signed so that less is better, over its level   |       | 1            |
 * | a, b | shift and exponent of each domain, >= 0                        | (D)   | 1            |
 * | c    | what no domain changes                                         |       | 1            |
 *
 *     y(x) = c + sum over i of (x_i + a_i)^(-b_i)
 *
 * Differs from the paper: all domains are fitted together. There a run changes one domain's tokens and leaves the others';
 * here runs end on the sweep's step grid, so that more of one domain is less of the others. Where the others are left as
 * they are, both fits are the same: 2 D + 1 unknowns, 2 D + 1 runs.
 */
import type { Term } from './convex-solve.js';
import { bestOfStarts, type Residuals } from './least-squares.js';

export interface DomainPower {
  readonly shift: number;
  readonly exponent: number;
}

const MOST_SHIFT = 100; // of base tokens: the power law is then a line over any share
const MOST_EXPONENT = 100; // beside such a shift, the steepest line
const START_SHIFTS = [0.3, 1, 4];
const START_EXPONENTS = [0.02, 0.2];

/** Derivatives of y `(n × 2 D + 1)`; `powers` are what each domain's tokens come to (n × D). */
const jacobianAt = (multiples: readonly ArrayLike<number>[], p: Float64Array, powers: Float64Array): Float64Array => {
  const domains = (p.length - 1) / 2;
  const jacobian = new Float64Array(multiples.length * p.length);
  for (let k = 0; k < multiples.length; k++) {
    const [x, row] = [multiples[k]!, k * p.length];
    jacobian[row] = 1;
    for (let i = 0; i < domains; i++) {
      const base = x[i]! + p[1 + 2 * i]!;
      const power = powers[k * domains + i]!;
      jacobian[row + 1 + 2 * i] = (-p[2 + 2 * i]! * power) / base;
      jacobian[row + 2 + 2 * i] = -Math.log(base) * power;
    }
  }
  return jacobian;
};

/** Parameters: c, then a and b of each domain. */
const modelOf =
  (multiples: readonly ArrayLike<number>[], values: ArrayLike<number>) =>
  (p: Float64Array): Residuals => {
    const domains = (p.length - 1) / 2;
    const powers = new Float64Array(multiples.length * domains);
    const residuals = new Float64Array(multiples.length);
    for (let k = 0; k < multiples.length; k++) {
      const x = multiples[k]!;
      let y = p[0]!;
      for (let i = 0; i < domains; i++) {
        const power = (x[i]! + p[1 + 2 * i]!) ** -p[2 + 2 * i]!;
        powers[k * domains + i] = power;
        y += power;
      }
      residuals[k] = y - values[k]!;
    }
    return { residuals, jacobian: () => jacobianAt(multiples, p, powers) };
  };

const LEAST_SHIFT = 1e-3; // keeps a run without any tokens of a domain at a finite value

/** Fits the sum of power laws to values `(n)` of runs with these multiples `(n × D)` of the base's tokens. */
export const fitDomainPowers = (multiples: readonly ArrayLike<number>[], values: readonly number[]): DomainPower[] => {
  const domains = multiples[0]!.length;
  const level = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
  const unit = values.map((value) => value / level);
  const mean = unit.reduce((sum, value) => sum + value, 0) / unit.length;
  const repeat = (c: number, a: number, b: number): number[] => [
    c,
    ...Array.from({ length: domains }, () => [a, b]).flat(),
  ];
  const starts = START_SHIFTS.flatMap((a) => START_EXPONENTS.map((b) => repeat(mean - domains * (1 + a) ** -b, a, b)));
  const { parameters } = bestOfStarts(modelOf(multiples, unit), starts, {
    lower: repeat(Number.NEGATIVE_INFINITY, LEAST_SHIFT, 0),
    upper: repeat(Number.POSITIVE_INFINITY, MOST_SHIFT, MOST_EXPONENT),
  });
  return Array.from({ length: domains }, (_, i) => ({
    shift: parameters[1 + 2 * i]!,
    exponent: parameters[2 + 2 * i]!,
  }));
};

/** A domain's power law as a term of its share, which is `base` in the base run (positive). */
export const powerTerm = ({ shift, exponent }: DomainPower, base: number): Term => ({
  value: (share) => (share / base + shift) ** -exponent,
  slope: (share) => (-exponent / base) * (share / base + shift) ** (-exponent - 1),
  shareAt: (multiplier) =>
    exponent > 0 ? base * ((exponent / (base * multiplier)) ** (1 / (exponent + 1)) - shift) : Number.NEGATIVE_INFINITY,
});
