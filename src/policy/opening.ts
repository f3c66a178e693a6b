import { confirmationReserve, costOf } from '../domain/cost.js';
import type { FeasibleSet } from '../domain/feasible-set.js';
import type { Fidelity, Scale } from '../domain/fidelity.js';
import { massMovedBetween } from '../domain/mixture.js';
import type { Sweep } from '../domain/sweep.js';
import { agreementOf, contrastsOf, isAwaited, type Known } from './contrasts.js';
import { runLengths } from './run-lengths.js';
import { typicalMixture } from './pool.js';

/** Runs of one fidelity that belong together: half of one misleads, as what it leaves out is guessed. */
export interface Tier extends Fidelity {
  readonly mixtures: readonly Float64Array[];
  /** Of all its runs; of those that go on from an earlier tier's, the difference. */
  readonly cost: number;
  /** Why it is there, or as short as it is, where earlier tiers decided that. */
  readonly because?: string;
}

/** Of what may be searched with, the opening takes this share: enough for the ladder, and most is left to be chosen. */
const OPENING_SHARE = 0.4;

/** Nor more than so many target runs: with many domains it is thinned, so that something is recommended before long. */
const OPENING_TARGET_RUNS = 1;

/** The opening's runs are this part of a scale's longest: later checkpoints say little about mixtures for their price. */
const OPENING_LENGTH = 0.3; // measured: full-length runs at the cheapest scale did worse (docs/methods.md)

/** Where so short a part of a scale's longest run ranks corners as the opening's length does, contrasts are cut to it. Measured: docs/methods.md. */
const CUT = { length: 0.12, agreement: 0.99 };

/** The steps of a scale nearest, as a ratio, to a part of its longest run. */
const stepsNear = ({ steps }: Scale, part: number): number => {
  const wanted = part * steps.at(-1)!;
  const miss = (count: number): number => Math.abs(Math.log(count / wanted));
  return steps.reduce((a, b) => (miss(b) < miss(a) ? b : a));
};

const distinct = (mixtures: readonly Float64Array[]): Float64Array[] => [
  ...new Map(mixtures.map((shares) => [shares.join(), shares])).values(),
];

/** The centre and the spread-out corners, one a domain; and the points half-way between them. */
const designPoints = (feasible: FeasibleSet): { corners: Float64Array[]; halfWay: Float64Array[] } => {
  const centre = typicalMixture(feasible);
  const extremes = feasible.extremePoints(Math.max(feasible.domains.length, 2));
  const midpoints = extremes.map((corner) => {
    const middle = corner.map((share, i) => (share + centre[i]!) / 2);
    return feasible.list === undefined ? middle : feasible.project(middle);
  });
  const corners = distinct([centre, ...extremes]);
  const known = new Set(corners.map((shares) => shares.join()));
  return { corners, halfWay: distinct(midpoints).filter((shares) => !known.has(shares.join())) };
};

/** Of what a small scale reports with what the middle one does; below, small scale is no guide. Measured: docs/methods.md. */
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
}

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

/** Plans tiers within an allowance; a tier goes in whole or not at all. */
class Ladder {
  readonly tiers: Tier[] = [];
  readonly #sweep: Sweep;
  #left: number;

  constructor(sweep: Sweep, allowance: number) {
    this.#sweep = sweep;
    this.#left = allowance;
  }

