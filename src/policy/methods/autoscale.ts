/**
 * AutoScale (arXiv 2407.20177). First stage, at each of two numbers of training tokens of one cheap scale: a base run and two
 * a domain, with three times and a third of its tokens; a sum of power laws, and the mixture of least sum. Second stage:
 * the token counts of both optima, extrapolated domain by domain to the target's tokens.
 *
 * Differs from the paper: see `autoscale-fit.ts` for the fit; the optimum is exact within all limits (theirs goes below zero
 * and is mended by hand); a domain that stands at a bound in either optimum is held out of the extrapolation and keeps
 * its later share, as its movement is the bound's and not the data's; runs of the second number of tokens go on from the
 * first ones.
 */
import { z } from 'zod';
import { InputError } from '../../domain/errors.js';
import type { FeasibleSet } from '../../domain/feasible-set.js';
import type { Fidelity } from '../../domain/fidelity.js';
import { FEASIBLE, limitsOf, targetTokens } from '../../domain/limits.js';
import { minimizedValue } from '../../domain/objective.js';
import type { Sweep } from '../../domain/sweep.js';
import { extrapolateOptima, type Optimum } from './autoscale-extrapolation.js';
import { fitDomainPowers, powerTerm } from './autoscale-fit.js';
import { minimizeTerms, NO_TERM, type Term } from './convex-solve.js';
import { fidelityText } from '../explain.js';
import { rowsAt, type Design, type DesignWish } from './law-design.js';
import { cheapestScale, lawPolicy, type Solution } from './law-policy.js';
import { chosenFidelity, parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';

const Options = z.strictObject({
  /** Where runs are made; the cheapest scale when absent. */
  scale: z.string().optional(),
  /** The two run lengths, ascending; the scale's longest and the one nearest to a quarter of it when absent. */
  steps: z.tuple([z.number().int().positive(), z.number().int().positive()]).optional(),
});

const FACTOR = 3; // of a domain's tokens, and its inverse: the paper's
const LENGTH_RATIO = 4; // between the two run lengths: the paper's 0.3B and 1.2B tokens

/** The mixture in which a domain has `factor` times its tokens and the others have theirs. */
const scaleDomain = (base: Float64Array, domain: number, factor: number): Float64Array => {
  const total = 1 + (factor - 1) * base[domain]!;
  return base.map((share, i) => (i === domain ? factor * share : share) / total);
};

const sameDigits = (shares: Float64Array): string => shares.map((share) => Number(share.toFixed(9))).join();

/** The base mixture, then each domain with less and more, within the limits; equal ones once. */
export const perturbedMixtures = (feasible: FeasibleSet): Float64Array[] => {
  const base = feasible.centre;
  const changed = feasible.domains.flatMap((_, i) =>
    [1 / FACTOR, FACTOR].map((factor) => scaleDomain(base, i, factor)),
  );
  const allowed = [base, ...changed.map((shares) => feasible.project(shares))];
  return [...new Map(allowed.map((shares) => [sameDigits(shares), shares])).values()];
};

/** Shares of the domains that the base mixture has, as multiples of it. */
const multiplesOf = (shares: ArrayLike<number>, base: Float64Array, present: readonly number[]): number[] =>
  present.map((i) => shares[i]! / base[i]!);

/** First stage: the best mixture at one number of tokens; undefined while runs are too few. */
const optimumAt = (situation: Situation, design: Design, fidelity: Fidelity): Optimum | undefined => {
  const { sweep, feasible } = situation;
  const base = design.mixtures[0]!;
  const present = feasible.domains.flatMap((_, i) => (base[i]! > FEASIBLE ? [i] : []));
  const rows = rowsAt(situation, design, fidelity);
  if (rows.length < Math.min(design.mixtures.length, present.length + 2)) return undefined;
  const values = rows.map(({ metrics }) => minimizedValue(sweep.objective, metrics));
  const powers = fitDomainPowers(
    rows.map(({ shares }) => multiplesOf(shares, base, present)),
    values,
  );
  const terms = feasible.domains.map((_, i): Term => {
    const power = powers[present.indexOf(i)];
    return power === undefined ? NO_TERM : powerTerm(power, base[i]!);
  });
  const { shares } = minimizeTerms(terms, feasible, limitsOf(sweep));
  const { tokensPerStep } = sweep.scales.find(({ name }) => name === fidelity.scale)!;
  return { shares, tokens: fidelity.steps * tokensPerStep };
};

/** Where does an optimum stand at a bound of a single domain? */
const atBounds = (sweep: Sweep, { shares }: Optimum): boolean[] => {
  const { min, max } = limitsOf(sweep);
  return Array.from(shares, (share, i) => share <= min[i]! + FEASIBLE || share >= max[i]! - FEASIBLE);
};

const solve = (situation: Situation, design: Design): Solution | undefined => {
  const { sweep, feasible } = situation;
  const optima = design.fidelities.flatMap((fidelity) => optimumAt(situation, design, fidelity) ?? []);
  const [first, second] = optima;
  if (first === undefined) return undefined;
  const where = fidelityText(design.fidelities[0]!);
  if (second === undefined)
    return { shares: first.shares, words: `the best mixture at ${where}, which one scale of data cannot take further` };
  const bound = [atBounds(sweep, first), atBounds(sweep, second)];
  const held = feasible.domains.map((_, i) => bound.some((flags) => flags[i]!));
  const shares = extrapolateOptima(first, second, targetTokens(sweep), held);
  const names = feasible.domains.filter((_, i) => held[i]);
  const kept = names.length === 0 ? '' : `, with ${names.join(', ')} held at its bound`;
  const words = `the best mixtures at ${where} and ${fidelityText(design.fidelities[1]!)}, extrapolated to the target's tokens${kept}`;
  return { shares: feasible.project(shares), words };
};

/** The two run lengths that the options or the scale give; one where the scale has no other. */
const lengthsOf = (sweep: Sweep, options: z.infer<typeof Options>): readonly Fidelity[] => {
  const { scale, steps: last } = chosenFidelity(sweep, { scale: options.scale ?? cheapestScale(sweep) });
  if (options.steps !== undefined) {
    const [short, long] = options.steps.map((steps) => chosenFidelity(sweep, { scale, steps }));
    if (short!.steps < long!.steps) return [short!, long!];
    const found = options.steps.join(', ');
    throw new InputError('options of the policy', [{ path: 'policy.steps', expected: 'two, ascending', found }]);
  }
  const shorter = sweep.scales.find(({ name }) => name === scale)!.steps.filter((count) => count < last);
  const distance = (count: number): number => Math.abs(Math.log((count * LENGTH_RATIO) / last));
  const steps = shorter.toSorted((a, b) => distance(a) - distance(b)).slice(0, 1);
  return [...steps, last].map((count) => ({ scale, steps: count }));
};

const wishFor = (feasible: FeasibleSet, lengths: readonly Fidelity[]): DesignWish => {
  const mixtures = perturbedMixtures(feasible);
  const fidelities = lengths.map((_, i) => lengths.slice(0, lengths.length - i));
  return { mixtures, runs: mixtures.length, enough: mixtures.length, fidelities, drawn: false };
};

/** Optimal token counts at two scales of data, extrapolated to the target's. */
export const createAutoscale = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  const lengths = lengthsOf(sweep, options);
  return lawPolicy({ policy: 'autoscale', wish: (_, feasible) => wishFor(feasible, lengths), solve });
};
