import { confirmationReserve, costOf } from '../domain/cost.js';
import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Fidelity } from '../domain/fidelity.js';
import { massMovedBetween } from '../domain/mixture.js';
import type { Sweep } from '../domain/sweep.js';
import { agreementOf, contrastsOf, FEWEST_COMPARED, isAwaited, type Known } from './contrasts.js';
import { runLengths, stepsNear } from './run-lengths.js';
import { spreadCorners, typicalMixture } from './pool.js';

/** Runs of one fidelity that belong together: half of one misleads, as what it leaves out is guessed. */
export interface Tier extends Fidelity {
  readonly mixtures: readonly Float64Array[];
  /** Of all its runs; of those that go on from an earlier tier's, the difference. */
  readonly cost: number;
  /** Is it too early for it, as runs in flight decide what it is made of? */
  readonly awaits?: boolean;
  /** Why it is there, or as short as it is, where earlier tiers decided that. */
  readonly because?: string;
}

/** Of what may be searched with, the opening takes this share: enough for the ladder, and most is left to be chosen. */
const OPENING_SHARE = 0.4;

/** Nor more than so many target runs: with many domains it is thinned, so that something is recommended before long. */
const OPENING_TARGET_RUNS = 1;

/** The opening's runs are this part of a scale's longest: later checkpoints say little about mixtures for their price. */
const OPENING_LENGTH = 0.3; // measured: full-length runs at the cheapest scale did worse (docs/tried.md)

/** Where so short a part of a scale's longest run ranks corners as the opening's length does, contrasts are cut to it. Measured: docs/tried.md. */
const CUT = { length: 0.12, agreement: 0.99 };

const distinct = (mixtures: readonly Float64Array[]): Float64Array[] => [
  ...new Map(mixtures.map((shares) => [shares.join(), shares])).values(),
];

/** The centre and the spread-out corners, one a domain; and the points half-way between them. */
interface Design {
  readonly corners: readonly Float64Array[];
  readonly halfWay: readonly Float64Array[];
}

const designPoints = (feasible: FeasibleSet): Design => {
  const centre = typicalMixture(feasible);
  const extremes = spreadCorners(feasible);
  const midpoints = extremes.map((corner) => {
    const middle = corner.map((share, i) => (share + centre[i]!) / 2);
    return feasible.list === undefined ? middle : feasible.project(middle);
  });
  const corners = distinct([centre, ...extremes]);
  const known = new Set(corners.map((shares) => shares.join()));
  return { corners, halfWay: distinct(midpoints).filter((shares) => !known.has(shares.join())) };
};

/** Of what a small scale reports with what the middle one does; below, small scale is no guide. Measured: docs/tried.md. */
const GUIDES_FROM = 0.8;

/** Of many corners, the middle scale is asked about so many, the centre counted: what half a target run pays for with the cheapest tiers. */
const CONTRASTS = { fewest: 4, most: 6, targetRuns: 0.5 };

const contrastCount = (sweep: Sweep, cheapRuns: number, cheapest: Fidelity, middle: Fidelity | undefined): number => {
  const left = CONTRASTS.targetRuns * costOf(sweep, sweep.target) - cheapRuns * costOf(sweep, cheapest);
  const paid = middle === undefined ? Infinity : Math.floor(left / costOf(sweep, middle));
  return Math.min(CONTRASTS.most, Math.max(CONTRASTS.fewest, paid));
};

/** What the opening runs at a scale: its usual length, and what contrasts may be cut to. */
interface Rung extends Fidelity {
  readonly cutSteps: number;
  /** The lengths up to the usual one. */
  readonly lengths: readonly number[];
}

/** The scales that runs may have, the cheapest first. */
const rungsOf = (sweep: Sweep): Rung[] =>
  sweep.scales
    .map((scale) => ({ ...scale, steps: runLengths(sweep, scale) }))
    .filter(({ steps }) => steps.length > 0)
    .map((scale) => {
      const steps = stepsNear(scale.steps, OPENING_LENGTH);
      const lengths = scale.steps.filter((length) => length <= steps);
      return { scale: scale.name, steps, cutSteps: stepsNear(scale.steps, CUT.length), lengths };
    })
    .sort((a, b) => costOf(sweep, a) - costOf(sweep, b));

/** Why contrasts may be cut: runs of the cheapest tier rank corners by then as at their end. Not known without their curves. */
const whyCut = (
  known: Known,
  corners: readonly Float64Array[],
  cheapest: Tier,
  { cutSteps }: Rung,
): string | undefined => {
  const early = { scale: cheapest.scale, steps: cutSteps };
  const agreement = cutSteps < cheapest.steps ? agreementOf(known, corners, early, cheapest) : undefined;
  if (agreement === undefined || agreement < CUT.agreement) return undefined;
  return `It is cut short, as ${cheapest.scale} ranked corners at ${cutSteps} steps as it did at ${cheapest.steps} (correlation ${agreement.toFixed(3)}).`;
};

/** Puts first what lies farthest from each of some mixtures. */
const farthestFirst = (mixtures: readonly Float64Array[], from: readonly Float64Array[]): Float64Array[] => {
  const distance = (shares: Float64Array): number => Math.min(...from.map((other) => massMovedBetween(shares, other)));
  return mixtures.toSorted((a, b) => distance(b) - distance(a));
};

