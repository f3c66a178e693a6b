import type { Fidelity } from './fidelity.js';
import type { Mixture } from './mixture.js';
import type { Guard } from './sweep.js';

/** A predicted objective at the target, in the objective's own units and direction. */
export interface Prediction {
  readonly mean: number;
  /** Standard deviation of the belief about the true (noise-free) value. */
  readonly sd: number;
}

/** A mixture the policy looked at, at one fidelity. */
export interface Candidate extends Fidelity {
  readonly mixture: Mixture;
  readonly cost: number;
  /** What running it is worth, in the objective's units (expected improvement of the recommendation at the target). */
  readonly value: number;
  /** `value / cost`: what was compared. */
  readonly valuePerCost: number;
  readonly continues?: string;
}

/** How far a scale can be trusted to rank mixtures as the target does. */
export interface FidelityTrust {
  readonly scale: string;
  /** Learnt correlation with the target over mixtures, in [-1, 1], at the scale's longest run: as likely more as less. */
  readonly correlation: number;
  /** Holds the correlation with probability 0.9; absent from records of earlier versions. */
  readonly interval?: readonly [number, number];
  /** Completed runs at this scale. */
  readonly runs: number;
}

/** How well the belief fits what was seen. */
export interface FitQuality {
  /** Rows of data (checkpoints) fitted. */
  readonly rows: number;
  readonly logMarginalLikelihood: number;
  /** Root mean square of leave-one-out standardised errors; near 1 when honest. */
  readonly standardizedError: number;
}

/** What is believed of a guarded metric at the target, in the metric's own unit. */
export interface GuardForecast extends Prediction, Guard {
  /** That the metric keeps its limits there. */
  readonly probability: number;
}

/** A mixture than which no other is better in every metric, with what is predicted of each metric at the target. */
export interface FrontPoint {
  readonly mixture: Mixture;
  /** Metric name to prediction, in the metric's own unit. */
  readonly metrics: Readonly<Record<string, Prediction>>;
}

/** Why this run: everything `explain` needs, plain JSON. */
export interface Explanation {
  readonly policy: string;
  /** One sentence for people. */
  readonly reason: string;
  /** Where in the policy's plan this decision stands. */
  readonly phase: 'opening' | 'search' | 'test-recommendation';
  /** Spent and committed before this decision, in the sweep's units. */
  readonly committed: number;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly fit?: FitQuality;
  readonly trust: readonly FidelityTrust[];
  /** What the belief expects this very run to report (objective at its own fidelity, noise in `sd`); shown against what it did. */
  readonly expected?: Prediction;
  /** The best candidate at each fidelity considered, best first by value per cost. */
  readonly considered: readonly Candidate[];
  /** The best candidate at a costlier scale than the choice, and at a cheaper one. */
  readonly runnerUpCostlier?: Candidate;
  readonly runnerUpCheaper?: Candidate;
  /** Fidelities left out, each with the reason (budget, rule of the policy). */
  readonly excluded: readonly (Fidelity & { readonly reason: string })[];
  /** What the run's mixture is expected to do to the guarded metrics at the target; absent when nothing is guarded. */
  readonly guards?: readonly GuardForecast[];
  /** The mixture that would be recommended now. */
  readonly incumbent?: Prediction & { readonly mixture: Mixture };
}

/** The next run to pay for. */
export interface Proposal extends Fidelity {
  readonly mixture: Mixture;
  /** The trial whose last checkpoint to go on from; `cost` is then the difference. */
  readonly continues?: string;
  readonly cost: number;
  readonly explanation: Explanation;
}

/** A mixture that the belief cannot tell from the best one. */
export interface NearOptimal extends Prediction {
  readonly mixture: Mixture;
}

/** The mixture to use at the target. */
export interface Recommendation extends Prediction {
  readonly mixture: Mixture;
  /** What one run of `mixture` at the target is expected to report (noise in `sd`); absent when nothing is known yet. */
  readonly expected?: Prediction;
  /** Mixtures whose predicted difference to the best is within the belief's doubt, best first. */
  readonly nearOptimal: readonly NearOptimal[];
  /** Smallest and largest share of each domain over the near-optimal set. */
  readonly shareRanges: Readonly<Record<string, readonly [number, number]>>;
  readonly trust: readonly FidelityTrust[];
  /** The guarded metrics of `mixture` at the target; absent when nothing is guarded, or nothing is known yet. */
  readonly guards?: readonly GuardForecast[];
  /** What a reader has to be told in words, such as that no mixture keeps the guards. */
  readonly note?: string;
  /** Spread-out trade-offs between the objective's metrics, none better than another in all; absent unless asked for. */
  readonly front?: readonly FrontPoint[];
}
