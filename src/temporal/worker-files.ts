import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { ProcessRecord } from '../host/process-record.js';
import type { TitrateConnection } from './client.js';
import { taskQueueOf, type Home } from './home.js';
import { findOwnServer } from './own-server.js';
import { EMBEDDED_NAMESPACE } from './server-settings.js';

/** What a worker works for: one server, one namespace, one task queue. */
export interface WorkerTarget {
  readonly kind: TitrateConnection['kind'];
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** What this home's worker works for, by the settings alone: no server need be there. */
export const workerTargetOf = (
  homeId: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): WorkerTarget => {
  const taskQueue = taskQueueOf(homeId, env);
  const own = findOwnServer(env);
  return own === undefined
    ? { kind: 'embedded', address: '', namespace: EMBEDDED_NAMESPACE, taskQueue } // wherever its port moves
    : { kind: 'own', address: own.address, namespace: own.namespace, taskQueue };
};

/** What a running worker process says of itself. */
export const WorkerRecord = z.object({
  ...ProcessRecord.shape,
  taskQueue: z.string(),
  address: z.string(),
  namespace: z.string(),
  /** Which code it runs: see `codeStamp`. */
  code: z.string(),
  /** `polling` once it takes work. */
  state: z.enum(['starting', 'polling']),
  startedAt: z.string(),
  /** Ids of the encryption keys that it has; those of workers before there was encryption are absent. */
  keys: z.array(z.string()).optional(),
  /** The home's folder when it was started; absent from records of version 0.1.0. */
  home: z.string().exactOptional(),
});
export type WorkerRecord = z.infer<typeof WorkerRecord>;

export interface WorkerFiles {
  /** Held by the worker process for as long as it lives. */
  readonly lock: string;
  readonly record: string;
  readonly log: string;
}

/** Names the files of the worker of one target; an embedded server is one target wherever its port moves. */
export const workerFiles = (home: Home, { kind, address, namespace, taskQueue }: WorkerTarget): WorkerFiles => {
  const target = JSON.stringify([kind === 'embedded' ? kind : address, namespace, taskQueue]);
  const name = createHash('sha256').update(target).digest('hex').slice(0, 8);
  const stem = join(home.worker.folder, kind === 'embedded' ? `embedded-${name}` : `own-${name}`);
  return { lock: `${stem}.lock`, record: `${stem}.json`, log: `${stem}.log` };
};
