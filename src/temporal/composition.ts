/** The composition root: chooses the implementations behind the activities. */
import { Context } from '@temporalio/activity';
import { createActivities, type Activities } from '../activities/activities.js';
import { createThreadProposer } from '../activities/proposer.js';
import { RecordFile } from '../ledger/record-file.js';
import { hasStagedImports, readStagedImports } from '../ledger/staged-imports.js';
import { findTrial } from './find-trial.js';
import { sweepPaths, type Home } from './home.js';
import { createLaunchers } from './launchers.js';
import { packageVersion } from './package-version.js';
import { createReconciler } from './reconcile-home.js';
import { createSeal } from './seal-record.js';
import { sendNotice } from './send-notice.js';
import { noteServer } from './sweep-server.js';

export interface Composition {
  readonly activities: Activities;
  /** Ends the threads. */
  close(): Promise<void>;
}

export interface CompositionOptions {
  /** Threads that fit and choose. */
  readonly threads: number;
}

const RECORDS_IN_MEMORY = 300; // a worker of two hundred busy sweeps reads none of them twice

/** Keeps one RecordFile per sweep, and drops those that were used longest ago and are at rest. */
const rememberRecords = (home: Home): ((sweepId: string) => RecordFile) => {
  const records = new Map<string, RecordFile>();
  return (sweepId) => {
    const record = records.get(sweepId) ?? new RecordFile(sweepPaths(home, sweepId).record);
    records.delete(sweepId);
    records.set(sweepId, record);
    for (const [id, old] of records) {
      if (records.size <= RECORDS_IN_MEMORY) break;
      if (old.isIdle && old !== record) records.delete(id);
    }
    return record;
  };
};

/** Composes the activities of one home; starts nothing until they are used. */
export const composeActivities = (home: Home, { threads }: CompositionOptions): Composition => {
  const recordFor = rememberRecords(home);
  const proposer = createThreadProposer(threads);
  const launcherFor = createLaunchers(home);
  const look = createReconciler({ home, launcherFor, recordFor });
  const activities = createActivities({
    version: packageVersion(),
    askedAt: () => Context.current().info.scheduledTimestampMs,
    proposer,
    recordFor,
    importsFor: async (sweepId) => {
      const { imports } = sweepPaths(home, sweepId);
      return hasStagedImports(imports) ? readStagedImports(imports) : undefined;
    },
    noteServer: (sweepId) => noteServer(home, sweepId, Context.current().client),
    seal: createSeal(home),
    launcherFor,
    findTrial,
    notify: sendNotice,
    reconcile: () => look(Context.current().client),
  });
  return { activities, close: () => proposer.close() };
};