  /** `from`: how many steps of each run an earlier tier has made. */
  add(fidelity: Fidelity, mixtures: readonly Float64Array[], because?: string, from = 0): boolean {
    const cost = costOf(this.#sweep, fidelity, from) * mixtures.length;
    if (mixtures.length === 0 || cost > this.#left) return false;
    this.#left -= cost;
    const { scale, steps } = fidelity;
    this.tiers.push({ scale, steps, mixtures, cost, ...(because === undefined ? {} : { because }) });
    return true;
  }

  /** Adds as many of the first mixtures as can be paid for. */
  addSome(fidelity: Fidelity, mixtures: readonly Float64Array[], because?: string): boolean {
    return this.add(fidelity, mixtures.slice(0, Math.floor(this.#left / costOf(this.#sweep, fidelity))), because);
  }
}

/**
 * Plans the opening: corners at the cheapest scale; contrasts at a scale in the middle, on which it shows whether small scale can be
 * believed; half-way points at the cheapest; and then the second scale or, if small scale is no guide, half-way points at the middle
 * one. Contrasts are cut short where that ranks alike, and go on to the usual length if small scale is no guide. What does not fit the
 * budget is left out or thinned. While corners are in flight and have no rank yet, the rest goes before the contrasts.
 *
 * Differs from a space-filling design: optima of mixtures often lie on faces and corners.
 */
export const planOpening = (known: Known): Tier[] => {
  const { sweep, feasible } = known;
  const { corners, halfWay } = designPoints(feasible);
  const ofBudget = OPENING_SHARE * (sweep.budget - confirmationReserve(sweep));
  const ladder = new Ladder(sweep, Math.min(ofBudget, OPENING_TARGET_RUNS * costOf(sweep, sweep.target)));
  const scales = sweep.scales
    .map((scale) => ({ ...scale, steps: runLengths(sweep, scale) }))
    .filter(({ steps }) => steps.length > 0);
  const rungs: Rung[] = scales
    .map((scale) => ({
      scale: scale.name,
      steps: stepsNear(scale, OPENING_LENGTH),
      cutSteps: stepsNear(scale, CUT.length),
    }))
    .sort((a, b) => costOf(sweep, a) - costOf(sweep, b));
  const smallest = rungs[0]!;
  const shorter = scales
    .find(({ name }) => name === smallest.scale)!
    .steps.filter((steps) => steps <= smallest.steps)
    .map((steps) => ({ scale: smallest.scale, steps }));
  const first = shorter.toReversed();
  const whole = first.some((fidelity) => ladder.add(fidelity, corners));
  if (!whole) {
    if (first.length > 0) ladder.addSome(first.at(-1)!, corners);
    return ladder.tiers;
  }
  const cheapest = ladder.tiers[0]!;
  const usual = rungs.slice(1, Math.floor(rungs.length / 2) + 1).toReversed();
  const cut = whyCut(known, corners, cheapest, smallest);
  const middles = usual.map((rung) => ({
    rung,
    scale: rung.scale,
    steps: cut === undefined ? rung.steps : rung.cutSteps,
  }));
  const count = contrastCount(sweep, corners.length + halfWay.length, cheapest, middles[0]);
  const contrasts = contrastsOf(known, corners, cheapest, count);
  const middle = middles.find((fidelity) => ladder.add(fidelity, contrasts, cut));
  ladder.add(cheapest, halfWay);
  const agreement = middle === undefined ? undefined : agreementOf(known, contrasts, cheapest, middle);
  const second = rungs.length > 2 ? rungs[1] : undefined; // a scale between the cheapest and the target's
  if (second !== undefined && middle !== undefined && agreement !== undefined && agreement < GUIDES_FROM) {
    const because = `${cheapest.scale} is no guide to ${middle.scale} (correlation ${agreement.toFixed(2)} over the mixtures run at both), so ${middle.scale} itself is asked about more.`;
    if (middle.steps < middle.rung.steps) ladder.add(middle.rung, contrasts, because, middle.steps);
    ladder.addSome(middle.rung, farthestFirst(halfWay, contrasts.slice(1)), because);
  } else if (second !== undefined) {
    if (second !== middle?.rung) ladder.add(second, corners);
    ladder.add(second, halfWay);
  }
  if (contrasts === corners || !isAwaited(known, corners, cheapest)) return ladder.tiers;
  const isThinned = ({ mixtures }: Tier): boolean => mixtures === contrasts;
  return [...ladder.tiers.filter((tier) => !isThinned(tier)), ...ladder.tiers.filter(isThinned)];
};
