/**
 * The covariance of a loss over mixture and fidelity, as products of two small tables.
 *
 *   K = t^2 (Ft + c u u') + s^2 Fn (R + b^2 P) + noise^2 I
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | Ft | exp(-.5 (du_m^2 / l_m^2 + du_z^2 / l_z^2)) over distinct fidelities: smooth, as the trend is | f × f |
 * | Fn | M(du_m / l_m) exp(-.5 du_z^2 / l_z^2), M Matern 3/2, its own lengths: what differs between sizes need not change smoothly | f × f |
 * | R | Matern 5/2 or squared exponential of the distance between embedded distinct mixtures | m × m |
 * | P | half the inner product of shares and square roots of shares, each about its value at equal shares | m × m |
 * | du_m | distance of two scales in log parameters and log tokens (fidelity-features.ts); du_z that in log steps | f × f |
 * | u u' | inner product of log parameters, log tokens and log steps: random slopes, c their variance; losses go on falling where nothing was seen | f × f |
 * | g | exp(rate (compute - about)), which Fn is multiplied by on both sides where the spread over mixtures grows; mostly 1 | f |
 * | t | weight of the trend that all mixtures share (the overall scale is profiled out) | |
 * | theta | logarithms of s, l_m and l_z of Ft, l_m and l_z of Fn, l_w of R, noise, b | 8 |
 *
 * A run's checkpoints share its mixture and runs share fidelities, so exponentials are taken f^2 + m^2 times, not n^2.
 */
import { computeOf, scaleGap2, type FidelityPoint } from './fidelity-features.js';

/** What mixtures differ by, as a function of compute C in factors of fifty: exp(rate (C - about)) times what it is there. */
export interface Growth {
  readonly rate: number;
  readonly about: number;
}

/** Which kernel a member of the belief has. */
export interface KernelShape {
  readonly embedding: 'sqrt' | 'share';
  readonly radial: 'matern52' | 'rbf';
  /** Variance of the trend over fidelity that all mixtures share (t^2 above); 0 without one. */
  readonly trend: number;
  /** Is there a part that is linear in shares and their square roots (b above)? */
  readonly linear: boolean;
  /** Variance of the trend's slopes over log parameters, log tokens and log steps, relative to the rest of the trend. */
  readonly slope: number;
  /** How the spread over mixtures changes with compute; absent: not at all. */
  readonly growth?: Growth;
}

/** Positions in theta. */
export const THETA = {
  amplitude: 0,
  trendSize: 1,
  trendSteps: 2,
  size: 3,
  steps: 4,
  mixture: 5,
  noise: 6,
  linear: 7,
} as const;
export const THETA_LENGTH = 8;

/** Rows of data as indices into distinct mixtures and fidelities. */
export interface Design {
  readonly mixtures: readonly Float64Array[];
  readonly fidelities: readonly FidelityPoint[];
  readonly rowMixture: Int32Array;
  readonly rowFidelity: Int32Array;
}

/** Squared differences and distances of a design, independent of theta. */
export interface Geometry {
  readonly scaleGap2: Float64Array;
  readonly stepsGap2: Float64Array;
  readonly distance: Float64Array;
  /** P; empty for a shape without a linear part. */
  readonly product: Float64Array;
}

/** Kernel tables at one theta. */
export interface Tables {
  readonly trend: Float64Array;
  /** The part of it that depends on theta. */
  readonly trendRadial: Float64Array;
  readonly fidelity: Float64Array;
  /** R + b^2 P. */
  readonly likeness: Float64Array;
  /** d R / d log l_w. */
  readonly radialSlope: Float64Array;
}

export const VARIANCE_FLOOR = 1e-6; // of the unit-scale kernel: below what any metric is reported to, and keeps K definite

const SQRT3 = Math.sqrt(3);
const SQRT5 = Math.sqrt(5);

