import { epochNotes } from '../reports/epoch-notes.js';
import { kubernetesNotes } from '../reports/kubernetes-notes.js';
import { slurmNotes } from '../reports/slurm-notes.js';
import { commandNotes } from './command-notes.js';
import type { SweepSource } from './sweep-source.js';
import { tableNotes } from './table-notes.js';

/** What a sweep file says that is hardly meant so, as far as it can be told before a start. */
export const startNotes = async (source: SweepSource): Promise<string[]> => [
  ...epochNotes(source.sweep),
  ...slurmNotes(source.sweep),
  ...kubernetesNotes(source.sweep),
  ...(await tableNotes(source.placed)),
  ...(await commandNotes(source)),
];
