import { existsSync } from 'node:fs';
import { epochNotes } from '../reports/epoch-notes.js';
import { kubernetesNotes } from '../reports/kubernetes-notes.js';
import { slurmNotes } from '../reports/slurm-notes.js';
import { commandNotes } from './command-notes.js';
import { gpuNotes } from '../reports/gpu-notes.js';
import type { SweepSource } from './sweep-source.js';
import { tableNotes } from './table-notes.js';

const GPU_DEVICES = ['/dev/nvidiactl', '/dev/kfd']; // there when a driver of NVIDIA's or AMD's is loaded

/** What a sweep file says that is hardly meant so, as far as it can be told before a start. */
export const startNotes = async (source: SweepSource): Promise<string[]> => [
  ...epochNotes(source.sweep),
  ...slurmNotes(source.sweep),
  ...kubernetesNotes(source.sweep),
  ...gpuNotes(
    source.sweep,
    GPU_DEVICES.some((path) => existsSync(path)),
  ),
  ...(await tableNotes(source.placed)),
  ...(await commandNotes(source)),
];
