/** What a function is at a point, with its gradient there. */
export interface Differentiated {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  readonly maxIterations: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

const MEMORY = 6; // pairs kept; seven unknowns need no more
const ARMIJO = 1e-4; // sufficient decrease, Nocedal & Wright 2006, section 3.1
const MAX_HALVINGS = 12; // 2^-12 of a step is below what changes a likelihood
const FIRST_STEP = 0.5; // largest first move of a log hyper-parameter, before curvature is known
const GRADIENT_TOLERANCE = 1e-4; // of a log likelihood per log unit: far below one nat
const DECREASE_TOLERANCE = 1e-6; // relative; further iterations change no decision

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

/** Returns minus the approximate inverse Hessian times the gradient (two-loop recursion, Nocedal & Wright 2006, algorithm 7.4). */
const descentDirection = (gradient: Float64Array, pairs: readonly Pair[]): Float64Array => {
  const q = gradient.slice();
  const alphas = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, rho } = pairs[i]!;
    alphas[i] = rho * dot(s, q);
    for (let k = 0; k < q.length; k++) q[k] = q[k]! - alphas[i]! * y[k]!;
  }
  const last = pairs.at(-1);
  const largest = Math.max(...gradient.map(Math.abs), Number.MIN_VALUE);
  const scale = last === undefined ? Math.min(1, FIRST_STEP / largest) : 1 / (last.rho * dot(last.y, last.y));
  for (let k = 0; k < q.length; k++) q[k] = q[k]! * scale;
  pairs.forEach(({ s, y, rho }, i) => {
    const beta = rho * dot(y, q);
    for (let k = 0; k < q.length; k++) q[k] = q[k]! + (alphas[i]! - beta) * s[k]!;
  });
  return q.map((value) => -value);
};

const clamp = (x: Float64Array, { lower, upper }: LbfgsOptions): Float64Array =>
  x.map((value, i) => Math.min(Math.max(value, lower[i]!), upper[i]!));

/**
 * Minimises a function within bounds by limited-memory BFGS with backtracking (Nocedal & Wright 2006, algorithm 7.5).
 *
 * Differs from L-BFGS-B: a step is clipped to the bounds instead of searched along them; the priors keep optima inside.
 */
export const minimize = <T extends Differentiated>(
  f: (x: Float64Array) => T,
  start: Float64Array,
  options: LbfgsOptions,
): { readonly x: Float64Array; readonly at: T } => {
  let x = clamp(start, options);
  let at = f(x);
  let pairs: Pair[] = [];
  for (let iteration = 0; iteration < options.maxIterations; iteration++) {
    const { value, gradient } = at;
    if (Math.max(...gradient.map(Math.abs)) < GRADIENT_TOLERANCE) break;
    let direction = descentDirection(gradient, pairs);
    if (!(dot(direction, gradient) < 0)) {
      pairs = [];
      direction = descentDirection(gradient, pairs);
    }
    const next = backtrack(f, x, at, direction, options);
    if (next === null) break;
    const s = next.x.map((entry, i) => entry - x[i]!);
    const y = next.at.gradient.map((entry, i) => entry - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 0) pairs = [...pairs.slice(-(MEMORY - 1)), { s, y, rho: 1 / curvature }];
    const decrease = value - next.at.value;
    ({ x, at } = next);
    if (decrease < DECREASE_TOLERANCE * Math.max(1, Math.abs(at.value))) break;
  }
  return { x, at };
};

/** Halves the step until the value has decreased enough; null when no step does. */
const backtrack = <T extends Differentiated>(
  f: (x: Float64Array) => T,
  x: Float64Array,
  { value, gradient }: T,
  direction: Float64Array,
  options: LbfgsOptions,
): { x: Float64Array; at: T } | null => {
  for (let halving = 0, step = 1; halving < MAX_HALVINGS; halving++, step /= 2) {
    const candidate = clamp(
      x.map((entry, i) => entry + step * direction[i]!),
      options,
    );
    const moved = candidate.map((entry, i) => entry - x[i]!);
    const result = f(candidate);
    if (result.value <= value + ARMIJO * dot(moved, gradient) && result.value < value)
      return { x: candidate, at: result };
  }
  return null;
};
