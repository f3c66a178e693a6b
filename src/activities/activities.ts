import type { Notice, NoticeChannel } from '../domain/notices.js';
import type { Launcher } from '../domain/ports.js';
import type { RecordLine } from '../domain/record-event.js';
import type { LauncherChoice } from '../domain/sweep.js';
import type { NewEvent } from '../ledger/chain.js';
import type { RecordFile } from '../ledger/record-file.js';
import { decisionActivities } from './decision-activities.js';
import { withFailures } from './failures.js';
import { jobActivities } from './job-activities.js';
import { notifyActivities } from './notify-activities.js';
import type { Proposer } from './proposer.js';
import { reconcileActivities } from './reconcile-activities.js';
import type { ReconcileReport } from './reconcile-activities.js';
import { recordActivities } from './record-activities.js';
import { trialActivities } from './trial-activities.js';
import type { TrialStanding } from './trial-activities.js';

/** What the activities work with; chosen by the composition root alone. */
export interface ActivityDeps {
  /** Version of titrate, for the record. */
  readonly version: string;
  /** When the server scheduled the activity that is running (ms since the epoch). */
  askedAt(): number;
  readonly proposer: Proposer;
  /** The one RecordFile of a sweep in this process: appends queue up in it. */
  recordFor(sweepId: string): RecordFile;
  /** Earlier runs that were imported before the sweep started, to be written behind its first line; undefined when none were kept. */
  importsFor?(sweepId: string): Promise<readonly NewEvent[] | undefined>;
  /** Leaves a note of which server the sweep runs on. */
  noteServer?(sweepId: string): Promise<void>;
  /** Signs the last line of a record that has ended. */
  seal?(sweepId: string, last: RecordLine): Promise<void>;
  launcherFor(sweepId: string, choice: LauncherChoice): Promise<Launcher>;
  findTrial(trial: string, workflowId: string): Promise<TrialStanding>;
  /** Tells people outside. */
  notify(channel: NoticeChannel, notice: Notice): Promise<void>;
  /** Looks at the whole home for jobs that no trial owns. */
  reconcile(): Promise<ReconcileReport>;
}

/** Creates the activities of titrate; their names begin with `titrate`, so that they never meet a team's own. */
export const createActivities = (deps: ActivityDeps) =>
  withFailures({
    ...recordActivities(deps),
    ...decisionActivities(deps),
    ...jobActivities(deps),
    ...trialActivities(deps),
    ...reconcileActivities(deps),
    ...notifyActivities(deps),
  });

export type Activities = ReturnType<typeof createActivities>;
