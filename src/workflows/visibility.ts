/** What Temporal's own page shows of a sweep, and what it remembers of the sweep's record. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { HEAD_MEMO } from '../domain/messages.js';
import type { SweepProgress } from '../domain/messages.js';
import type { RecordHead } from '../domain/record-event.js';

const SWEEP = defineSearchAttributeKey('TitrateSweep', 'KEYWORD');
const STATUS = defineSearchAttributeKey('TitrateStatus', 'KEYWORD');
const SPENT = defineSearchAttributeKey('TitrateSpent', 'DOUBLE');
const HEAD = defineSearchAttributeKey('TitrateHead', 'KEYWORD');

/** Shows where a sweep stands, by search attributes: only where the namespace has them. */
export const showProgress = ({ sweepId, status, spent, head }: SweepProgress, showsHead: boolean): void => {
  upsertSearchAttributes([
    { key: SWEEP, value: sweepId },
    { key: STATUS, value: status },
    { key: SPENT, value: spent },
    ...(showsHead ? [{ key: HEAD, value: `${head.seq}:${head.hash}` }] : []),
  ]);
};

/** Leaves the head of the record where the folder's owner cannot rewrite it. */
export const anchorHead = ({ seq, hash }: RecordHead): void => upsertMemo({ [HEAD_MEMO]: { seq, hash } });
