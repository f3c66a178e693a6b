/** Acts that change what a sweep may spend, where it looks and when it ends. Pure. */
import { checkedRun } from '../domain/checked-run.js';
import { confirmationReserve } from '../domain/cost.js';
import { sweepInForce } from '../domain/in-force.js';
import { limitProblems } from '../domain/limit-problems.js';
import type { BudgetAct, FinishAct, InjectAct, PinAct, VetoAct } from '../domain/messages.js';
import { isSameMixture } from '../domain/mixture.js';
import { knownWords } from '../domain/nearest-word.js';
import { observationProblem } from '../domain/injected.js';
import type { Domain, Sweep } from '../domain/sweep.js';
import { costText, short } from './cost-text.js';
import { closingText, refused, taken } from './sweep-acts.js';
import type { Taken } from './sweep-acts.js';
import { committedBy, isAffordable, isClosing } from './sweep-state.js';
import type { PinnedRun, SweepState } from './sweep-state.js';

/** Why nothing more can be searched for; undefined while the search goes on. */
const isOverText = (state: SweepState): string | undefined => {
  if (isClosing(state)) return closingText(state);
  return state.phase === 'searching' ? undefined : 'the search is over';
};

/** The budget is another one from here on. */
const budgetTaken = (sweep: Sweep, state: SweepState, to: number): Taken => {
  const changes = { ...state.changes, budget: to };
  const reason = `the budget is ${costText(sweep, to)} now, instead of ${short(sweep.budget)}`;
  const goesOn = to > sweep.budget && state.phase === 'searching' ? { searchOver: null, nothingToBuyAt: null } : {};
  return taken(state, { changes, ...goesOn }, reason, { budget: { from: sweep.budget, to } });
};

export const extendBudgetAct = (sweep: Sweep, state: SweepState, what: BudgetAct): Taken => {
  const to = what.to ?? sweep.budget + (what.change ?? 0);
  if (isClosing(state)) return refused(state, closingText(state));
  if (to <= sweep.budget)
    return refused(state, `the budget is ${short(sweep.budget)} already; ${short(to)} would not extend it`);
  return budgetTaken(sweep, state, to);
};

/** Never below what is spent and committed: a run that was started cannot be unpaid. */
export const lowerBudgetAct = (sweep: Sweep, state: SweepState, what: BudgetAct): Taken => {
  const to = what.to ?? sweep.budget - (what.change ?? 0);
  if (isClosing(state)) return refused(state, closingText(state));
  if (to >= sweep.budget)
    return refused(state, `the budget is ${short(sweep.budget)}; ${short(to)} would not lower it`);
  const committed = committedBy(state);
  const least = state.spent + committed;
  if (to < least) {
    return refused(
      state,
      `${short(state.spent)} are spent and ${short(committed)} committed: the budget cannot be below ${short(least)}`,
    );
  }
  return budgetTaken(sweep, state, to);
};

/** A run to be made next, by a person's own decision: it needs no approval, but a place and the budget. */
export const pinAct = (sweep: Sweep, state: SweepState, what: PinAct): Taken => {
  const over = isOverText(state);
  if (over !== undefined) return refused(state, over);
  const checked = checkedRun(sweep, what);
  if ('problem' in checked) return refused(state, `the run cannot be made: ${checked.problem}`);
  const { run } = checked;
  const isThere = ({ mixture, scale, steps }: Omit<PinAct, 'by'>): boolean =>
    scale === run.scale && steps === run.steps && isSameMixture(mixture, run.mixture);
  const twin = state.running.find(isThere);
  if (twin !== undefined) return refused(state, `trial ${twin.trial} is that very run already`);
  if (state.pinned.some(isThere)) return refused(state, 'that very run is pinned already');
  if (!isAffordable(sweep, state, run.cost)) {
    const left = sweep.budget - state.spent - committedBy(state) - confirmationReserve(sweep);
    return refused(
      state,
      `the run may cost ${costText(sweep, run.cost)}, and ${short(Math.max(0, left))} are left to decide on`,
    );
  }
  const { by, authenticated, reason } = what;
  const pinned = [
    ...state.pinned,
    {
      ...run,
      by,
      ...(authenticated === undefined ? {} : { authenticated }),
      ...(reason === undefined ? {} : { reason }),
    },
  ];
  const when = state.pause === null ? 'as soon as there is a place' : 'when the sweep is resumed';
  return taken(
    state,
    { pinned, searchOver: null },
    `the run starts ${when}, at a cost of up to ${costText(sweep, run.cost)}`,
    {
      run,
    },
  );
};

