/** How numbers are written for people. All functions are total: what is not finite is written `n/a`. */
import type { Prediction } from '../domain/decision.js';
import type { Fidelity } from '../domain/fidelity.js';
import type { Mixture } from '../domain/mixture.js';
import { plainText } from './plain-text.js';

/** Two-sided 95 % of a normal distribution lies within this many standard deviations. */
export const Z95 = 1.96;

const groupThousands = (digits: string): string => {
  const [whole = '', fraction] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/** Writes a number with so many decimals and with thousands separated. */
export const formatFixed = (value: number, decimals: number): string =>
  Number.isFinite(value) ? groupThousands(value.toFixed(decimals)) : 'n/a';

const decimalsFor = (magnitude: number, significant: number): number =>
  Math.min(12, Math.max(0, significant - 1 - Math.floor(Math.log10(magnitude))));

/** Writes a number with so many significant digits; whole digits are never rounded away. */
export const formatSignificant = (value: number, significant = 3): string => {
  if (!Number.isFinite(value)) return 'n/a';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(significant - 1).replace('e+', 'e');
  return formatFixed(value, decimalsFor(size, significant));
};

const EXACT_DIGITS = 12; // sums of costs are rounded behind these

/** Writes an amount that a person set, with all of its digits. */
export const formatAmount = (value: number): string =>
  Number.isFinite(value) ? groupThousands(String(Number(value.toPrecision(EXACT_DIGITS)))) : 'n/a';

export const formatCount = (value: number): string => formatFixed(value, 0);

/** Writes a cost with its unit; costs of one sweep span many powers of ten. */
export const formatCost = (value: number, unit = ''): string => {
  const digits = formatSignificant(value, 3);
  return unit === '' ? digits : `${digits} ${plainText(unit)}`;
};

/** Writes a part of one as a percentage. */
export const formatShare = (share: number, decimals = 1): string =>
  Number.isFinite(100 * share) ? `${(100 * share).toFixed(decimals)} %` : 'n/a';

/** Writes how often one number holds another: `2.4x`. */
export const formatRatio = (ratio: number): string =>
  Number.isFinite(ratio) ? `${formatSignificant(ratio, ratio >= 10 ? 3 : 2)}x` : 'n/a';

const MOST_DECIMALS = 6;
const TINY = 1e-3; // with so many decimals, what is smaller loses digits that it has

/** Decimals at which a value known to `sd` is worth writing: two significant digits of the deviation. */
const decimalsOf = (sd: number, value: number): number => {
  const size = Number.isFinite(sd) && sd > 0 ? sd : Math.abs(value) / 1000;
  return size > 0 && Number.isFinite(size) ? decimalsFor(size, 2) : 3;
};

/** Writes a value known to `sd` with the digits that are worth it: `2.134`; what decimals would round to nothing as `3.21e-8`. */
export const formatKnown = (value: number, sd: number): string => {
  const decimals = decimalsOf(sd, value);
  const size = Math.abs(value);
  if (decimals <= MOST_DECIMALS || size >= TINY || size === 0)
    return formatFixed(value, Math.min(MOST_DECIMALS, decimals));
  const digits = sd > 0 ? 2 + Math.floor(Math.log10(size / sd)) : 4;
  return formatSignificant(value, Math.min(6, Math.max(2, digits)));
};

/** Writes a measured metric. */
export const formatValue = (value: number): string => formatSignificant(value, 4);

/** The 95 % interval of a belief. */
export const intervalOf = ({ mean, sd }: Prediction): readonly [number, number] => [mean - Z95 * sd, mean + Z95 * sd];

/** Writes `2.134 ± 0.024`: the mean and the half width of the 95 % interval. */
export const formatPrediction = ({ mean, sd }: Prediction): string => {
  const half = Z95 * sd;
  const decimals = decimalsOf(half, mean);
  const width = decimals > MOST_DECIMALS ? formatSignificant(half, 2) : formatFixed(half, decimals);
  return `${formatKnown(mean, half)} ± ${width}`;
};

/** Writes `2.110 to 2.158`. */
export const formatInterval = (prediction: Prediction): string => {
  const half = Z95 * prediction.sd;
  return intervalOf(prediction)
    .map((end) => formatKnown(end, half))
    .join(' to ');
};

export const formatFidelity = ({ scale, steps }: Fidelity): string =>
  `${plainText(scale)} x ${formatCount(steps)} steps`;

/** Writes a mixture, largest share first; shares that round to nothing are left out, `most` are named at most. */
export const formatMixture = (mixture: Mixture, most = Number.POSITIVE_INFINITY): string => {
  const shown = Object.entries(mixture)
    .filter(([, share]) => share >= 0.0005) // less is written as 0.0 %
    .sort(([, a], [, b]) => b - a);
  const named = shown.slice(0, most).map(([domain, share]) => `${plainText(domain)} ${formatShare(share)}`);
  const rest = shown.slice(most).reduce((sum, [, share]) => sum + share, 0);
  if (rest > 0) named.push(`${shown.length - most} more ${formatShare(rest)}`);
  return named.length === 0 ? 'none' : named.join(', ');
};

/** Writes a duration: `41 s`, `3 min 05 s`, `2 h 07 min`, `3 d 4 h`. */
export const formatDuration = (ms: number): string => {
  if (!Number.isFinite(ms) || ms < 0) return 'n/a';
  const seconds = Math.round(ms / 1000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${pad(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** Writes an ISO 8601 time as `2026-11-22 04:13 UTC`. */
export const formatTime = (iso: string): string => {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?/.exec(iso);
  return found === null ? plainText(iso, 40) : `${found[1]} ${found[2]}${found[3] ?? ''} UTC`;
};

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
