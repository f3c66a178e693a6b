/** The pure public API: no Node module, no Temporal, no clock, no chance of its own. */
export { parseSweep } from './domain/parse-sweep.js';
export { propose, type ProposeOptions } from './policy/propose.js';
export { recommend, type RecommendOptions } from './policy/recommend.js';
export { InputError, LauncherError, NumericalError, StateError, isTitrateError } from './domain/errors.js';
export type { ErrorCode, Problem } from './domain/errors.js';
export type { Mixture } from './domain/mixture.js';
export type { Fidelity, Scale } from './domain/fidelity.js';
export type {
  Cost,
  Domain,
  Group,
  Guard,
  LauncherChoice,
  Objective,
  PolicyChoice,
  Reference,
  Sweep,
} from './domain/sweep.js';
export type { CurvePoint, Metrics, Observation, ObservationStatus, PendingTrial } from './domain/observation.js';
export type {
  Candidate,
  Explanation,
  FidelityTrust,
  FitQuality,
  FrontPoint,
  GuardForecast,
  NearOptimal,
  Prediction,
  Proposal,
  Recommendation,
} from './domain/decision.js';