/** The bounds of the domains that a veto names, tightened; or why that cannot be. */
const tightened = (
  sweep: Sweep,
  { bounds }: VetoAct,
): Readonly<Record<string, Pick<Domain, 'min' | 'max'>>> | string => {
  const names = Object.keys(sweep.domains);
  const next: Record<string, Pick<Domain, 'min' | 'max'>> = {};
  for (const [name, given] of Object.entries(bounds)) {
    const now = sweep.domains[name];
    if (now === undefined) return `${name} is no domain of the sweep: ${knownWords(name, names)}`;
    const { min = now.min, max = now.max } = given;
    if (min < now.min || max > now.max) return `${name} is from ${now.min} to ${now.max} already; a veto only tightens`;
    if (min > max) return `${name} cannot be at least ${min} and at most ${max}`;
    if (min !== now.min || max !== now.max) next[name] = { min, max };
  }
  return Object.keys(next).length === 0 ? 'the bounds are so already' : next;
};

const unpinnedText = ({ by, scale, steps }: PinnedRun): string =>
  `the run at ${scale}, ${steps} steps, that ${by} pinned is not made`;

/**
 * Takes a region out of what is allowed: no decision and no recommendation lies in it from here on. Pinned runs in it are
 * taken back, if the sweep `mayUnpin`.
 */
export const vetoAct = (
  sweep: Sweep,
  state: SweepState,
  what: VetoAct,
  original: Sweep,
  mayUnpin: () => boolean,
): Taken => {
  const over = isOverText(state);
  if (over !== undefined) return refused(state, over);
  const bounds = tightened(sweep, what);
  if (typeof bounds === 'string') return refused(state, bounds);
  const changes = { ...state.changes, bounds: { ...state.changes.bounds, ...bounds } };
  const next = sweepInForce(original, changes);
  const [problem] = limitProblems(next);
  if (problem !== undefined) {
    return refused(state, `no mixture would be left: expected ${problem.expected}; found ${problem.found}`);
  }
  if (next.mixtures?.length === 0) return refused(state, 'none of the listed mixtures would be left');
  const vetoed = state.pinned.filter((run) => 'problem' in checkedRun(next, run));
  const lost = vetoed.length > 0 && mayUnpin() ? vetoed : [];
  const change = { changes, nothingToBuyAt: null, pinned: state.pinned.filter((run) => !lost.includes(run)) };
  const words = ['nothing outside these bounds is decided or recommended from now on', 'trials in flight go on'];
  const unpinned = lost.map(({ mixture, scale, steps, cost }) => ({ mixture, scale, steps, cost }));
  return taken(state, change, [...words, ...lost.map(unpinnedText)].join('; '), {
    bounds,
    ...(lost.length === 0 ? {} : { unpinned }),
  });
};

/** Evidence from elsewhere, from now on. */
export const injectAct = (sweep: Sweep, state: SweepState, { observations }: InjectAct): Taken => {
  if (isClosing(state)) return refused(state, closingText(state));
  for (const one of observations) {
    const problem = observationProblem(sweep, one);
    if (problem !== undefined) return refused(state, `observation ${one.trial}: ${problem}`);
  }
  const change = { nothingToBuyAt: null };
  const words = `${observations.length} observation${observations.length === 1 ? '' : 's'}`;
  return taken(state, change, `${words} count from the next decision on`, { observations: observations.length });
};

/** Ends the search now: nothing new starts, no confirmation either, and what is there is recommended from. */
export const finishAct = (state: SweepState, what: FinishAct): Taken => {
  if (isClosing(state)) return refused(state, closingText(state));
  const jobs = state.running.length === 0 ? 'no trial is in flight' : `${state.running.length} trials are in flight`;
  const then = what.stop === true ? 'their jobs are being stopped' : 'those with a job are waited for';
  const ending = state.running.length === 0 ? jobs : `${jobs}: ${then}`;
  return taken(
    state,
    { finish: what, pinned: [], pause: null },
    `the sweep recommends from what is there; ${ending}`,
    what.stop === true ? { stop: true } : {},
  );
};
