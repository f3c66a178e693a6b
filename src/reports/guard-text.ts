/** What is said of guarded metrics: their limits, what is predicted of them, and what confirmation runs reported. */
import type { GuardForecast } from '../domain/decision.js';
import type { Guard } from '../domain/sweep.js';
import { formatPrediction, formatShare, formatSignificant } from './format.js';
import { plainText } from './plain-text.js';
import type { SweepView } from './sweep-view.js';

const DIGITS = 6; // a limit is shown as it was written, however long its mantissa

/** Writes a guard's limits: `at least 0.6`, `0.1 to 1.2`. */
export const limitText = ({ atMost, atLeast }: Guard): string => {
  const [high, low] = [atMost, atLeast].map((limit) =>
    limit === undefined
      ? undefined
      : formatSignificant(limit, DIGITS)
          .replace(/(\.\d*?)0+$/, '$1')
          .replace(/\.$/, ''),
  );
  if (high === undefined) return `at least ${low ?? 'n/a'}`;
  return low === undefined ? `at most ${high}` : `${low} to ${high}`;
};

/** Writes a chance so that it is never shown as certain: `83 %`, `over 99.9 %`. */
export const chanceText = (probability: number): string => {
  if (probability > 0.9995) return 'over 99.9 %';
  return probability < 0.0005
    ? 'under 0.1 %'
    : formatShare(probability, probability > 0.99 || probability < 0.01 ? 1 : 0);
};

/** Is the guard predicted to hold as surely as the sweep asks? */
export const isHeld = ({ probability, confidence }: GuardForecast): boolean => probability >= confidence;

/** Writes one guard as a sentence. */
export const guardSentence = (guard: GuardForecast): string => {
  const verdict = isHeld(guard) ? 'kept' : `NOT kept as surely as asked (${chanceText(guard.confidence)})`;
  return `Guard ${plainText(guard.metric, 80)} ${limitText(guard)}: predicted ${formatPrediction(guard)}, ${verdict}, with a chance of ${chanceText(guard.probability)}.`;
};

/** What confirmation runs reported of a metric on average; undefined before they did. */
export const confirmedMetric = ({ confirmations }: SweepView, metric: string): number | undefined => {
  const values = confirmations.flatMap(({ metrics }) =>
    Object.hasOwn(metrics, metric) ? [metrics[metric] ?? Number.NaN] : [],
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
};
