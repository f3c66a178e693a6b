/** The commands by which a person takes a hand in a running sweep. */
import type { Command, Flag } from './command.js';

const SWEEP_DETAIL = 'SWEEP is an id, the beginning of one, a name, or "latest".';
const WHO =
  'The act is recorded with who you are: your user of the operating system, or TITRATE_IDENTITY (docs/acts.md).';
const REASON: Flag = { name: 'reason', value: 'TEXT', about: 'written into the record' };
const KEY: Flag = {
  name: 'idempotency-key',
  value: 'KEY',
  about: 'the same key again gives the first answer and changes nothing',
};
const MIXTURE: Flag = { name: 'mixture', value: 'SHARES', about: 'like web=0.6,books=0.4; the others get nothing' };
const QUOTED = 'A domain whose name holds a comma or an equals sign is written as in the sweep file:';
const QUOTED_MIXTURE = `${QUOTED} --mixture '{ "web,en": 0.6, books: 0.4 }'.`;
const SCALE: Flag = { name: 'scale', value: 'S', about: 'a scale of the sweep' };
const STEPS: Flag = { name: 'steps', value: 'N', about: 'one of the steps of that scale' };

interface ActCommand extends Pick<Command, 'name' | 'summary' | 'examples' | 'load'> {
  readonly flags?: readonly Flag[];
  readonly details?: readonly string[];
}

const onSweep = ({ flags = [], details = [], ...rest }: ActCommand): Command => ({
  ...rest,
  usage: 'SWEEP',
  fewest: 1,
  most: 1,
  flags: [...flags, REASON, KEY],
  details: [SWEEP_DETAIL, ...details, WHO],
});

const onTrial = (command: ActCommand): Command => ({ ...onSweep(command), usage: 'SWEEP TRIAL', fewest: 2, most: 2 });

const BUDGET_FLAGS: readonly Flag[] = [
  { name: 'to', value: 'AMOUNT', about: 'the new budget, in the sweep’s units of cost' },
  { name: 'by', value: 'AMOUNT', about: 'instead of --to: the difference' },
];

