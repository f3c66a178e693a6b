/** Search attributes, for Temporal's own page and for listing; only where the namespace has them. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { SweepProgress } from '../domain/messages.js';

const SWEEP = defineSearchAttributeKey('TitrateSweep', 'KEYWORD');
const STATUS = defineSearchAttributeKey('TitrateStatus', 'KEYWORD');
const SPENT = defineSearchAttributeKey('TitrateSpent', 'DOUBLE');

/** Shows where a sweep stands. */
export const showProgress = ({ sweepId, status, spent }: SweepProgress): void => {
  upsertSearchAttributes([
    { key: SWEEP, value: sweepId },
    { key: STATUS, value: status },
    { key: SPENT, value: spent },
  ]);
};
