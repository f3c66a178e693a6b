/**
 * The runs that a law is fitted to: some mixtures, each at the same few fidelities. The design is a function of the sweep
 * (its seed included) and of imported runs alone, so that every decision sees the same one; a mixture whose run was lost is
 * replaced by a spare.
 */
import { BUDGET_SLACK, confirmationReserve, costOf } from '../../domain/cost.js';
import { drawDirichlet } from '../../domain/dirichlet.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { mixtureOf, sharesOf, type Mixture } from '../../domain/mixture.js';
import type { Metrics, Observation } from '../../domain/observation.js';
import { createRng, seedOf } from '../../domain/rng.js';
import type { Sweep } from '../../domain/sweep.js';
import { cholesky, solveLower } from '../../surrogate/linear-algebra.js';
import type { Situation } from '../policy.js';
import { normalMatrix } from './utilities.js';

/** What is wanted, before the budget was asked. */
export interface DesignWish {
  /** Mixtures in the order of use, spares after `runs`. */
  readonly mixtures: readonly Float64Array[];
  /** Mixtures to run. */
  readonly runs: number;
  /** With fewer mixtures the next of `fidelities` is taken. */
  readonly enough: number;
  /** Sets of fidelities, the one wanted most first; every mixture is run at each fidelity of the chosen set. */
  readonly fidelities: readonly (readonly Fidelity[])[];
  /** Were the mixtures drawn, so that imported ones may stand in for them? */
  readonly drawn: boolean;
}

/** What the budget allows of it. */
export interface Design {
  readonly mixtures: readonly Float64Array[];
  readonly runs: number;
  readonly fidelities: readonly Fidelity[];
  /** How many of the mixtures imported runs tell at all fidelities. */
  readonly imported: number;
}

/** Cost of a mixture at all fidelities: at each scale the longest run passes the shorter ones. */
const costOfMixture = (sweep: Sweep, fidelities: readonly Fidelity[]): number => {
  const longest = new Map<string, number>();
  for (const { scale, steps } of fidelities) longest.set(scale, Math.max(steps, longest.get(scale) ?? 0));
  return [...longest].reduce((sum, [scale, steps]) => sum + costOf(sweep, { scale, steps }), 0);
};

/** The run of a mixture that tells its metrics at a fidelity: one that ended there, or passed it. */
export const metricsOf = (run: Observation, { scale, steps }: Fidelity): Metrics | undefined => {
  if (run.scale !== scale || run.status !== 'completed') return undefined;
  return run.steps === steps ? run.metrics : run.curve?.find((point) => point.steps === steps)?.metrics;
};

/** A mixture's metrics at one fidelity. */
export interface DesignRow {
  readonly shares: Float64Array;
  readonly metrics: Metrics;
}

export const hasObjective = (sweep: Sweep, metrics: Metrics): boolean =>
  Object.keys(sweep.objective.weights).every((metric) => Number.isFinite(metrics[metric]));

/** What runs of one mixture told. */
interface Told {
  readonly shares: Float64Array;
  readonly own?: Metrics;
  /** Several are seeds of one run. */
  readonly imported: readonly Metrics[];
}

const meanOf = (runs: readonly Metrics[]): Metrics =>
  Object.fromEntries(
    Object.keys(runs[0]!).map((name) => [name, runs.reduce((sum, run) => sum + run[name]!, 0) / runs.length]),
  );

/** A completed run that tells its objective at a fidelity. */
interface Telling extends DesignRow {
  readonly run: Observation;
}

const tellingAt = ({ sweep, feasible, observations }: Situation, fidelity: Fidelity): Telling[] =>
  observations.flatMap((run) => {
    const metrics = metricsOf(run, fidelity);
    if (metrics === undefined || !hasObjective(sweep, metrics)) return [];
    return [{ run, metrics, shares: Float64Array.from(sharesOf(run.mixture, feasible.domains)) }];
  });