/** Embeds shares (d): square roots make the distance Hellinger's, which spreads out the faces of the simplex. */
export const embed = (shape: Pick<KernelShape, 'embedding'>, shares: ArrayLike<number>): Float64Array => {
  const embedded = new Float64Array(shares.length);
  const isRooted = shape.embedding === 'sqrt';
  for (let i = 0; i < embedded.length; i++) embedded[i] = isRooted ? Math.sqrt(Math.max(shares[i]!, 0)) : shares[i]!;
  return embedded;
};

/** Returns the Euclidean distance of two embedded mixtures. */
export const distanceOf = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
};

/** Returns correlation at `distance` for a length scale: Matern 5/2 (Rasmussen & Williams 2006, eq. 4.17) or squared exponential. */
export const radialAt = (shape: Pick<KernelShape, 'radial'>, distance: number, length: number): number => {
  const r = distance / length;
  if (shape.radial === 'rbf') return Math.exp(-0.5 * r * r);
  const a = SQRT5 * r;
  return (1 + a + (a * a) / 3) * Math.exp(-a);
};

/** Returns d correlation / d (distance^2), finite at distance 0. */
export const radialSlopeAt = (shape: KernelShape, distance: number, length: number): number => {
  const r = distance / length;
  if (shape.radial === 'rbf') return -Math.exp(-0.5 * r * r) / (2 * length * length);
  const a = SQRT5 * r;
  return (-5 * (1 + a) * Math.exp(-a)) / (6 * length * length);
};

/** Half the inner product of two mixtures' features; 1 at a corner, roughly. */
export const productOf = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum / 2;
};

/** What the kernel needs to know of a mixture: worked out once for all pairs. */
export interface Place {
  readonly embedded: Float64Array;
  /** Shares and roots of shares (2 d), each about its value at equal shares, one beside the other. */
  readonly features: Float64Array;
}

/** Places a mixture. */
export const placeOf = (shape: Pick<KernelShape, 'embedding'>, shares: ArrayLike<number>): Place => {
  const embedded = embed(shape, shares);
  const isRooted = shape.embedding === 'sqrt';
  const [even, evenRoot] = [1 / shares.length, Math.sqrt(1 / shares.length)];
  const features = new Float64Array(2 * shares.length);
  for (let i = 0; i < shares.length; i++) {
    const root = isRooted ? embedded[i]! : Math.sqrt(Math.max(shares[i]!, 0));
    features[2 * i] = shares[i]! - even;
    features[2 * i + 1] = root - evenRoot;
  }
  return { embedded, features };
};

/** Returns b^2; 0 for a shape without a linear part. */
export const linearVariance = (shape: KernelShape, theta: Float64Array): number =>
  shape.linear ? Math.exp(2 * theta[THETA.linear]!) : 0;

/** Gaps of two fidelities, in lengths at theta[size] and theta[steps]. */
const gapsOf = (theta: Float64Array, size: number, steps: number, a: FidelityPoint, b: FidelityPoint) => ({
  scale: Math.sqrt(scaleGap2(a, b)) / Math.exp(theta[size]!),
  steps: Math.abs(a.steps - b.steps) / Math.exp(theta[steps]!),
});

/** Ft of two fidelities. */
const trendCorrelation = (theta: Float64Array, a: FidelityPoint, b: FidelityPoint): number => {
  const gaps = gapsOf(theta, THETA.trendSize, THETA.trendSteps, a, b);
  return Math.exp(-0.5 * (gaps.scale ** 2 + gaps.steps ** 2));
};

/** Fn of two fidelities: how alike they rank mixtures (Matern 3/2: Rasmussen & Williams 2006, eq. 4.17). */
const fidelityCorrelation = (theta: Float64Array, a: FidelityPoint, b: FidelityPoint): number => {
  const gaps = gapsOf(theta, THETA.size, THETA.steps, a, b);
  const r = SQRT3 * gaps.scale;
  return (1 + r) * Math.exp(-r - 0.5 * gaps.steps ** 2);
};

