/** Is what the sweep recommends sound? Checks of its record, each with what to do about it. */
import { checkedPredictions } from './checked-predictions.js';
import { formatFixed, formatRatio, formatShare, plural } from './format.js';
import { plainText } from './plain-text.js';
import { hasMeasured, importedTargetRuns, isLost, targetRuns, wasMade, type SweepView } from './sweep-view.js';
import { formatTrust, saysErrors, standingOf } from './trust-text.js';

/** `good`: nothing to do; `watch`: read it with care; `unknown`: too little is known to say. */
export type HealthState = 'good' | 'watch' | 'unknown';

export interface HealthCheck {
  readonly name: string;
  readonly state: HealthState;
  readonly finding: string;
  /** What to do; empty when nothing is. */
  readonly remedy: string;
}

const WIDE_ERRORS = 1.5; // leave-one-out errors beyond this times what is claimed: intervals too narrow (as in explain)
const FEWEST_CHECKED = 8; // predictions: with fewer, a share that held says little
const HELD = 0.8; // of intervals that should hold 95 % of the time
const NEAR_BOUND = 0.005; // of the mixture: shares are written to a tenth of a percent
const FLAT = 0.5; // of the room that a domain has: more of it is about as good
const FEWEST_TARGET_RUNS = 3; // one says how good a mixture is; to rank mixtures at that size, and see noise, takes some

const check = (name: string, state: HealthState, finding: string, remedy = ''): HealthCheck => ({
  name,
  state,
  finding,
  remedy,
});

const fitCheck = (view: SweepView): HealthCheck => {
  const name = 'Fit of the model';
  const fit = view.decisions.findLast(({ explanation: { fit: one } }) => one !== undefined && saysErrors(one))
    ?.explanation.fit;
  const predictions = checkedPredictions(view);
  const checked = predictions.length;
  const held = predictions.filter((item) => item.held).length;
  if (fit === undefined && checked === 0) return check(name, 'unknown', 'No run has been predicted yet.');
  const coverage =
    checked === 0 ? '' : ` ${held} of ${plural(checked, 'run')} reported within the 95 % interval expected of them.`;
  const errors =
    fit === undefined ? '' : `Leave-one-out errors are ${formatRatio(fit.standardizedError)} what the model claims.`;
  const isPoor = (fit?.standardizedError ?? 1) > WIDE_ERRORS || (checked >= FEWEST_CHECKED && held < HELD * checked);
  const remedy =
    'Take intervals for wider than they are written; look for runs that are not like the others (other code or data, a restart that lost state), and leave them out with titrate what-if --drop to see what they do.';
  return check(name, isPoor ? 'watch' : 'good', `${errors}${coverage}`.trim(), isPoor ? remedy : '');
};

const scalesCheck = (view: SweepView): HealthCheck => {
  const name = 'Small scales as guides';
  const trust = (view.recommendation ?? view.belief)?.trust ?? [];
  const used = trust.filter(({ scale, runs }) => scale !== view.sweep.target.scale && runs > 0);
  if (used.length === 0) {
    const tried = view.observations.some(({ scale }) => scale !== view.sweep.target.scale);
    return check(
      name,
      'unknown',
      `No ${tried ? 'run at a smaller scale has completed' : 'smaller scale has been run'}.`,
    );
  }
  const poor = used.filter((item) => standingOf(item) !== 'good');
  const list = (items: typeof used): string =>
    items.map((item) => `${plainText(item.scale)} ${formatTrust(item)}`).join(', ');
  if (poor.length === 0) return check(name, 'good', `They rank mixtures as the target does: ${list(used)}.`);
  const remedy =
    'Give more of the budget to scales nearer the target, or add one between; leave a scale out of the sweep file that ranks the other way round.';
  return check(name, 'watch', `Not to be relied on: ${list(poor)}.`, remedy);
};

/** Domains whose recommended share lies at a bound that the team set; 0 and 1 are bounds of nature. */
const onBounds = ({ sweep, recommendation }: SweepView): string[] =>
  Object.entries(sweep.domains).flatMap(([name, { min, max }]) => {
    const share = recommendation?.mixture[name] ?? 0;
    if (max - min < 2 * NEAR_BOUND) return []; // fixed by the team: no surprise
    if (max < 1 && share > max - NEAR_BOUND) return [`${plainText(name)} at its most, ${formatShare(max)}`];
    return min > 0 && share < min + NEAR_BOUND ? [`${plainText(name)} at its least, ${formatShare(min)}`] : [];
  });

