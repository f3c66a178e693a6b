/** What runs were expected to report before they were made, beside what they did report. */
import type { Prediction } from '../domain/decision.js';
import { isSameFidelity } from '../domain/fidelity.js';
import { isSameMixture } from '../domain/mixture.js';
import { Z95 } from './format.js';
import type { DecisionView, ObservationView, SweepView } from './sweep-view.js';

/** A run with what was expected of it before it was made. */
export interface Checked extends Prediction {
  readonly run: ObservationView;
  readonly value: number;
  /** Did it report within the 95 % interval expected of it? */
  readonly held: boolean;
}

/** The run's own expectation; for a run of the incumbent at the target, what was predicted of the incumbent. */
const expectationOf = ({ sweep }: SweepView, decision: DecisionView): Prediction | undefined => {
  if (decision.decided !== undefined) return undefined; // what was expected was of the run that a person replaced
  const { expected, incumbent } = decision.explanation;
  if (expected !== undefined) return expected;
  if (incumbent === undefined || !isSameFidelity(decision, sweep.target)) return undefined;
  return isSameMixture(incumbent.mixture, decision.mixture) ? incumbent : undefined;
};

/** Pairs every completed run with what was expected of it when it was decided on, where that is known. */
export const checkedPredictions = (view: SweepView): Checked[] => {
  const decisions = new Map(view.decisions.map((decision) => [decision.trial, decision]));
  return view.observations.flatMap((run) => {
    const decision = decisions.get(run.trial);
    const expected = decision === undefined ? undefined : expectationOf(view, decision);
    if (expected === undefined || run.value === undefined) return [];
    const { mean, sd } = expected;
    return [{ run, value: run.value, mean, sd, held: Math.abs(run.value - mean) <= Z95 * sd }];
  });
};
