import type { Ending } from './ending.js';
import type { Mixture } from './mixture.js';

/** Metric name to value. Finite numbers only. */
export type Metrics = Readonly<Record<string, number>>;

/** Metrics at a checkpoint on the way. */
export interface CurvePoint {
  readonly steps: number;
  readonly metrics: Metrics;
}

/** How a trial ended; `retracted`: a person took its result back, and it says nothing, whatever it had reported. */
export type ObservationStatus = Ending | typeof RETRACTED;
export const RETRACTED = 'retracted';

/** What one trial taught: the only thing that a belief is built from. */
export interface Observation {
  readonly trial: string;
  readonly mixture: Mixture;
  readonly scale: string;
  /** Steps the run was asked for. */
  readonly steps: number;
  readonly status: ObservationStatus;
  /** Final metrics; empty when the run did not get there. */
  readonly metrics: Metrics;
  readonly curve?: readonly CurvePoint[];
  /** The trial whose last checkpoint this run went on from. */
  readonly continues?: string;
  /** What it cost in the sweep's units; when absent, computed from scale and steps, and 0 of an imported run. */
  readonly cost?: number;
  /** An earlier run, made outside the sweep: it has no checkpoint that a run could go on from. */
  readonly imported?: true;
}

/** Does it say anything: was its result not taken back? */
export const counts = ({ status }: Pick<Observation, 'status'>): boolean => status !== RETRACTED;

/** A trial that was proposed and has not ended: counted in the next proposal and in the budget. */
export interface PendingTrial {
  readonly trial?: string;
  readonly mixture: Mixture;
  readonly scale: string;
  readonly steps: number;
  readonly continues?: string;
  /** Worst-case cost; computed from scale and steps when absent. */
  readonly cost?: number;
}

/** The observation that is left of a run when a person took its result back: what was run and what it cost. */
export const retractedRun = ({ metrics: _metrics, curve: _curve, ...run }: Observation): Observation => ({
  ...run,
  status: RETRACTED,
  metrics: {},
});
