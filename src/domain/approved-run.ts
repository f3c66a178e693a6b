/** The run that a person approves in the place of the one that was decided: one rule for the sweep, its audit and its report. */
import type { PricedRun } from './approval.js';
import { isSameMixture } from './mixture.js';
import type { Mixture } from './mixture.js';
import type { ResumePoint } from './ports.js';
import type { RecordEvent } from './record-event.js';

type Decided = Extract<RecordEvent, { type: 'decided' }>;

/** A run that was decided, as far as it matters to whether another can go on in its place. */
interface DecidedRun {
  readonly mixture: Mixture;
  readonly scale: string;
  readonly resume?: ResumePoint | undefined;
}

/** The step that a changed run still goes on from; 0 when it must start anew: another mixture or scale, or too few steps. */
export const stepsKept = ({ mixture, scale, resume }: DecidedRun, run: Omit<PricedRun, 'cost'>): number =>
  resume !== undefined && run.scale === scale && isSameMixture(run.mixture, mixture) && run.steps > resume.steps
    ? resume.steps
    : 0;

/** The decision as it is in force once a person approved another run; it goes on from the same checkpoint where it still can. */
export const withApprovedRun = (decided: Decided, { mixture, scale, steps, cost }: PricedRun): Decided => {
  const run = { mixture, scale, steps, cost };
  if (stepsKept(decided, run) > 0) return { ...decided, ...run };
  const { continues: _from, resume: _at, ...anew } = decided;
  return { ...anew, ...run };
};
