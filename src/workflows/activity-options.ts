/** How long activities may take and how they are tried again, by kind. Unlimited attempts: what is broken is waited for. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';

const RETRY = { initialInterval: '300 ms', backoffCoefficient: 2, maximumInterval: '30 s' } as const;
const HEARTBEAT_TIMEOUT = '20 s'; // four heartbeats: a worker that died is noticed within this

/** Writing the record and looking something up there: short, local, no heartbeats. */
export const recordWork = proxyActivities<Pick<Activities, 'titrateOpenRecord' | 'titrateAppend' | 'titrateFindRun'>>({
  startToCloseTimeout: '20 s',
  retry: RETRY,
});

/** Fitting and choosing. */
export const decisionWork = proxyActivities<Pick<Activities, 'titratePropose' | 'titrateRecommend'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

/** Short, repeatable dealings with a launcher. */
export const jobWork = proxyActivities<Pick<Activities, 'titrateLaunch' | 'titrateCollect' | 'titrateStop'>>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

/** Following a job for as long as it takes. */
export const supervision = proxyActivities<Pick<Activities, 'titrateSupervise'>>({
  startToCloseTimeout: '400 days',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
  cancellationType: ActivityCancellationType.TRY_CANCEL, // the job is stopped by its own activity; supervisors only detach
});

/** Asking the server about other workflows. */
export const lookups = proxyActivities<Pick<Activities, 'titrateFindTrials'>>({
  startToCloseTimeout: '1 minute',
  retry: RETRY,
});
