import { ApplicationFailure, condition, currentUpdateInfo, patched } from '@temporalio/workflow';
import type { FoundRun } from '../activities/record-activities.js';
import { checkAct } from '../domain/act-inputs.js';
import { isTitrateError } from '../domain/errors.js';
import type { ActInputs, ActResult } from '../domain/messages.js';
import type { ActName } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { approveAct, refuseAct } from './approval-acts.js';
import { recordWork } from './activity-options.js';
import { PATCHES } from './patches.js';
import { retractAct } from './retract-act.js';
import { extendBudgetAct, finishAct, injectAct, lowerBudgetAct, pinAct, vetoAct } from './steering-acts.js';
import { abandonAct, cancelAct, pauseAct, refused, resumeAct, retryAct } from './sweep-acts.js';
import type { Taken } from './sweep-acts.js';
import type { SweepBook } from './sweep-book.js';
import { findTrial, type SweepState } from './sweep-state.js';

const ANSWERS_KEPT = 500; // some 100 bytes each, carried from run to run; more acts of people than a sweep sees

interface Situation {
  /** With the budget and the bounds in force. */
  readonly sweep: Sweep;
  /** As it was started. */
  readonly original: Sweep;
  readonly state: SweepState;
  /** What the record says of the run that the act is about; null when it has none, or was not asked. */
  readonly found: FoundRun | null;
}

type Judges = { readonly [N in ActName]: (on: Situation, what: ActInputs[N]) => Taken };

const JUDGES: Judges = {
  pause: ({ state }, what) => pauseAct(state, what),
  resume: ({ state }) => resumeAct(state, () => patched(PATCHES.refuseLateResume)),
  cancel: ({ state }, what) => cancelAct(state, what),
  retry: ({ sweep, state }, what) => retryAct(sweep, state, what),
  abandon: ({ state }, what) => abandonAct(state, what),
  approve: ({ sweep, state }, what) => approveAct(sweep, state, what),
  refuse: ({ state }, what) => refuseAct(state, what),
  retract: ({ state, found }, what) => retractAct(state, what, found),
  'extend-budget': ({ sweep, state }, what) => extendBudgetAct(sweep, state, what),
  'lower-budget': ({ sweep, state }, what) => lowerBudgetAct(sweep, state, what),
  pin: ({ sweep, state }, what) => pinAct(sweep, state, what),
  veto: ({ sweep, original, state }, what) => vetoAct(sweep, state, what, original, () => patched(PATCHES.unpinVetoed)),
  inject: ({ sweep, state }, what) => injectAct(sweep, state, what),
  finish: ({ state }, what) => finishAct(state, what),
};

/** Refuses at the door what cannot be understood: such an update leaves no trace. */
export const validateAct =
  (name: ActName) =>
  (what: unknown): void => {
    try {
      checkAct(name, what);
    } catch (error) {
      if (!isTitrateError(error)) throw error;
      throw ApplicationFailure.create({ message: error.message, type: error.code, nonRetryable: true });
    }
  };

/** Where acts on a sweep come in: judges them, answers, and remembers what was answered to which key. */
export class SweepDesk {
  constructor(readonly book: SweepBook) {}

  /** Judges an act at once. */
  take<N extends ActName>(name: N, what: ActInputs[N], found: FoundRun | null = null): ActResult {
    const { book } = this;
    const id = currentUpdateInfo()?.id;
    const before = id === undefined ? undefined : book.state.answers.find((answer) => answer.id === id);
    if (before !== undefined) return { accepted: before.accepted, reason: before.reason };
    const { accepted, reason } = this.#judge(name, what, found, id);
    if (id !== undefined) {
      const answers = [...book.state.answers, { id, accepted, reason }].slice(-ANSWERS_KEPT);
      book.change({ answers });
    }
    return { accepted, reason };
  }

  /** Judges an act when no decision is on its way to the record: all that is committed is known then. */
  async takeSettled<N extends ActName>(name: N, what: ActInputs[N]): Promise<ActResult> {
    if (this.book.isWriting) await condition(() => !this.book.isWriting);
    return this.take(name, what);
  }

  /** Judges a retraction: only the record knows the runs that have ended. */
  async retract(what: ActInputs['retract']): Promise<ActResult> {
    const { trial } = what;
    let found = await this.#find(trial);
    if (found === null && findTrial(this.book.state, trial) === undefined) found = await this.#find(trial); // it may have ended meanwhile
    return this.take('retract', what, found);
  }

  /** Asks the record about a run that has ended, between two writings. */
  async #find(trial: string): Promise<FoundRun | null> {
    const { book } = this;
    const hasBegun = (): boolean => book.state.head.seq > 0; // a line that no record has would be asked for without end
    if (book.isWriting || !hasBegun()) await condition(() => !book.isWriting && hasBegun());
    const found = await recordWork.titrateFindRun({ sweepId: book.input.sweepId, head: book.state.head, trial });
    if (book.isWriting) await condition(() => !book.isWriting);
    return found;
  }

  #judge<N extends ActName>(name: N, what: ActInputs[N], found: FoundRun | null, id: string | undefined): ActResult {
    const { book } = this;
    const { sweep, state, input } = book;
    const verdict = book.isEnding
      ? refused(state, 'the sweep is ending')
      : JUDGES[name]({ sweep, original: input.sweep, state, found }, what);
    return verdict.accepted ? book.act(name, what, verdict, id) : this.#refuse(name, what, verdict.reason, id);
  }

  /** An act that is not taken is in the record too. */
  #refuse<N extends ActName>(name: N, what: ActInputs[N], because: string, id: string | undefined): ActResult {
    const { book } = this;
    if (patched(PATCHES.recordRefusals) && !book.isEnding) {
      const number = book.state.refusedActs + 1;
      book.change({ refusedActs: number });
      book.hear({ kind: 'act-refused', act: name, number, what, because, ...(id === undefined ? {} : { id }) });
    }
    return { accepted: false, reason: because };
  }
}
