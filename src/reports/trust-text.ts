/** Says in words how far a scale can be trusted. */
import type { FidelityTrust, FitQuality } from '../domain/decision.js';
import { formatFixed } from './format.js';

const WEAK = 0.5; // below this, a scale's ranking shares less than a quarter of its variance with the target's

/** How a scale stands to the target: sure to rank the other way round, not known, or known and ranking poorly or well. */
export type Standing = 'reversed' | 'open' | 'poor' | 'good';

/** Judges by the interval; records of earlier versions have the correlation alone. */
export const standingOf = ({ correlation, interval }: FidelityTrust): Standing => {
  const [low, high] = interval ?? [correlation, correlation];
  if (!Number.isFinite(correlation)) return 'open';
  if (interval !== undefined && low <= 0 && high >= 0) return 'open';
  if (interval === undefined ? correlation < -0.3 : high < 0) return 'reversed'; // without an interval, little is little
  return correlation < WEAK ? 'poor' : 'good';
};

/** Writes `0.31 to 0.78`; nothing for records of earlier versions. */
export const formatTrustInterval = ({ interval }: Pick<FidelityTrust, 'interval'>): string =>
  interval === undefined ? '' : interval.map((end) => formatFixed(end, 2)).join(' to ');

/** Writes `0.56 (90 %: 0.31 to 0.78)`. */
export const formatTrust = (trust: FidelityTrust): string => {
  const interval = formatTrustInterval(trust);
  return `${formatFixed(trust.correlation, 2)}${interval === '' ? '' : ` (90 %: ${interval})`}`;
};

/** Says what a correlation of known sign means for a decision. */
const ranking = (correlation: number): string => {
  if (Math.abs(correlation) < 0.3) return 'says little about the target';
  if (correlation < 0) return `ranks mixtures the other way round${correlation > -0.7 ? ', loosely' : ''}`;
  if (correlation < 0.7) return 'ranks mixtures loosely as the target does';
  return correlation < 0.9 ? 'ranks mixtures much as the target does' : 'ranks mixtures as the target does';
};

/** Says what the trust in a scale means for a decision. */
export const trustVerdict = (trust: FidelityTrust): string => {
  if (!Number.isFinite(trust.correlation)) return 'not known';
  const seen = trust.runs === 0 ? ' (assumed; no run there yet)' : '';
  if (trust.interval !== undefined && standingOf(trust) === 'open') {
    return `cannot be told yet: it may rank mixtures as the target does, or the other way round${seen}`;
  }
  return `${ranking(trust.correlation)}${seen}`;
};

/** Can a fit be judged by its errors? Of one checkpoint nothing is left to predict it from, and its error is 0. */
export const saysErrors = ({ rows }: FitQuality): boolean => rows > 1;