export const ACT_COMMANDS: readonly Command[] = [
  onSweep({
    name: 'pause',
    summary: 'decide nothing new; trials in flight go on',
    examples: ['titrate pause slimpajama --reason "cluster maintenance"'],
    load: async () => (await import('./pause.js')).pause,
  }),
  onSweep({
    name: 'resume',
    summary: 'let a paused sweep decide again',
    examples: ['titrate resume slimpajama'],
    load: async () => (await import('./resume.js')).resume,
  }),
  {
    ...onSweep({
      name: 'cancel',
      summary: 'stop the trials in flight and end the sweep, or stop one trial',
      examples: ['titrate cancel slimpajama --reason "wrong tokenizer"', 'titrate cancel slimpajama t0012'],
      details: ['With TRIAL, that trial is given up for ever and its job stopped, as by titrate abandon.'],
      load: async () => (await import('./cancel.js')).cancel,
    }),
    usage: 'SWEEP [TRIAL]',
    most: 2,
  },
  onSweep({
    name: 'finish',
    summary: 'end the search now and recommend from what is there',
    flags: [{ name: 'stop', about: 'stop the jobs in flight instead of waiting for them' }],
    examples: ['titrate finish slimpajama --reason "good enough"'],
    details: ['Nothing new starts, no confirmation run either; trials without a job end as they stand.'],
    load: async () => (await import('./finish.js')).finish,
  }),
  onTrial({
    name: 'approve',
    summary: 'let a trial run that waits for approval, as it was decided or changed',
    flags: [MIXTURE, SCALE, STEPS],
    examples: ['titrate approve slimpajama t0012', 'titrate approve slimpajama t0012 --steps 6000'],
    details: [
      'titrate status shows what waits. A changed run must be allowed by the sweep and its budget.',
      QUOTED_MIXTURE,
    ],
    load: async () => (await import('./approve.js')).approve,
  }),
  onTrial({
    name: 'refuse',
    summary: 'do not let a trial run that waits for approval; the policy chooses otherwise',
    examples: ['titrate refuse slimpajama t0012 --reason "too much github"'],
    details: ['--reason is needed. Nothing like the run is proposed again; the belief learns nothing from it.'],
    load: async () => (await import('./refuse.js')).refuse,
  }),
  onTrial({
    name: 'retry',
    summary: 'run a parked trial again',
    examples: ['titrate retry slimpajama t0012 --reason "the node had a bad disk"'],
    details: ['A trial is parked when its retries are used up and it is costly: titrate status shows it.'],
    load: async () => (await import('./retry.js')).retry,
  }),
  onTrial({
    name: 'abandon',
    summary: 'give a trial up for ever, and stop its job',
    examples: ['titrate abandon slimpajama t0012 --reason "the node had a bad disk"'],
    details: [
      'It never runs again; what it cost stays charged, and the belief learns nothing from it but its checkpoints.',
    ],
    load: async () => (await import('./abandon.js')).abandon,
  }),
  onTrial({
    name: 'retract',
    summary: 'take back the result of a run that turned out wrong: nothing is decided from it any more',
    examples: ['titrate retract slimpajama t0012 --reason "it was evaluated on the wrong split"'],
    details: [
      '--reason is needed. What the run cost stays charged; runs that went on from its checkpoint still count. What was recommended with it no longer stands, and a search that was over is open again.',
      'titrate what-if --drop TRIAL says before what would follow; the right values come in by titrate import.',
    ],
    load: async () => (await import('./retract.js')).retract,
  }),
  onSweep({
    name: 'pin',
    summary: 'have a run of your own made next',
    flags: [MIXTURE, SCALE, STEPS],
    examples: [
      'titrate pin slimpajama --mixture book=0.4,arxiv=0.3,wikipedia=0.2,github=0.1 --scale 150M --steps 6000',
    ],
    details: [
      'It must be allowed by the sweep and its budget; it waits for a place, and for no approval.',
      QUOTED_MIXTURE,
    ],
    load: async () => (await import('./pin.js')).pin,
  }),
  onSweep({
    name: 'veto',
    summary: 'tighten the bounds of domains: nothing outside is decided or recommended from now on',
    flags: [{ name: 'bounds', value: 'BOUNDS', about: 'what stays allowed, like web=0.2..0.5,books=..0.3' }],
    examples: ['titrate veto slimpajama --bounds github=..0.2 --reason "licence"'],
    details: [
      'Trials in flight go on. Bounds are never widened again.',
      `${QUOTED} --bounds '{ "web,en": { min: 0.2, max: 0.5 } }'.`,
    ],
    load: async () => (await import('./veto.js')).veto,
  }),
  onSweep({
    name: 'extend-budget',
    summary: 'let a sweep spend more',
    flags: BUDGET_FLAGS,
    examples: ['titrate extend-budget slimpajama --to 800', 'titrate extend-budget slimpajama --by 100'],
    load: async () => (await import('./change-budget.js')).extendBudget,
  }),
  onSweep({
    name: 'lower-budget',
    summary: 'let a sweep spend less, never below what is spent and committed',
    flags: BUDGET_FLAGS,
    examples: ['titrate lower-budget slimpajama --to 400'],
    load: async () => (await import('./change-budget.js')).lowerBudget,
  }),
  {
    name: 'log',
    summary: 'say who did what and when: acts, approvals, budget changes, refusals, notices',
    usage: '[SWEEP|FOLDER]',
    fewest: 0,
    most: 1,
    flags: [],
    examples: ['titrate log slimpajama', 'titrate log slimpajama --json'],
    details: [SWEEP_DETAIL, 'FOLDER holds a record.jsonl, such as a copy, wherever it lies. Needs no server.'],
    load: async () => (await import('./log.js')).log,
  },
];