/** What the completed runs say at a fidelity, one row a mixture; at the target's scale, of the design's own mixtures and imported runs only. */
export const rowsAt = (situation: Situation, design: Design, fidelity: Fidelity): DesignRow[] => {
  const { sweep, feasible } = situation;
  const rows = new Map<string, Told>();
  for (const { run, shares, metrics } of tellingAt(situation, fidelity)) {
    const isEvidence = (): boolean =>
      run.imported === true || design.mixtures.some((own) => isSame(feasible.domains, own, run.mixture));
    if (fidelity.scale === sweep.target.scale && !isEvidence()) continue; // or a run of the solution would move the solution
    const row = rows.get(shares.join()) ?? { shares, imported: [] };
    rows.set(
      shares.join(),
      run.imported === true ? { ...row, imported: [...row.imported, metrics] } : { ...row, own: metrics },
    );
  }
  return [...rows.values()].map(({ shares: at, own, imported }) => ({ shares: at, metrics: own ?? meanOf(imported) }));
};

const SAME = 1e-6; // shares nearer than this are those of one run, as in the history

export const isSame = (domains: readonly string[], shares: ArrayLike<number>, mixture: Mixture): boolean =>
  domains.every((domain, i) => Math.abs(shares[i]! - (mixture[domain] ?? 0)) < SAME);

/** The mixtures of imported runs that tell their metrics at all of some fidelities, each once. */
const importedAt = (situation: Situation, fidelities: readonly Fidelity[]): Float64Array[] => {
  const told = fidelities.map((at) => {
    const imported = tellingAt(situation, at).filter(({ run }) => run.imported === true);
    return new Map(imported.map(({ shares }) => [shares.join(), shares]));
  });
  return [...told[0]!].filter(([key]) => told.every((at) => at.has(key))).map(([, shares]) => shares);
};

/**
 * Does a fit to runs of some mixtures know another as surely as a run of it does? Of a law that is linear in shares, the variance at w
 * is w'(X'X)^-1 w times that of a run: much, where no run had one of its domains, or two domains were always mixed alike.
 */
const isKnownFrom = (mixtures: readonly Float64Array[], domains: number): ((shares: Float64Array) => boolean) => {
  const runs = mixtures.map((shares) => ({ shares }));
  const factor = cholesky(normalMatrix(runs, domains), domains);
  return (shares) => {
    const solved = shares.slice();
    solveLower(factor, domains, solved);
    return solved.reduce((sum, x) => sum + x * x, 0) <= 1;
  };
};

/** Puts imported mixtures, told at all fidelities, in the place of drawn ones that they tell as much about. */
const withImported = (
  situation: Situation,
  { mixtures, runs, drawn }: DesignWish,
  fidelities: readonly Fidelity[],
): Pick<Design, 'mixtures' | 'imported'> => {
  const { domains } = situation.feasible;
  const told = importedAt(situation, fidelities);
  if (told.length === 0) return { mixtures, imported: 0 };
  const own = mixtures.filter((shares) => !told.some((other) => isSame(domains, shares, mixtureOf(other, domains))));
  if (!drawn) return { mixtures, imported: mixtures.length - own.length };
  const isKnown = isKnownFrom(told, domains.length);
  const known = own.filter(isKnown);
  const spared = mixtures.slice(0, runs).filter(isKnown).length;
  const imported = told.slice(0, spared);
  return {
    mixtures: [...imported, ...own.filter((shares) => !known.includes(shares)), ...known],
    imported: imported.length,
  };
};

