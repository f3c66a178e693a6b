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

/** Gathers what lies at one fidelity, in the order of first sight. */
export const groupByFidelity = <T extends Fidelity>(items: readonly T[]): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${item.scale}@${item.steps}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
};
