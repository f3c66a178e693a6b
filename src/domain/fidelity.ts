/** A model size that can be trained, with the steps at which a run of it may stop. */
export interface Scale {
  readonly name: string;
  /** Model parameters (count). */
  readonly parameters: number;
  /** Training tokens per optimiser step (count). */
  readonly tokensPerStep: number;
  /** Checkpoints, ascending (optimiser steps); a run to one passes the earlier ones free of charge. */
  readonly steps: readonly number[];
}

/** Where a run is made: which scale, and to which step. */
export interface Fidelity {
  readonly scale: string;
  readonly steps: number;
}

export const isSameFidelity = (a: Fidelity, b: Fidelity): boolean => a.scale === b.scale && a.steps === b.steps;
