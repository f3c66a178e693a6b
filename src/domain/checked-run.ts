/** Runs that a person names: checked against what the sweep allows at the moment. */
import type { PricedRun } from './approval.js';
import { costOf } from './cost.js';
import { limitsOf, PUBLISHED, total, violation } from './limits.js';
import { massMoved, mixtureOf, sharesOf } from './mixture.js';
import type { Mixture } from './mixture.js';
import { knownWords } from './nearest-word.js';
import type { Sweep } from './sweep.js';

/** A run that can be made, or why it cannot. */
export type CheckedRun = { readonly run: PricedRun } | { readonly problem: string };

const INSIDE = 1e-6; // what scaling such shares to a sum of 1 leaves

const scaled = (mixture: Mixture, domains: readonly string[]): Mixture => {
  const shares = sharesOf(mixture, domains);
  const sum = total(shares);
  return mixtureOf(sum === 1 ? shares : shares.map((share) => share / sum), domains);
};

const shareText = (value: number): string => String(Number(value.toPrecision(4)));

/** Says which limit a mixture breaks; undefined when it keeps all. */
const breach = (sweep: Sweep, mixture: Mixture): string | undefined => {
  const limits = limitsOf(sweep);
  const shares = sharesOf(mixture, limits.domains);
  if (violation(limits, shares) <= INSIDE) return undefined;
  for (const [i, domain] of limits.domains.entries()) {
    const [share = 0, min = 0, max = 1] = [shares[i], limits.min[i], limits.max[i]];
    if (share >= min - INSIDE && share <= max + INSIDE) continue;
    return `the share of ${domain} must be from ${shareText(min)} to ${shareText(max)} now; found ${shareText(share)}`;
  }
  return 'the shares break the limit of a group of domains';
};

const checkedMixture = (sweep: Sweep, mixture: Mixture): Mixture | string => {
  const names = Object.keys(sweep.domains);
  const unknown = Object.keys(mixture).find((name) => !names.includes(name));
  if (unknown !== undefined) return `${unknown} is no domain of the sweep: ${knownWords(unknown, names)}`;
  const sum = total(Object.values(mixture));
  if (Math.abs(sum - 1) > PUBLISHED) return `shares must sum to 1; found ${shareText(sum)}`;
  const whole = scaled(mixture, names);
  if (sweep.mixtures === undefined) return breach(sweep, whole) ?? whole;
  const listed = sweep.mixtures.find((one) => massMoved(one, whole) <= PUBLISHED);
  return listed ?? 'the sweep allows listed mixtures only, and this is none of them, or one that was vetoed';
};

/** Checks a run that a person named, and says what it costs from its start. */
export const checkedRun = (sweep: Sweep, { mixture, scale, steps }: Omit<PricedRun, 'cost'>): CheckedRun => {
  const known = sweep.scales.find(({ name }) => name === scale);
  if (known === undefined) {
    const names = sweep.scales.map(({ name }) => name);
    return { problem: `${scale} is no scale of the sweep: ${knownWords(scale, names)}` };
  }
  if (!known.steps.includes(steps)) {
    return { problem: `the steps of ${scale} are ${known.steps.join(', ')}; found ${steps}` };
  }
  const whole = checkedMixture(sweep, mixture);
  if (typeof whole === 'string') return { problem: whole };
  const isPossible =
    sweep.runs?.some((run) => run.scale === scale && run.steps === steps && sweep.mixtures?.[run.mixture] === whole) ??
    true;
  if (!isPossible) return { problem: 'it is none of the runs that can be made (runs of the sweep file)' };
  return { run: { mixture: whole, scale, steps, cost: costOf(sweep, { scale, steps }) } };
};