/** Tiers within what an opening may cost; a tier goes in whole or not at all. */
class Ladder {
  readonly tiers: Tier[] = [];
  readonly #sweep: Sweep;
  #left: number;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
    const ofBudget = OPENING_SHARE * (sweep.budget - confirmationReserve(sweep));
    this.#left = Math.min(ofBudget, OPENING_TARGET_RUNS * costOf(sweep, sweep.target));
  }

  /** `from`: how many steps of each run an earlier tier has made. */
  add(fidelity: Fidelity, mixtures: readonly Float64Array[], because?: string, from = 0): Tier | undefined {
    const cost = costOf(this.#sweep, fidelity, from) * mixtures.length;
    if (mixtures.length === 0 || cost > this.#left) return undefined;
    this.#left -= cost;
    const { scale, steps } = fidelity;
    const tier = { scale, steps, mixtures, cost, ...(because === undefined ? {} : { because }) };
    this.tiers.push(tier);
    return tier;
  }

  /** How many runs can be paid for. */
  countOf(fidelity: Fidelity): number {
    return Math.floor(this.#left / costOf(this.#sweep, fidelity));
  }

  /** Adds as many of the first mixtures as can be paid for. */
  addSome(fidelity: Fidelity, mixtures: readonly Float64Array[], because?: string): Tier | undefined {
    return this.add(fidelity, mixtures.slice(0, this.countOf(fidelity)), because);
  }
}

/** Corners at the cheapest scale, shorter where they do not fit; undefined where no length pays for all, and some are run. */
const addCorners = (ladder: Ladder, { scale, lengths }: Rung, corners: readonly Float64Array[]): Tier | undefined => {
  for (const steps of lengths.toReversed()) {
    const tier = ladder.add({ scale, steps }, corners);
    if (tier !== undefined) return tier;
  }
  const [steps] = lengths;
  if (steps !== undefined) ladder.addSome({ scale, steps }, corners);
  return undefined;
};

/** Contrasts, and where they are run. */
interface Contrasts {
  readonly mixtures: readonly Float64Array[];
  /** Undefined where no scale in the middle can be paid for. */
  readonly tier: Tier | undefined;
}

/** Contrasts at the largest scale of the lower half that can be paid for; fewer of them where no scale can be paid for all. */
const addContrasts = (
  known: Known,
  ladder: Ladder,
  rungs: readonly Rung[],
  cheapest: Tier,
  { corners, halfWay }: Design,
): Contrasts => {
  const cut = whyCut(known, corners, cheapest, rungs[0]!);
  const middles = rungs
    .slice(1, Math.floor(rungs.length / 2) + 1)
    .toReversed()
    .map(({ scale, steps, cutSteps }) => ({ scale, steps: cut === undefined ? steps : cutSteps }));
  const count = contrastCount(known.sweep, corners.length + halfWay.length, cheapest, middles[0]);
  const mixtures = contrastsOf(known, corners, cheapest, count);
  for (const middle of middles) {
    const tier = ladder.add(middle, mixtures, cut);
    if (tier !== undefined) return { mixtures, tier };
  }
  const affordable = middles.find((middle) => ladder.countOf(middle) >= FEWEST_COMPARED);
  if (affordable === undefined) return { mixtures, tier: undefined };
  const fewer = contrastsOf(known, corners, cheapest, ladder.countOf(affordable));
  return { mixtures: fewer, tier: ladder.add(affordable, fewer, cut) };
};

/** More at the middle scale where small scale is no guide to it; else the second scale, before the target's. */
const addSecond = (
  known: Known,
  ladder: Ladder,
  rungs: readonly Rung[],
  cheapest: Tier,
  { mixtures, tier }: Contrasts,
  { corners, halfWay }: Design,
): void => {
  const agreement = tier === undefined ? undefined : agreementOf(known, mixtures, cheapest, tier);
  const second = rungs[1]!;
  if (tier === undefined || agreement === undefined || agreement >= GUIDES_FROM) {
    if (second.scale !== tier?.scale) ladder.add(second, corners);
    ladder.add(second, halfWay);
    return;
  }
  const because = `${cheapest.scale} is no guide to ${tier.scale} (correlation ${agreement.toFixed(2)} over the mixtures run at both), so ${tier.scale} itself is asked about more.`;
  const usual = rungs.find(({ scale }) => scale === tier.scale)!;
  if (tier.steps < usual.steps) ladder.add(usual, mixtures, because, tier.steps);
  ladder.addSome(usual, farthestFirst(halfWay, mixtures.slice(1)), because);
};

/**
 * Plans the opening: corners at the cheapest scale; contrasts at a scale in the middle, on which it shows whether small scale can be
 * believed; half-way points at the cheapest; and then the second scale or, if small scale is no guide, half-way points at the middle
 * one. Contrasts are cut short where that ranks alike, and go on to the usual length if small scale is no guide. What does not fit the
 * budget is left out or thinned. With several trials in flight, contrasts await the corners that they are chosen and cut by, and what comes last
 * awaits the contrasts.
 *
 * Differs from a space-filling design: optima of mixtures often lie on faces and corners.
 */
export const planOpening = (known: Known): Tier[] => {
  const { sweep, feasible } = known;
  const design = designPoints(feasible);
  const ladder = new Ladder(sweep);
  const rungs = rungsOf(sweep);
  const cheapest = addCorners(ladder, rungs[0]!, design.corners);
  if (cheapest === undefined) return ladder.tiers;
  const contrasts = addContrasts(known, ladder, rungs, cheapest, design);
  ladder.add(cheapest, design.halfWay);
  const asked = ladder.tiers.length;
  if (rungs.length > 2) addSecond(known, ladder, rungs, cheapest, contrasts, design);
  const { mixtures, tier } = contrasts;
  const isUnranked = isAwaited(known, design.corners, cheapest);
  const isUncompared = tier !== undefined && (isUnranked || isAwaited(known, mixtures, tier));
  const awaits = (each: Tier, i: number): boolean => (i < asked ? each === tier && isUnranked : isUncompared);
  return ladder.tiers.map((each, i) => (awaits(each, i) ? { ...each, awaits: true } : each));
};
