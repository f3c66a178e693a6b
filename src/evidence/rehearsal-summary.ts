/** What rehearsals come to, in figures. */
import { confirmationReserve, costOf } from '../domain/cost.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import type { Sweep } from '../domain/sweep.js';
import type { SmallScales } from '../simulators/synthetic-law.js';
import type { Played } from './backtest.js';
import { regretAt } from './regret-at.js';

/** Parts of the search's money at which recommendations are compared. */
export const REHEARSAL_MARKS = [0.1, 0.25, 0.5, 1] as const;

/** From least to most over the laws. */
export type Range = readonly [least: number, most: number];

/** A sweep on several laws of one kind. */
export interface RehearsalSummary {
  readonly smallScales: SmallScales;
  readonly laws: number;
  readonly runs: Range;
  /** At the target's scale, of whatever length. */
  readonly runsAtTargetScale: Range;
  /** To the target itself. */
  readonly targetRuns: Range;
  /** In the sweep's units. */
  readonly spent: Range;
  /** As many target runs one after another, if every run takes as long as it costs. */
  readonly lasted: Range;
  /** Medians of the regret of what would be recommended, 0 the best allowed mixture, 1 a random one; null before the first run had ended. */
  readonly regretAt: readonly { readonly part: number; readonly regret: number | null }[];
}

const rangeOf = (values: readonly number[]): Range => [Math.min(...values), Math.max(...values)];

const countRuns = ({ lines }: Played, isCounted: (run: Fidelity) => boolean): number =>
  lines.filter(({ event }) => event.type === 'observed' && isCounted(event)).length;

/** Adds up the plays of one kind of laws. */
export const summarizeRehearsals = (
  sweep: Sweep,
  smallScales: SmallScales,
  played: readonly Played[],
): RehearsalSummary => {
  const { target } = sweep;
  const money = sweep.budget - confirmationReserve(sweep);
  return {
    smallScales,
    laws: played.length,
    runs: rangeOf(played.map(({ runs }) => runs)),
    runsAtTargetScale: rangeOf(played.map((one) => countRuns(one, ({ scale }) => scale === target.scale))),
    targetRuns: rangeOf(played.map((one) => countRuns(one, (run) => isSameFidelity(run, target)))),
    spent: rangeOf(played.map(({ spent }) => spent)),
    lasted: rangeOf(played.map(({ lasted }) => lasted / costOf(sweep, target))),
    regretAt: REHEARSAL_MARKS.map((part) => ({ part, regret: regretAt(played, part * money) })),
  };
};
