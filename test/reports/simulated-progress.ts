import type { SweepProgress } from '../../src/domain/messages.js';
import type { RecordLine } from '../../src/domain/record-event.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import type { TrialProgress } from '../../src/reports/render-progress.js';

/** What a sweep with this record would answer when asked where it stands. */
export const progressOf = (lines: readonly RecordLine[]): SweepProgress => {
  const view = foldRecord(lines);
  const incumbent = view.decisions.at(-1)?.explanation.incumbent ?? null;
  return {
    sweepId: view.sweepId,
    status: view.status,
    pause: null,
    phase: view.end === null ? 'searching' : 'ended',
    waitsFor: null,
    freePlaces: 0,
    budget: view.sweep.budget,
    spent: view.spent,
    committed: view.inFlight.reduce((sum, { cost }) => sum + cost, 0),
    spentByScale: Object.fromEntries(view.spentByScale.map(({ scale, cost }) => [scale, cost])),
    decisions: view.decisions.length,
    observations: view.observations.length,
    inFlight: view.inFlight.map((decision) => ({
      trial: decision.trial,
      workflowId: `titrate/${view.sweepId}/${decision.trial}`,
      mixture: decision.mixture,
      scale: decision.scale,
      steps: decision.steps,
      cost: decision.cost,
      purpose: decision.purpose,
      since: Date.parse(decision.at),
      state: 'running',
      generation: 1,
    })),
    incumbent,
    recommendation: null,
    head: view.head,
    result: null,
  };
};

/** Jobs that are some way on, each further than the one before; the last has not said anything. */
export const jobsOf = ({ inFlight }: SweepProgress): TrialProgress =>
  Object.fromEntries(
    inFlight.map(({ trial, steps }, i) => [
      trial,
      i === inFlight.length - 1
        ? undefined
        : { steps: Math.round((steps * (i + 1)) / (inFlight.length + 1)), metrics: { book_ce: 2.9 - 0.1 * i } },
    ]),
  );
