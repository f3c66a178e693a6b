import type { Command } from './command.js';

const SWEEP_DETAIL =
  'SWEEP is an id, the beginning of one, a name, or "latest"; FOLDER a sweep’s folder, or a copy of one.';

/** What an auditor asks of a record. */
export const RECORD_COMMANDS: readonly Command[] = [
  {
    name: 'verify',
    summary: 'check a record: its chain, its story, its budget, every decision, every job’s files',
    usage: '[SWEEP|FOLDER]',
    fewest: 0,
    most: 1,
    flags: [
      { name: 'decisions', value: 'N..M', about: 'decide only these again' },
      { name: 'no-recompute', about: 'decide nothing again; check the digests only' },
      { name: 'without-jobs', about: 'job folders that are missing are no fault' },
      {
        name: 'anchor',
        value: 'SEQ:HASH',
        about: 'the record must hold this line; temporal asks the server that runs',
      },
      { name: 'public-key', value: 'FILE', about: 'the checkpoints must be signed by this key' },
    ],
    examples: ['titrate verify slimpajama', 'titrate verify ./copied-folder --public-key team.pub'],
    details: [
      SWEEP_DETAIL,
      'Needs no server. Ends with 0 when all holds, else with 1.',
      'Every decision is made again from what the record says it saw: that takes as long as it took the sweep.',
    ],
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'keygen',
    summary: 'make a pair of keys for signed checkpoints',
    usage: 'FILE',
    fewest: 1,
    most: 1,
    flags: [],
    examples: ['titrate keygen team.key'],
    details: ['FILE signs and is readable by you alone; FILE.pub checks. Ed25519, in PEM. Never overwrites a file.'],
    load: async () => (await import('./keygen.js')).keygen,
  },
  {
    name: 'checkpoint',
    summary: 'sign the head of a record, so that nobody without the key can write it anew',
    usage: '[SWEEP|FOLDER]',
    fewest: 0,
    most: 1,
    flags: [{ name: 'key', value: 'FILE', about: 'the private key (default: TITRATE_SIGNING_KEY)' }],
    examples: ['titrate checkpoint slimpajama --key team.key'],
    details: [
      SWEEP_DETAIL,
      'Written beside the record, in checkpoints.jsonl. A worker with TITRATE_SIGNING_KEY does it when a sweep ends.',
    ],
    load: async () => (await import('./checkpoint.js')).checkpoint,
  },
  {
    name: 'export',
    summary: 'write the observations of a sweep as a table: JSON lines, CSV or Parquet',
    usage: '[SWEEP|FOLDER]',
    fewest: 0,
    most: 1,
    flags: [
      { name: 'out', value: 'FILE', about: 'the file to write' },
      { name: 'format', value: 'FORMAT', about: 'jsonl, csv or parquet (default: the ending of FILE)' },
      { name: 'curve', about: 'a row for every checkpoint instead of one for every run' },
    ],
    examples: ['titrate export slimpajama --out runs.parquet', 'titrate export latest --curve --out curves.csv'],
    details: [SWEEP_DETAIL, 'Shares are in columns share.DOMAIN, metrics in metric.NAME. Needs no server.'],
    load: async () => (await import('./export.js')).exportTable,
  },
];