/** What the spread over mixtures at a fidelity is multiplied by. */
const growthAt = ({ growth }: KernelShape, at: FidelityPoint): number =>
  growth === undefined ? 1 : Math.exp(growth.rate * (computeOf(at) - growth.about));

/** Covariance of the mixture part at two fidelities, in units of its own variance where it does not grow. */
export const mixtureCovariance = (
  shape: KernelShape,
  theta: Float64Array,
  a: FidelityPoint,
  b: FidelityPoint,
): number => fidelityCorrelation(theta, a, b) * growthAt(shape, a) * growthAt(shape, b);

/** Returns d log M / d log l_m for the gap^2 of two scales. */
const sizeSlope = (gap2: number, theta: Float64Array): number => {
  const r2 = (3 * gap2) / Math.exp(2 * theta[THETA.size]!);
  return r2 / (1 + Math.sqrt(r2));
};

/** Covariance of the trend at two fidelities, in units of its own variance. */
export const trendCovariance = (shape: KernelShape, theta: Float64Array, a: FidelityPoint, b: FidelityPoint): number =>
  trendCorrelation(theta, a, b) + shape.slope * (a.size * b.size + a.tokens * b.tokens + a.steps * b.steps);

const pairwise = <T>(items: readonly T[], f: (a: T, b: T) => number): Float64Array => {
  const n = items.length;
  const table = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) table[i * n + j] = table[j * n + i] = f(items[i]!, items[j]!);
  }
  return table;
};

/** Measures the distances within a design, (f × f) and (m × m). */
export const geometryOf = (shape: KernelShape, design: Design): Geometry => {
  const places = design.mixtures.map((shares) => placeOf(shape, shares));
  return {
    scaleGap2: pairwise(design.fidelities, scaleGap2),
    stepsGap2: pairwise(design.fidelities, (a, b) => (a.steps - b.steps) ** 2),
    distance: pairwise(places, (a, b) => distanceOf(a.embedded, b.embedded)),
    product: shape.linear ? pairwise(places, (a, b) => productOf(a.features, b.features)) : new Float64Array(0),
  };
};

/** Tabulates correlations and their slopes by log length over pairs of mixtures; one exponential a pair. */
const radialTables = (
  shape: KernelShape,
  distance: Float64Array,
  m: number,
  length: number,
): { readonly radial: Float64Array; readonly radialSlope: Float64Array } => {
  const radial = new Float64Array(m * m);
  const radialSlope = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      const r = distance[i * m + j]! / length;
      const a = SQRT5 * r;
      const decay = shape.radial === 'rbf' ? Math.exp(-0.5 * r * r) : Math.exp(-a);
      const value = shape.radial === 'rbf' ? decay : (1 + a + (a * a) / 3) * decay;
      const slope = shape.radial === 'rbf' ? r * r * decay : ((a * a) / 3) * (1 + a) * decay;
      radial[i * m + j] = radial[j * m + i] = value;
      radialSlope[i * m + j] = radialSlope[j * m + i] = slope;
    }
  }
  return { radial, radialSlope };
};

/** Evaluates the tables at theta. */
export const tablesAt = (shape: KernelShape, design: Design, geometry: Geometry, theta: Float64Array): Tables => {
  const length = Math.exp(theta[THETA.mixture]!);
  const { radial, radialSlope } = radialTables(shape, geometry.distance, design.mixtures.length, length);
  const b2 = linearVariance(shape, theta);
  return {
    trend: pairwise(design.fidelities, (a, b) => trendCovariance(shape, theta, a, b)),
    trendRadial: pairwise(design.fidelities, (a, b) => trendCorrelation(theta, a, b)),
    fidelity: pairwise(design.fidelities, (a, b) => mixtureCovariance(shape, theta, a, b)),
    likeness: shape.linear ? radial.map((value, at) => value + b2 * geometry.product[at]!) : radial,
    radialSlope,
  };
};

