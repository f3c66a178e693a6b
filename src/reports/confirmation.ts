import { BUDGET_SLACK, costOf } from '../domain/cost.js';
import type { Prediction } from '../domain/decision.js';
import { isSameMixture, massMoved, type Mixture } from '../domain/mixture.js';
import { formatCost, formatKnown, formatPrediction, formatShare, formatValue, Z95 } from './format.js';
import { objectiveName } from './objective-of.js';
import { plainText } from './plain-text.js';
import { isConfirmation, targetRuns, type ObservationView, type SweepView } from './sweep-view.js';

export interface Confirmation {
  readonly mixture: Mixture;
  /** Confirmation runs that reported the objective. */
  readonly runs: number;
  readonly mean: number;
  /** What their mean was predicted to be just before they were made. */
  readonly predicted: Prediction | undefined;
  /** The prediction reckons with the noise of runs; records of earlier versions lack what it takes. */
  readonly isOfRuns: boolean;
  /** Does the mean lie within the 95 % interval of what was predicted? */
  readonly held: boolean;
}

/**
 * Predicts the mean of `runs` runs of a mixture from what is believed of it (`own`) and what one run was expected to report: the noise of
 * a run is what the second is less sure of, and averages out.
 */
const meanOfRuns = (own: Prediction, expected: Prediction, runs: number): Prediction => {
  const noise = Math.max(0, expected.sd ** 2 - own.sd ** 2);
  return { mean: expected.mean, sd: Math.sqrt(own.sd ** 2 + noise / runs) };
};

/** What the target-scale runs of the recommendation reported, against the prediction they were to test. */
export const confirmationOf = (view: SweepView): Confirmation | undefined => {
  const values = view.confirmations.flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (values.length === 0) return undefined;
  const confirming = new Set(view.confirmations.map(({ trial }) => trial));
  const first = view.decisions.find(({ trial }) => confirming.has(trial));
  const before = view.recommendations.filter(({ at }) => first === undefined || at <= first.at).at(-1)?.recommendation;
  const own = before ?? first?.explanation.incumbent;
  const expected = before?.expected;
  const predicted = own && expected ? meanOfRuns(own, expected, values.length) : own;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mixture: view.confirmations.at(-1)?.mixture ?? {},
    runs: values.length,
    mean,
    predicted: predicted && { mean: predicted.mean, sd: predicted.sd },
    isOfRuns: expected !== undefined,
    held: predicted !== undefined && Math.abs(mean - predicted.mean) <= Z95 * predicted.sd,
  };
};

const MOVED = 0.005; // half a percent of the mixture: less is below what shares are written to

/** How far the recommendation has moved from the mixture that was confirmed; 0 where that is nothing to speak of. */
export const movedSince = (view: SweepView): number => {
  const { recommendation } = view;
  const confirmed = confirmationOf(view);
  if (recommendation === null || confirmed === undefined) return 0;
  const moved = massMoved(recommendation.mixture, confirmed.mixture);
  return moved < MOVED ? 0 : moved;
};

const movedText = (view: SweepView): string => {
  const moved = movedSince(view);
  return moved === 0
    ? ''
    : ` With these results counted in, the recommendation has moved by ${formatShare(moved)} of the mixture.`;
};

/**
 * The search's own runs of the recommended mixture at the target, when they are as many as were to confirm it: the sweep
 * makes no more then. None otherwise.
 */
export const confirmedBySearch = (view: SweepView): readonly ObservationView[] => {
  const mixture = view.recommendations[0]?.recommendation.mixture; // what was to be confirmed: recommended after the search
  if (mixture === undefined || view.confirmations.length > 0) return [];
  const runs = targetRuns(view).filter((run) => isSameMixture(run.mixture, mixture));
  return runs.length >= view.sweep.confirm ? runs : [];
};

/** Runs that were to confirm what was recommended before a result was taken back. */
const outdatedText = ({ decisions, observations, confirmations }: SweepView): string => {
  const confirming = new Set(confirmations.map(({ trial }) => trial));
  const ended = new Set(observations.map(({ trial }) => trial));
  const outdated = decisions.filter(
    (decision) => isConfirmation(decision) && ended.has(decision.trial) && !confirming.has(decision.trial),
  );
  if (outdated.length === 0) return '';
  const names = outdated.map(({ trial }) => plainText(trial)).join(', ');
  return ` ${names} ran what was recommended before a result was retracted.`;
};

const whyNotRun = (view: SweepView): string => {
  const { sweep, unit } = view;
  const bySearch = confirmedBySearch(view);
  if (bySearch.length > 0) {
    const metric = objectiveName(sweep.objective);
    const runs = bySearch.map(
      ({ trial, value = Number.NaN }) => `${plainText(trial)}: ${metric} ${formatValue(value)}`,
    );
    return `Not needed: the search had run it at the target (${runs.join('; ')}).`;
  }
  if (view.end === null) return 'Not run yet.';
  const finish = view.log.findLast(({ what, taken }) => what === 'finish' && taken);
  if (finish !== undefined) return `Not run: ${plainText(finish.by, 60)} finished the sweep.`;
  if (view.status === 'cancelled') return 'Not run: the sweep was cancelled.';
  const price = costOf(sweep, sweep.target);
  return view.spent + price > sweep.budget * (1 + BUDGET_SLACK)
    ? `Not run: the rest of the budget does not pay for it (${formatCost(price, unit)}).`
    : 'Not run.';
};

/** What the runs reported, with the digits that what was predicted of them leaves. */
export const reportedText = ({ mean, predicted }: Confirmation): string =>
  predicted === undefined ? formatValue(mean) : formatKnown(mean, Z95 * predicted.sd);

/** Says how the confirmation went, in one or two sentences. */
export const confirmationSentence = (view: SweepView): string => {
  const result = confirmationOf(view);
  const metric = objectiveName(view.sweep.objective);
  if (result === undefined) {
    if (view.sweep.confirm === 0) return 'Not asked for (confirm: 0).';
    const tried = view.confirmations.map(({ trial, status }) => `${plainText(trial)}: ${status}`);
    return tried.length === 0
      ? `${whyNotRun(view)}${outdatedText(view)}`
      : `Tried without a result (${tried.join('; ')}): no run reported ${metric}.`;
  }
  const { runs, predicted, isOfRuns, held } = result;
  const what =
    runs === 1
      ? 'One run of the recommendation at the target reported'
      : `${runs} runs of the recommendation at the target reported on average`;
  const reported = `${what} ${metric} ${reportedText(result)}`;
  if (predicted === undefined) return `${reported}.${movedText(view)}`;
  const interval = isOfRuns
    ? `95 % interval, with the noise of ${runs === 1 ? 'one run' : `${runs} runs`}`
    : '95 % interval';
  return `${reported}; predicted before: ${formatPrediction(predicted)} (${interval}). It lies ${held ? 'inside' : 'outside'} the interval.${movedText(view)}`;
};
