/**
 * Power laws that tell what a metric comes to with more data or a larger model: c + k x^(-alpha), one exponent for all
 * curves of a set (as "tied" in the code released with arXiv 2403.16952), a floor c and an amplitude k >= 0 for each.
 * For a known exponent both are a linear regression, so the only search is over the exponent.
 *
 * | name  | meaning                                                    | shape | unit          |
 * |-------|------------------------------------------------------------|-------|---------------|
 * | x     | tokens or parameters, as a share of what is aimed at       | (n)   | 1             |
 * | y     | the metric, less is better                                 | (n)   | of the metric |
 * | alpha | exponent                                                   |       | 1             |
 */

/** Points of one curve, x ascending and positive. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const [FLATTEST, STEEPEST] = [0.02, 3]; // published exponents of size and data lie between 0.05 and 1
const GRID = 40; // exponents looked at, a factor of 1.14 apart
const REFINEMENTS = 40; // golden sections of the best interval: down to 1e-8 of it
const GOLDEN = (Math.sqrt(5) - 1) / 2;

interface Line {
  readonly floor: number;
  readonly amplitude: number;
  readonly squares: number;
}

/** Regresses y on x^(-alpha); a curve that rises with x is taken to stay where it ends. */
const lineFor = ({ x, y }: Curve, alpha: number): Line => {
  const z = x.map((value) => value ** -alpha);
  const meanZ = z.reduce((sum, value) => sum + value, 0) / z.length;
  const meanY = y.reduce((sum, value) => sum + value, 0) / y.length;
  const spread = z.reduce((sum, value) => sum + (value - meanZ) ** 2, 0);
  const slope = spread > 0 ? z.reduce((sum, value, i) => sum + (value - meanZ) * (y[i]! - meanY), 0) / spread : 0;
  const line = slope > 0 ? { floor: meanY - slope * meanZ, amplitude: slope } : { floor: y.at(-1)!, amplitude: 0 };
  const squares = y.reduce((sum, value, i) => sum + (value - line.floor - line.amplitude * z[i]!) ** 2, 0);
  return { ...line, squares };
};

const squaresFor = (curves: readonly Curve[], alpha: number): number =>
  curves.reduce((sum, curve) => sum + lineFor(curve, alpha).squares, 0);

const bestExponent = (curves: readonly Curve[]): number => {
  const step = Math.log(STEEPEST / FLATTEST) / (GRID - 1);
  const logs = Array.from({ length: GRID }, (_, i) => Math.log(FLATTEST) + i * step);
  const errors = logs.map((log) => squaresFor(curves, Math.exp(log)));
  const best = logs[errors.indexOf(Math.min(...errors))]!;
  let [low, high] = [Math.max(best - step, logs[0]!), Math.min(best + step, logs.at(-1)!)];
  for (let round = 0; round < REFINEMENTS; round++) {
    const [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (squaresFor(curves, Math.exp(left)) < squaresFor(curves, Math.exp(right))) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
};

/** Two points leave no room for a floor: the power law through both, or the last value where there is none. */
const throughTwo = ({ x, y }: Curve): number => {
  const [first, last] = [y[0]!, y.at(-1)!];
  if (!(first > last && last > 0)) return last;
  const alpha = Math.log(first / last) / Math.log(x.at(-1)! / x[0]!);
  return last * x.at(-1)! ** Math.min(alpha, STEEPEST);
};

const POINTS_FOR_FLOOR = 3; // unknowns of a curve: c, k, alpha

/**
 * Returns each curve's value at x = 1. Curves of three points or more share an exponent; shorter ones have no floor, and a
 * single point stands for itself.
 */
export const extrapolate = (curves: readonly Curve[]): number[] => {
  const long = curves.filter(({ x }) => x.length >= POINTS_FOR_FLOOR);
  const alpha = long.length === 0 ? FLATTEST : bestExponent(long);
  return curves.map((curve) => {
    if (curve.x.length < POINTS_FOR_FLOOR) return throughTwo(curve);
    const { floor, amplitude } = lineFor(curve, alpha);
    return floor + amplitude;
  });
};