/** Assembles the lower triangle of K (n × n), noise included. */
export const covariance = (shape: KernelShape, design: Design, tables: Tables, theta: Float64Array): Float64Array => {
  const { rowMixture, rowFidelity } = design;
  const [n, f, m] = [rowMixture.length, design.fidelities.length, design.mixtures.length];
  const amplitude2 = Math.exp(2 * theta[THETA.amplitude]!);
  const k = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const fRow = rowFidelity[i]! * f;
    const mRow = rowMixture[i]! * m;
    for (let j = 0; j <= i; j++) {
      const at = fRow + rowFidelity[j]!;
      k[i * n + j] =
        shape.trend * tables.trend[at]! + amplitude2 * tables.fidelity[at]! * tables.likeness[mRow + rowMixture[j]!]!;
    }
    k[i * n + i] = k[i * n + i]! + noiseVariance(theta);
  }
  return k;
};

/** Returns the variance of one row's noise, relative to the profiled scale. */
export const noiseVariance = (theta: Float64Array): number => Math.exp(2 * theta[THETA.noise]!) + VARIANCE_FLOOR;

/** Returns the derivatives (8) of sum_ij S_ij K_ij by theta, given the lower triangle of the symmetric S (n × n). */
export const contractGradient = (
  shape: KernelShape,
  design: Design,
  geometry: Geometry,
  tables: Tables,
  theta: Float64Array,
  s: Float64Array,
): Float64Array => {
  const { rowMixture, rowFidelity } = design;
  const [n, f, m] = [rowMixture.length, design.fidelities.length, design.mixtures.length];
  const plain = new Float64Array(f * f); // S summed by pair of fidelities
  const weighted = new Float64Array(f * f); // S o (R + b^2 P) summed likewise
  const byMixture = new Float64Array(m * m); // S o Fn summed by pair of mixtures
  let trace = 0;
  for (let i = 0; i < n; i++) {
    const fRow = rowFidelity[i]! * f;
    const mRow = rowMixture[i]! * m;
    trace += s[i * n + i]!;
    for (let j = 0; j <= i; j++) {
      const value = i === j ? s[i * n + j]! : 2 * s[i * n + j]!;
      const fAt = fRow + rowFidelity[j]!;
      const mAt = mRow + rowMixture[j]!;
      plain[fAt] = plain[fAt]! + value;
      weighted[fAt] = weighted[fAt]! + value * tables.likeness[mAt]!;
      byMixture[mAt] = byMixture[mAt]! + value * tables.fidelity[fAt]!;
    }
  }
  const amplitude2 = Math.exp(2 * theta[THETA.amplitude]!);
  const gradient = new Float64Array(THETA_LENGTH);
  const add = (index: number, value: number): void => {
    gradient[index] = gradient[index]! + value;
  };
  for (let at = 0; at < f * f; at++) {
    const trendPart = shape.trend * plain[at]! * tables.trendRadial[at]!;
    const mixturePart = amplitude2 * weighted[at]! * tables.fidelity[at]!;
    add(THETA.amplitude, 2 * mixturePart);
    add(THETA.trendSize, trendPart * geometry.scaleGap2[at]! * Math.exp(-2 * theta[THETA.trendSize]!));
    add(THETA.trendSteps, trendPart * geometry.stepsGap2[at]! * Math.exp(-2 * theta[THETA.trendSteps]!));
    add(THETA.size, mixturePart * sizeSlope(geometry.scaleGap2[at]!, theta));
    add(THETA.steps, mixturePart * geometry.stepsGap2[at]! * Math.exp(-2 * theta[THETA.steps]!));
  }
  const linear = 2 * amplitude2 * linearVariance(shape, theta);
  for (let at = 0; at < m * m; at++) {
    add(THETA.mixture, amplitude2 * byMixture[at]! * tables.radialSlope[at]!);
    if (shape.linear) add(THETA.linear, linear * byMixture[at]! * geometry.product[at]!);
  }
  add(THETA.noise, 2 * Math.exp(2 * theta[THETA.noise]!) * trace);
  return gradient;
};
