/**
 * The law of BiMix (arXiv 2405.14908) for one domain, fitted to the logarithms of its losses.
 *
 * | name  | meaning                                                     | unit        |
 * |-------|-------------------------------------------------------------|-------------|
 * | r     | the domain's share                                          | 1           |
 * | s     | tokens of the run, as a share of the target's               | 1           |
 * | alpha | how the loss falls with the share                           | 1           |
 * | beta  | how it falls with tokens                                    | 1           |
 * | B, C  | what falls with tokens, and what stays; A is part of both   | of the loss |
 *
 *     L(r, s) = r^(-alpha) (B s^(-beta) + C)
 */
import type { Term } from './convex-solve.js';
import { bestOfStarts, type Residuals } from './least-squares.js';

export interface BimixRow {
  readonly share: number;
  /** Tokens over the target's. */
  readonly volume: number;
  /** Positive. */
  readonly loss: number;
}

export interface BimixLaw {
  readonly alpha: number;
  readonly beta: number;
  /** B and C. */
  readonly falling: number;
  readonly staying: number;
}

const [LEAST_ALPHA, MOST_ALPHA] = [0, 5]; // a loss does not rise with its own domain's share, to within noise
const [LEAST_BETA, MOST_BETA] = [0.01, 3]; // scaling exponents of language models lie between 0.05 and 1
const LOG_RANGE = 12; // B and C are within e^12 of the losses, or nothing
const BETAS = [0.1, 0.3, 0.6, 1]; // starts
const STAYING = [0.2, 0.5, 0.8, 0.95]; // starts: how much of the loss stays

/** Parameters: alpha, beta, ln B, ln C. */
const modelOf =
  (rows: readonly BimixRow[], hasVolumes: boolean) =>
  (p: Float64Array): Residuals => {
    const [alpha, beta, logB, logC] = [p[0]!, p[1]!, p[2]!, p[3]!];
    const residuals = new Float64Array(rows.length);
    const jacobian = new Float64Array(rows.length * 4);
    rows.forEach(({ share, volume, loss }, k) => {
      const falling = hasVolumes ? Math.exp(logB) * volume ** -beta : 0;
      const level = falling + Math.exp(logC);
      residuals[k] = Math.log(level) - alpha * Math.log(share) - Math.log(loss);
      const part = falling / level;
      jacobian.set([-Math.log(share), -part * Math.log(volume), part, 1 - part], 4 * k);
    });
    return { residuals, jacobian: () => jacobian };
  };

/**
 * Fits the law to rows of positive share and loss; undefined when they hold fewer than two different shares. With fewer
 * than three volumes only the rows of the largest count, and the loss is taken not to fall with more tokens (B = 0).
 */
export const fitBimixLaw = (rows: readonly BimixRow[]): BimixLaw | undefined => {
  const usable = rows.filter(({ share, loss }) => share > 0 && loss > 0 && Number.isFinite(loss));
  const hasVolumes = new Set(usable.map(({ volume }) => volume)).size > 2; // B, C and beta of two volumes cannot be told apart
  const most = Math.max(...usable.map(({ volume }) => volume));
  const told = hasVolumes ? usable : usable.filter(({ volume }) => volume === most);
  if (new Set(told.map(({ share }) => share)).size < 2) return undefined;
  const least = Math.log(Math.min(...told.map(({ loss }) => loss)));
  const starts = BETAS.flatMap((beta) =>
    STAYING.map((part) => [0.1, beta, least + Math.log(1 - part), least + Math.log(part)]),
  );
  const { parameters } = bestOfStarts(modelOf(told, hasVolumes), hasVolumes ? starts : starts.slice(0, 1), {
    lower: [LEAST_ALPHA, LEAST_BETA, least - LOG_RANGE, least - LOG_RANGE],
    upper: [MOST_ALPHA, MOST_BETA, least + LOG_RANGE, least + LOG_RANGE],
  });
  const [alpha, beta, logB, logC] = [parameters[0]!, parameters[1]!, parameters[2]!, parameters[3]!];
  return { alpha, beta, falling: hasVolumes ? Math.exp(logB) : 0, staying: Math.exp(logC) };
};

const LEAST_SHARE = 1e-12; // the law has no value at a share of 0; a millionth of a millionth of the tokens stands for it

/** Returns the law's loss at the target's tokens as a term of the share: K r^(-alpha), K = B + C. */
export const bimixTerm = ({ alpha, falling, staying }: BimixLaw): Term => {
  const k = falling + staying;
  const power = (share: number, exponent: number): number => Math.max(share, LEAST_SHARE) ** -exponent;
  return {
    value: (share) => k * power(share, alpha),
    slope: (share) => -alpha * k * power(share, alpha + 1),
    shareAt: (multiplier) => (alpha > 0 ? ((alpha * k) / multiplier) ** (1 / (alpha + 1)) : Number.NEGATIVE_INFINITY),
  };
};
