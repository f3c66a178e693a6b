import { ACT_COMMANDS } from './act-commands.js';
import type { Command, Flag } from './command.js';
import { EVIDENCE_COMMANDS } from './evidence-commands.js';
import { RECORD_COMMANDS } from './record-commands.js';

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly Flag[] = [
  { name: 'home', value: 'DIR', about: 'where everything lies (default: TITRATE_HOME, else .titrate here)' },
  { name: 'json', about: 'print exactly one JSON object on stdout; progress goes to stderr' },
  { name: 'help', about: 'show this help' },
  { name: 'version', about: 'show the version' },
];

const SWEEP_DETAIL = 'SWEEP is an id, the beginning of one, a name, or "latest".';
const RECORDED_DETAIL = `${SWEEP_DETAIL} FOLDER holds a record.jsonl, such as a copy, wherever it lies.`;

export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    summary: 'start a sweep, or attach to it, and show its progress',
    usage: 'FILE',
    fewest: 1,
    most: 1,
    flags: [
      { name: 'detach', about: 'return as soon as the sweep runs' },
      { name: 'id', value: 'ID', about: 'name the sweep so, instead of after the content of its file' },
      { name: 'fresh', about: 'start a new sweep even when this file was run before' },
    ],
    examples: ['titrate run sweep.yaml', 'titrate run sweep.yaml --detach --json'],
    details: [
      'The same file always means the same sweep: running it again attaches to it, or shows how it ended.',
      'A changed file is another sweep. Ctrl-C, or closing the terminal, ends the watching only.',
    ],
    load: async () => (await import('./run.js')).run,
  },
  {
    name: 'plan',
    summary: 'say what a sweep would do with its budget; starts nothing',
    usage: 'FILE',
    fewest: 1,
    most: 1,
    flags: [
      { name: 'rehearse', value: 'N', about: 'play it on N made-up laws of each kind, and say how it went' },
      {
        name: 'job',
        value: 'SCALE',
        about: 'show what would be launched for a run there: batch script, manifest or command',
      },
    ],
    examples: ['titrate plan sweep.yaml', 'titrate plan sweep.yaml --rehearse 3', 'titrate plan sweep.yaml --job 1B'],
    details: [
      'Checks the file as run does, and tells prices, the opening, what is left for the target and what waits for a person.',
      'Needs no server and writes nothing. A rehearsal decides as the sweep would and takes its processor time for that.',
    ],
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'status',
    summary: 'list the sweeps of this home, or tell where one stands',
    usage: '[SWEEP]',
    fewest: 0,
    most: 1,
    flags: [],
    examples: ['titrate status', 'titrate status slimpajama --json'],
    details: [SWEEP_DETAIL],
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'watch',
    summary: 'show the progress of a sweep until it ends',
    usage: '[SWEEP]',
    fewest: 0,
    most: 1,
    flags: [],
    examples: ['titrate watch', 'titrate watch slimpajama-1a2b3c4d'],
    details: [SWEEP_DETAIL],
    load: async () => (await import('./watch.js')).watch,
  },
  {
    name: 'explain',
    summary: 'say why a job was bought: why this one, at this scale, now',
    usage: '[SWEEP|FOLDER] [N]',
    fewest: 0,
    most: 2,
    flags: [],
    examples: ['titrate explain slimpajama 12', 'titrate explain', 'titrate explain ../copies/slimpajama 12'],
    details: [RECORDED_DETAIL, 'N is the number of the decision; the latest when left out. Needs no server.'],
    load: async () => (await import('./explain.js')).explain,
  },
  ...EVIDENCE_COMMANDS,
  ...ACT_COMMANDS,
  {
    name: 'report',
    summary: 'write the HTML report of a sweep from its record',
    usage: '[SWEEP|FOLDER]',
    fewest: 0,
    most: 1,
    flags: [{ name: 'out', value: 'FILE', about: 'write it there instead of into the sweep’s folder' }],
    examples: ['titrate report slimpajama', 'titrate report latest --out report.html'],
    details: [RECORDED_DETAIL, 'Needs no server.'],
    load: async () => (await import('./report.js')).report,
  },
  ...RECORD_COMMANDS,
  {
    name: 'worker',
    summary: 'work for the sweeps of this home, in the foreground',
    usage: '',
    fewest: 0,
    most: 0,
    flags: [
      { name: 'detach', about: 'start it in the background and return' },
      { name: 'stop', about: 'end the one in the background' },
      { name: 'idle-exit', value: 'MIN', about: 'end after so many minutes without an open sweep' },
    ],
    examples: ['titrate worker --idle-exit 60', 'titrate worker --detach'],
    details: ['titrate run starts one by itself; this is for machines that only work.'],
    load: async () => (await import('./worker.js')).worker,
  },
  {
    name: 'server',
    summary: 'start, stop or look at the embedded Temporal server',
    usage: 'start|stop|status',
    fewest: 1,
    most: 1,
    flags: [
      { name: 'port', value: 'PORT', about: 'with start: listen there (default: any free port)' },
      { name: 'ui-port', value: 'PORT', about: 'with start: web interface there (default: any free port)' },
    ],
    examples: ['titrate server start --port 7233', 'titrate server stop'],
    details: [
      'With TEMPORAL_ADDRESS or a profile of the Temporal CLI set, sweeps run on your own server instead.',
      'stop ends the worker in the background too; sweeps wait, and go on when they are run again.',
    ],
    load: async () => (await import('./server.js')).server,
  },
  {
    name: 'codec-server',
    summary: 'show Temporal’s web page what is encrypted; make a key for encryption',
    usage: '',
    fewest: 0,
    most: 0,
    flags: [
      { name: 'port', value: 'PORT', about: 'listen there (default 8234)' },
      { name: 'host', value: 'ADDRESS', about: 'listen at this address (default 127.0.0.1; others need --token)' },
      { name: 'origin', value: 'ORIGIN', about: 'the web page that may ask (default: the embedded server’s)' },
      { name: 'token', value: 'REF', about: 'ask callers for the token found at env:NAME or file:/path' },
      { name: 'new-key', value: 'FILE', about: 'write a new key into FILE instead, and return' },
    ],
    examples: ['titrate codec-server --new-key titrate.keys', 'titrate codec-server --port 8234'],
    details: [
      'TITRATE_ENCRYPTION_KEYS names the file of the keys. docs/security.md says how they are used and changed.',
      'Whoever can ask it reads everything that is encrypted.',
    ],
    load: async () => (await import('./codec-server.js')).codecServer,
  },
  {
    name: 'doctor',
    summary: 'check Node, disk, server, namespace and worker, and say how to mend them',
    usage: '',
    fewest: 0,
    most: 0,
    flags: [
      { name: 'orphans', about: 'look for jobs that no trial owns, and list them' },
      { name: 'stop', about: 'with --orphans: stop them, naming each' },
    ],
    examples: ['titrate doctor', 'titrate doctor --orphans'],
    details: [
      '--orphans ends with 3 when there are any. Jobs of sweeps that this home does not know are never stopped.',
    ],
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'init',
    summary: 'write a commented sweep.yaml to start from',
    usage: '[DIR]',
    fewest: 0,
    most: 1,
    flags: [],
    examples: ['titrate init', 'titrate init my-sweep'],
    details: ['Never overwrites a file.'],
    load: async () => (await import('./init.js')).init,
  },
];