const boundsCheck = (view: SweepView): HealthCheck => {
  const name = 'Bounds';
  if (view.recommendation === null) return check(name, 'unknown', 'Nothing is recommended yet.');
  const found = onBounds(view);
  if (found.length === 0) return check(name, 'good', 'The recommended mixture lies within the bounds of every domain.');
  const remedy =
    'The best mixture may lie beyond. If the bound can be moved, run a sweep with wider ones, with these runs imported.';
  return check(name, 'watch', `The recommended mixture has ${found.join(', ')}.`, remedy);
};

const flatCheck = (view: SweepView): HealthCheck => {
  const name = 'Does the mixture matter?';
  if (view.recommendation === null) return check(name, 'unknown', 'Nothing is recommended yet.');
  if (!hasMeasured(view)) return check(name, 'unknown', 'No run has reported the objective.');
  const { shareRanges } = view.recommendation;
  const free = Object.entries(view.sweep.domains).filter(([, { min, max }]) => max - min >= 2 * NEAR_BOUND);
  const open = free.filter(([domain, { min, max }]) => {
    const [low, high] = shareRanges[domain] ?? [0, 0];
    return high - low > FLAT * (max - min);
  });
  if (open.length * 2 <= free.length)
    return check(
      name,
      'good',
      `Mixtures that cannot be told from the recommended one are alike in ${plural(free.length - open.length, 'domain')} of ${free.length}.`,
    );
  const remedy =
    'Where their predictions are alike and narrow, the objective is flat: choose by other reasons (licences, epochs, price of the data), or take an objective that tells mixtures apart better. Where they are wide, too little is known: make more runs, nearer the target.';
  return check(
    name,
    'watch',
    `Mixtures that cannot be told from the recommended one take more than half of the room that ${open.map(([domain]) => plainText(domain)).join(', ')} have.`,
    remedy,
  );
};

/** How to get more runs at the target, as far as it is not so already. */
const targetRemedy = ({ sweep, end }: SweepView): string => {
  const ask = sweep.confirm === 0 ? 'Ask for confirmation runs (confirm in the sweep file), or ' : '';
  const more =
    end === null
      ? 'extend the budget by a run or two at the target'
      : 'make a run or two at the target in a sweep of their own, with these runs imported,';
  const advice = `${ask}${more} before much is staked on the mixture.`;
  return `${advice.charAt(0).toUpperCase()}${advice.slice(1)}`;
};

const targetCheck = (view: SweepView): HealthCheck => {
  const name = 'Runs at the target';
  const imported = importedTargetRuns(view).length;
  const runs = targetRuns(view).length;
  const { scale } = view.sweep.target;
  // They rank mixtures at the target's size, and show its noise, as full ones do.
  const shorter = view.observations.filter((run) => run.scale === scale && run.value !== undefined).length - runs;
  const others = [
    ...(imported === 0 ? [] : [`, and ${formatFixed(imported, 0)} imported`]),
    ...(shorter === 0 ? [] : [`, and ${formatFixed(shorter, 0)} at ${plainText(scale)} with fewer steps`]),
  ];
  const finding = `${plural(runs, 'run')} completed there${others.join('')}.`;
  if (runs + imported > 0 && runs + imported + shorter >= FEWEST_TARGET_RUNS) return check(name, 'good', finding);
  return check(name, 'watch', finding, targetRemedy(view));
};

const endingsCheck = (view: SweepView): HealthCheck => {
  const name = 'Runs that did not complete';
  const lost = view.observations.filter(isLost).length;
  const total = view.observations.filter(wasMade).length;
  if (total === 0) return check(name, 'unknown', 'No run has ended yet.');
  if (lost * 4 <= total) return check(name, 'good', `${lost} of ${total}.`);
  return check(
    name,
    'watch',
    `${lost} of ${total}.`,
    'Their own words stand beside each decision below; mend the jobs before more is spent.',
  );
};

/** Every check, in the order in which a reader should care. */
export const healthOf = (view: SweepView): readonly HealthCheck[] =>
  [targetCheck, fitCheck, scalesCheck, boundsCheck, flatCheck, endingsCheck].map((look) => look(view));
