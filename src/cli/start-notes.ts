import { existsSync } from 'node:fs';
import type { Sweep } from '../domain/sweep.js';
import { firstRunNotes } from '../evidence/first-run.js';
import { epochNotes } from '../reports/epoch-notes.js';
import { gpuNotes } from '../reports/gpu-notes.js';
import { kubernetesNotes } from '../reports/kubernetes-notes.js';
import { slurmNotes } from '../reports/slurm-notes.js';
import { commandNotes } from './command-notes.js';
import type { SweepSource } from './sweep-source.js';
import { tableNotes } from './table-notes.js';

const GPU_DEVICES = ['/dev/nvidiactl', '/dev/kfd']; // there when a driver of NVIDIA's or AMD's is loaded

const hasGpus = (): boolean => GPU_DEVICES.some((path) => existsSync(path));

const approvalNotes = ({ sweep: { approval } }: SweepSource): string[] =>
  approval?.timeoutSeconds === undefined || approval.onTimeout !== 'wait'
    ? []
    : ['approval.timeoutSeconds says nothing beside onTimeout: wait: a request waits for ever'];

/** What a sweep file says that is hardly meant so, as far as it can be told before a start; `limited`: the sweep as its world limits it. */
export const startNotes = async (source: SweepSource, limited: Sweep): Promise<string[]> => [
  ...epochNotes(source.sweep),
  ...slurmNotes(source.sweep),
  ...kubernetesNotes(source.sweep),
  ...gpuNotes(source.sweep, hasGpus()),
  ...approvalNotes(source),
  ...(await tableNotes(source.placed)),
  ...firstRunNotes(limited),
  ...(await commandNotes(source)),
];
