import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { PROGRESS_QUERY, SWEEP_SIGNALS, SWEEP_UPDATES, TRIAL_SIGNALS } from '../domain/messages.js';
import type { SweepProgress, TrialEnd } from '../domain/messages.js';
import type { JobRef } from '../domain/ports.js';

/** A trial's job was launched, or found again. */
export interface TrialLaunched {
  readonly trial: string;
  readonly ref: JobRef;
}

export const attachUpdate = defineUpdate<{ sweepId: string }>(SWEEP_UPDATES.attach);
export const reconcileSignal = defineSignal(SWEEP_SIGNALS.reconcile);
export const progressQuery = defineQuery<SweepProgress>(PROGRESS_QUERY);

export const launchedSignal = defineSignal<[TrialLaunched]>(TRIAL_SIGNALS.launched);
export const endedSignal = defineSignal<[TrialEnd]>(TRIAL_SIGNALS.ended);
export const stopSignal = defineSignal(TRIAL_SIGNALS.stop);
/** To a trial: tell your end, since nobody follows you any more. */
export const tellSignal = defineSignal(TRIAL_SIGNALS.tell);
