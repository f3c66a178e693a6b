/** What a sweep would do with its money, worked out before anything is paid. */
import { approvalReasons } from '../domain/approval.js';
import { BUDGET_SLACK, confirmationReserve, costOf, costUnit } from '../domain/cost.js';
import { feasibleSet, type FeasibleSet } from '../domain/feasible-set.js';
import type { Fidelity } from '../domain/fidelity.js';
import { mixtureOf } from '../domain/mixture.js';
import type { Sweep } from '../domain/sweep.js';
import { planOpening } from '../policy/opening.js';
import { typicalMixture } from '../policy/pool.js';
import { runLengths } from '../policy/run-lengths.js';

/** A run that the sweep can buy, and its price. */
export interface PricedFidelity extends Fidelity {
  readonly parameters: number;
  /** In the sweep's units, as all costs here. */
  readonly cost: number;
  /** Why it waits for a person, whatever is mixed; empty when it does not. */
  readonly approval: readonly string[];
}

/** Runs of one fidelity at the beginning. */
export interface PlannedTier extends Fidelity {
  readonly runs: number;
  readonly cost: number;
}

export interface Plan {
  readonly sweep: string;
  readonly policy: string;
  readonly unit: string;
  readonly parallel: number;
  readonly budget: number;
  /** What the sweep file says that a unit costs in money; null where it says nothing. */
  readonly price: number | null;
  /** Kept for confirmation runs. */
  readonly confirmation: number;
  /** What the search may spend. */
  readonly search: number;
  readonly target: Fidelity;
  /** Of a run to it. */
  readonly targetCost: number;
  /** Scales in the file's order, shorter runs first. */
  readonly prices: readonly PricedFidelity[];
  /** As it is planned while nothing is known; empty for a policy that has none. */
  readonly opening: readonly PlannedTier[];
  /** Target runs that what the opening leaves of the search's money would pay for. */
  readonly targetRuns: number;
  readonly notes: readonly string[];
}

const pricesOf = (sweep: Sweep, feasible: FeasibleSet): PricedFidelity[] => {
  const mixture = mixtureOf(typicalMixture(feasible), feasible.domains);
  const { outside: _, ...whateverIsMixed } = sweep.approval ?? {};
  const rules = { target: sweep.target, ...(sweep.approval === undefined ? {} : { approval: whateverIsMixed }) };
  return sweep.scales.flatMap((scale) =>
    runLengths(sweep, scale).map((steps) => {
      const run = { scale: scale.name, steps };
      const cost = costOf(sweep, run);
      return {
        ...run,
        parameters: scale.parameters,
        cost,
        approval: approvalReasons(rules, { ...run, mixture, cost }),
      };
    }),
  );
};

const notesOf = (sweep: Sweep, search: number, targetCost: number): string[] => {
  const outside = Object.keys(sweep.approval?.outside ?? {});
  return [
    ...(targetCost > search * (1 + BUDGET_SLACK)
      ? ['the search cannot pay for a run to the target: what it recommends rests on other runs alone']
      : []),
    ...(outside.length > 0
      ? [`runs whose share of ${outside.join(', ')} lies outside of approval.outside wait too`]
      : []),
    ...(sweep.imports === undefined ? [] : ['the earlier runs of imports are not counted in here']),
  ];
};

/** Works out prices, the division of the budget and, for titrate's own policy, the opening. */
export const planOf = (sweep: Sweep): Plan => {
  const feasible = feasibleSet(sweep);
  const targetCost = costOf(sweep, sweep.target);
  const confirmation = confirmationReserve(sweep);
  const search = sweep.budget - confirmation;
  const tiers = sweep.policy.name === 'titrate' ? planOpening({ sweep, feasible, observations: [], pending: [] }) : [];
  const opening = tiers.map(({ scale, steps, mixtures, cost }) => ({ scale, steps, runs: mixtures.length, cost }));
  const opened = opening.reduce((sum, { cost }) => sum + cost, 0);
  return {
    sweep: sweep.name,
    policy: sweep.policy.name,
    unit: costUnit(sweep.cost),
    parallel: sweep.parallel,
    budget: sweep.budget,
    price: (sweep.cost.kind === 'gpu-hours' ? sweep.cost.price : undefined) ?? null,
    confirmation,
    search,
    target: sweep.target,
    targetCost,
    prices: pricesOf(sweep, feasible),
    opening,
    targetRuns: Math.max(0, search - opened) / targetCost,
    notes: notesOf(sweep, search, targetCost),
  };
};
