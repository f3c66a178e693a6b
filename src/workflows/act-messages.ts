import { defineSignal, defineUpdate } from '@temporalio/workflow';
import { NOTICE_SIGNAL, SWEEP_UPDATES } from '../domain/messages.js';
import type { ActInputs, ActResult } from '../domain/messages.js';
import type { NoticeOutcome } from './notices.js';

/** Updates whose answer depends on what is being written: they wait until it is. */
export const STEERING = [
  'approve',
  'refuse',
  'extend-budget',
  'lower-budget',
  'pin',
  'veto',
  'inject',
  'finish',
] as const;
/** Updates that are answered at once. */
export const IMMEDIATE = ['pause', 'resume', 'cancel', 'retry', 'abandon'] as const;

export const updateOf = <N extends keyof ActInputs>(name: N) =>
  defineUpdate<ActResult, [ActInputs[N]]>(SWEEP_UPDATES[name]);

export const noticeSignal = defineSignal<[NoticeOutcome]>(NOTICE_SIGNAL);
