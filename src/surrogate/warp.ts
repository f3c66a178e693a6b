/** A monotone map of an output to the space where the Gaussian process lives (mean 0, sd 1 over the rows). */
export interface Warp {
  forward(y: number): number;
  inverse(z: number): number;
  /** d inverse / d z at z. */
  slope(z: number): number;
  /** Sum over the rows of ln |d forward / d y|: turns a density of z into one of y. */
  readonly logJacobian: number;
}

export type WarpKind = 'none' | 'log';

const median = (values: Float64Array): number => {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

const meanAndSd = (values: Float64Array): { mean: number; sd: number } => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, sd: Math.sqrt(variance) };
};

const TINY = 1e-9; // relative to the size of the values: below it all rows are one value, and any scale will do

/** A scale to divide by; the size of the values (or 1) when they do not spread. */
const positive = (spread: number, size: number): number =>
  spread > TINY * Math.abs(size) ? spread : Math.abs(size) || 1;

const LOWEST = -0.95; // log(1 + x) is continued linearly below, so that a loss below the best seen stays finite

/** log(1 + x), continued linearly below `LOWEST` with the slope that it has there. */
const softLog = (x: number): number => (x > LOWEST ? Math.log1p(x) : Math.log1p(LOWEST) + (x - LOWEST) / (1 + LOWEST));
const softLogSlope = (x: number): number => 1 / (1 + Math.max(x, LOWEST));
const softExp = (t: number): number => {
  const edge = Math.log1p(LOWEST);
  return t > edge ? Math.expm1(t) : LOWEST + (t - edge) * (1 + LOWEST);
};

/** Standardises; and before that, for `log`, takes log(1 + (y - least) / (median - least)), which evens out saturating laws. */
export const fitWarp = (kind: WarpKind, values: Float64Array): Warp => {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const middle = median(values);
  const unit = kind === 'log' ? positive(middle - least, middle) : 1;
  const shape = (y: number): number => (kind === 'log' ? softLog((y - least) / unit) : y);
  const { mean, sd: spread } = meanAndSd(values.map(shape));
  const sd = positive(spread, kind === 'log' ? 1 : mean);
  const unshape = (t: number): number => (kind === 'log' ? least + unit * softExp(t) : t);
  const unshapeSlope = (t: number): number => (kind === 'log' ? unit / softLogSlope(softExp(t)) : 1);
  const slope = (z: number): number => unshapeSlope(mean + sd * z) * sd;
  const forward = (y: number): number => (shape(y) - mean) / sd;
  return {
    forward,
    inverse: (z) => unshape(mean + sd * z),
    slope,
    logJacobian: values.reduce((sum, y) => sum - Math.log(slope(forward(y))), 0),
  };
};
