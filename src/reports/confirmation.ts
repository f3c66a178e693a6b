import { massMoved, type Mixture } from '../domain/mixture.js';
import { decimalsOf, formatFixed, formatPrediction, formatShare, Z95 } from './format.js';
import { objectiveName } from './objective-of.js';
import type { SweepView } from './sweep-view.js';

export interface Confirmation {
  readonly mixture: Mixture;
  /** Confirmation runs that reported the objective. */
  readonly runs: number;
  readonly mean: number;
  /** What was predicted just before they were made. */
  readonly predicted: { readonly mean: number; readonly sd: number } | undefined;
}

/** What the target-scale runs of the recommendation reported, against the prediction they were to test. */
export const confirmationOf = (view: SweepView): Confirmation | undefined => {
  const values = view.confirmations.flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (values.length === 0) return undefined;
  const confirming = new Set(view.confirmations.map(({ trial }) => trial));
  const first = view.decisions.find(({ trial }) => confirming.has(trial));
  const before = view.recommendations.filter(({ at }) => first === undefined || at <= first.at).at(-1)?.recommendation;
  const predicted = before ?? first?.explanation.incumbent;
  return {
    mixture: view.confirmations.at(-1)?.mixture ?? {},
    runs: values.length,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    predicted: predicted === undefined ? undefined : { mean: predicted.mean, sd: predicted.sd },
  };
};

const MOVED = 0.005; // half a percent of the mixture: less is below what shares are written to

/** Says that the recommendation is no longer the mixture that was confirmed, when it has moved since. */
const movedSince = ({ recommendation }: SweepView, { mixture }: Confirmation): string => {
  const moved = recommendation === null ? 0 : massMoved(recommendation.mixture, mixture);
  return moved < MOVED
    ? ''
    : ` With these results counted in, the recommendation has moved by ${formatShare(moved)} of the mixture.`;
};

/** Says how the confirmation went, in one or two sentences. */
export const confirmationSentence = (view: SweepView): string => {
  const result = confirmationOf(view);
  const metric = objectiveName(view.sweep.objective);
  if (result === undefined) {
    if (view.sweep.confirm === 0) return 'Not asked for (confirm: 0).';
    const tried = view.confirmations.length;
    return tried === 0 ? 'Not run.' : `Tried ${tried} times; no run reported ${metric}.`;
  }
  const { runs, mean, predicted } = result;
  const decimals = predicted === undefined ? 4 : decimalsOf(Z95 * predicted.sd, mean);
  const what =
    runs === 1
      ? 'One run of the recommendation at the target reported'
      : `${runs} runs of the recommendation at the target reported on average`;
  const reported = `${what} ${metric} ${formatFixed(mean, decimals)}`;
  if (predicted === undefined) return `${reported}.${movedSince(view, result)}`;
  const held = Math.abs(mean - predicted.mean) <= Z95 * predicted.sd;
  return `${reported}; predicted before: ${formatPrediction(predicted)} (95 % interval). It lies ${held ? 'inside' : 'outside'} the interval.${movedSince(view, result)}`;
};
