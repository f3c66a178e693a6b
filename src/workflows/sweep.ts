/**
 * A sweep from its first decision to its recommendation.
 *
 * Invariants
 * 1. A decision is in the record before its trial starts, and what starts is what the record holds.
 * 2. Decisions are numbered 1, 2, 3, ... without gap or double; decision n starts trial n and no other.
 * 3. When a trial starts, what is spent, the worst case of all trials in flight, and, while the search goes on, the
 *    price of the confirmation stay within the budget; that price is kept from no run that confirms.
 * 4. No more than `parallel` trials are in flight; one that backs off keeps its place, one that is parked has none.
 * 5. The end of a trial's generation is counted once, however often it is told; an unknown one is ignored.
 * 6. Continuing as new loses nothing: all that arrived is recorded first, trials in flight are carried along and
 *    reconciled with the server once.
 * 7. A paused or cancelled sweep starts nothing, reruns included.
 * 8. A broken promise (a policy that fails, jobs that fail in a row, a trial workflow that is lost again and again)
 *    pauses the sweep with its reason; it never ends the sweep.
 * 9. A sweep ends only with no trial in flight, and its record then ends with `ended`.
 * 10. A confirmation runs the recommended mixture at the target, after the search is over, and not if it ran before.
 * 11. A trial whose workflow is lost is started again under the same job key: its job is found, never paid twice.
 * 12. A generation of a trial above the first exists only by a `rerun` in the record, written before it starts, and is
 *     within the budget at its worst case. What each generation cost is charged.
 * 13. After each kind of ending a trial runs again as often as `retries` says; a preemption uses up no retry of another
 *     kind; what was refused, cancelled or abandoned never runs again.
 * 14. A trial goes on from the last checkpoint that its earlier generations reported.
 * 15. A trial that is parked runs again, or ends, only by a person's act; the sweep goes on with others, and does not end.
 * 16. A trial moves only as the table of domain/trial-moves.ts allows.
 * 17. A decision that the sweep's `approval` names starts no job before a person's leave is in the record, or titrate's own
 *     answer when nobody answered in time; what was refused is not proposed again.
 * 18. Every act is in the record, taken or not; the same idempotency key gets the same answer and changes nothing, in
 *     later runs of the workflow too.
 * 19. The budget and the bounds in force follow from the record: a decision is made from those that stand in it, and one
 *     that was on its way when they changed is made anew, and a pinned run that they forbid is not made. A budget is never
 *     below what is spent and committed.
 * 20. Notices hold nothing up and fail nothing.
 * 21. A result that was taken back is in no decision and no recommendation from then on; what was recommended with it
 *     no longer stands, and is not confirmed any more; what the run cost stays charged.
 */
import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { SweepInput, SweepResult } from '../domain/messages.js';
import { attachUpdate, endedSignal, launchedSignal, progressQuery, reconcileSignal } from './messages.js';
import { IMMEDIATE, STEERING, noticeSignal, updateOf } from './act-messages.js';
import { validateAct } from './sweep-desk.js';
import type { SweepState } from './sweep-state.js';
import { SweepStory } from './sweep-story.js';

/** Runs a sweep; see the invariants above. `carried` is what an earlier run of the same workflow hands over. */
export async function titrateSweep(input: SweepInput, carried?: SweepState): Promise<SweepResult> {
  const story = new SweepStory(input, carried);
  setHandler(progressQuery, () => story.progress());
  setHandler(attachUpdate, () => ({ sweepId: input.sweepId }));
  for (const name of IMMEDIATE) {
    setHandler(updateOf(name), (act) => story.act(name, act), { validator: validateAct(name) });
  }
  for (const name of STEERING) {
    setHandler(updateOf(name), (act) => story.steer(name, act), { validator: validateAct(name) });
  }
  setHandler(updateOf('retract'), (act) => story.retract(act), { validator: validateAct('retract') });
  setHandler(noticeSignal, (outcome) => story.hear({ kind: 'notified', outcome }));
  setHandler(launchedSignal, (message) => story.hear({ kind: 'launched', message }));
  setHandler(endedSignal, (end) => story.hear({ kind: 'ended', end }));
  setHandler(reconcileSignal, () => story.hear({ kind: 'doubt' }));
  CancellationScope.current().cancelRequested.catch(() =>
    story.act('cancel', { by: 'temporal', reason: 'the workflow was cancelled' }),
  );
  return CancellationScope.nonCancellable(() => story.tell());
}