/** Chooses fidelities and the number of mixtures so that all, and a run of the solution at the target if possible, can be paid. */
export const affordableDesign = (situation: Situation, wish: DesignWish): Design => {
  const { sweep } = situation;
  const budget = sweep.budget * (1 + BUDGET_SLACK) - confirmationReserve(sweep);
  const target = costOf(sweep, sweep.target);
  const designs = wish.fidelities.map((fidelities) => ({ fidelities, ...withImported(situation, wish, fidelities) }));
  const options = [budget - target, budget].flatMap((purse) =>
    designs.map((design) => {
      const payable = Math.floor(Math.max(0, purse) / costOfMixture(sweep, design.fidelities));
      return { ...design, runs: Math.min(wish.runs, design.imported + payable) };
    }),
  );
  return options.find(({ runs }) => runs >= wish.enough) ?? options.at(-1)!;
};

type State = 'open' | 'made' | 'lost';

const stateOf = (
  { observations, pending, history, feasible }: Situation,
  shares: Float64Array,
  at: Fidelity,
): State => {
  if (!history.isTaken(shares, at)) return 'open';
  const isMade =
    pending.some(
      (run) => run.scale === at.scale && run.steps >= at.steps && isSame(feasible.domains, shares, run.mixture),
    ) || observations.some((run) => metricsOf(run, at) !== undefined && isSame(feasible.domains, shares, run.mixture));
  return isMade ? 'made' : 'lost';
};

/** A run that the design still needs. */
export interface DesignRun {
  readonly shares: Float64Array;
  readonly fidelity: Fidelity;
  /** Mixtures of the design, and how many of them were run at this fidelity before. */
  readonly of: number;
  readonly before: number;
}

/** Finds the next run of the design, the first fidelity of all mixtures first; undefined when all were made or promised. */
export const nextRun = (situation: Situation, design: Design): DesignRun | undefined => {
  const states: { readonly shares: Float64Array; readonly at: readonly State[] }[] = [];
  for (const shares of design.mixtures) {
    if (states.length === design.runs) break;
    const at = design.fidelities.map((fidelity) => stateOf(situation, shares, fidelity));
    if (!at.includes('lost')) states.push({ shares, at });
  }
  for (const [f, fidelity] of design.fidelities.entries()) {
    const open = states.find(({ at }) => at[f] === 'open');
    const before = states.filter(({ at }) => at[f] === 'made').length;
    if (open !== undefined) return { shares: open.shares, fidelity, of: states.length, before };
  }
  return undefined;
};

/** Shares in proportion to available tokens; undefined unless every domain says how many it has. */
export const naturalShares = ({ domains }: Sweep): Float64Array | undefined => {
  const tokens = Object.values(domains).map((domain) => domain.tokens ?? Number.NaN);
  const total = tokens.reduce((sum, count) => sum + count, 0);
  return total > 0 ? Float64Array.from(tokens, (count) => count / total) : undefined;
};

const SPARES = 2; // mixtures drawn for each one wanted: half of all runs may be lost

/** Draws shares around natural ones: a Dirichlet draw, perturbed (multiplied share by share, scaled to 1) by them. */
const drawAround = (natural: Float64Array, draw: Float64Array): Float64Array => {
  const product = natural.map((share, i) => share * draw[i]!);
  const sum = product.reduce((total, share) => total + share, 0);
  return sum > 0 ? product.map((share) => share / sum) : natural;
};

/**
 * Draws the mixtures of a design: Dirichlet draws around natural shares where token counts say what is natural, else over
 * the allowed set; of a list, its members in random order.
 */
export const drawMixtures = (
  sweep: Sweep,
  feasible: FeasibleSet,
  runs: number,
  concentration: number,
): Float64Array[] => {
  const rng = createRng(seedOf(sweep.seed, 'design'));
  if (feasible.list !== undefined) {
    const keyed = feasible.list.map((shares) => ({ shares, key: rng.uniform() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ shares }) => shares);
  }
  const natural = naturalShares(sweep);
  return Array.from({ length: SPARES * runs }, () =>
    natural === undefined
      ? feasible.sample(rng, concentration)
      : feasible.project(drawAround(natural, drawDirichlet(rng, natural.length, concentration))),
  );
};
