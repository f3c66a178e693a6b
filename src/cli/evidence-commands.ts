import type { Command } from './command.js';

/** Commands on evidence: told apart, played with, brought in. None but import changes anything. */
export const EVIDENCE_COMMANDS: readonly Command[] = [
  {
    name: 'diff',
    summary: 'tell two decisions of a sweep apart, or two sweeps',
    usage: 'A B, or [SWEEP] M N',
    fewest: 2,
    most: 3,
    flags: [],
    examples: ['titrate diff slimpajama 3 7', 'titrate diff slimpajama-1a2b3c4d ../copies/slimpajama-2'],
    details: [
      'A and B are sweeps, or folders that hold a record.jsonl; M and N are numbers of decisions.',
      'Between sweeps: settings, results, spending, and the first decision that differs, with the reason. Needs no server.',
    ],
    load: async () => (await import('./diff.js')).diff,
  },
  {
    name: 'what-if',
    summary: 'say what would be chosen from other evidence, budget or policy; changes nothing',
    usage: '[SWEEP]',
    fewest: 0,
    most: 1,
    flags: [
      {
        name: 'drop',
        value: 'TRIALS',
        about: 'leave out what these trials taught (with commas); their cost stays spent',
      },
      { name: 'add', value: 'CSV', about: 'count these runs in, as titrate import would' },
      { name: 'mapping', value: 'YAML', about: 'with --add: how the table is read' },
      { name: 'budget', value: 'X', about: 'instead of the budget in force' },
      { name: 'policy', value: 'NAME', about: 'instead of the sweep’s own' },
      {
        name: 'at',
        value: 'N',
        about: 'for decision N, from what it saw (default: the next one, from what is known now)',
      },
    ],
    examples: [
      'titrate what-if slimpajama --drop t0012',
      'titrate what-if latest --at 12 --policy mfms-ei --budget 900',
    ],
    details: ['SWEEP may be a folder that holds a record.jsonl. Reads the record only; needs no server.'],
    load: async () => (await import('./what-if.js')).whatIfCommand,
  },
  {
    name: 'import',
    summary: 'take earlier runs as evidence, with their provenance in the record',
    usage: 'FILE|SWEEP --from CSV',
    fewest: 1,
    most: 1,
    flags: [
      { name: 'from', value: 'CSV', about: 'the earlier runs: one row a run, or one row a checkpoint' },
      { name: 'mapping', value: 'YAML', about: 'how the table’s columns, names and domains are read' },
      { name: 'id', value: 'ID', about: 'with FILE: of the sweep that titrate run --id will start' },
      { name: 'dry-run', about: 'read and check the table, and import nothing' },
      { name: 'reason', value: 'TEXT', about: 'written into the record' },
    ],
    examples: [
      'titrate import sweep.yaml --from runs.csv --mapping map.yaml',
      'titrate import slimpajama --from more-runs.csv --reason "runs of the 2025 team"',
    ],
    details: [
      'With a sweep FILE, the runs are kept until titrate run starts it; into a running sweep they go at once.',
      'The same run imported twice counts once. docs/evidence.md tells how a table is read.',
    ],
    load: async () => (await import('./import.js')).importRuns,
  },
  {
    name: 'backtest',
    summary: 'replay past runs: what would a policy have spent to find the same mixture',
    usage: 'FILE --table CSV',
    fewest: 1,
    most: 1,
    flags: [
      { name: 'table', value: 'CSV', about: 'the past runs: one row a run, or one row a checkpoint' },
      { name: 'mapping', value: 'YAML', about: 'how the table’s columns, names and domains are read' },
      { name: 'policy', value: 'NAMES', about: 'policies to play, with commas (default: the file’s own, and random)' },
      { name: 'seeds', value: 'N', about: 'plays of each policy (default 1)' },
      { name: 'budget', value: 'X', about: 'instead of the budget of the file' },
    ],
    examples: ['titrate backtest sweep.yaml --table runs.csv --mapping map.yaml --policy titrate,random --seeds 5'],
    details: [
      'Decides as a sweep does, among the rows that exist, with as many runs at once as FILE says. Needs no server.',
      'docs/evidence.md tells how a table is read and what the figures mean.',
    ],
    load: async () => (await import('./backtest.js')).backtest,
  },
];
