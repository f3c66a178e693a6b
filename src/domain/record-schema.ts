/** The record's format as a schema, version 1: what config/record.schema.json is made from and `titrate verify` checks. */
import { z } from 'zod';
import { ACT_NAMES } from './record-event.js';
import { ENDINGS } from './ending.js';

const name = z.string().min(1);
const finite = z.number();
const count = z.number().int().nonnegative();
const cost = finite.nonnegative().describe('in the sweep’s units');
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.string().regex(/^([0-9a-f]{64})?$/);
const mixture = z.record(z.string(), finite).describe('domain to share; the shares sum to 1');
const metrics = z.record(z.string(), finite).describe('metric name to value');
const fidelity = { scale: name, steps: finite.positive() };
const prediction = { mean: finite, sd: finite };
const ending = z.enum(ENDINGS);
const curve = z.array(z.strictObject({ steps: finite, metrics })).describe('metrics at the checkpoints');
const warnings = z.array(z.string()).describe('what was odd about the job’s files');
const trial = name.describe('names the trial');
const jobKey = name.describe('names the job: `<sweep>.<trial>.g<generation>`');
const generation = z.number().int().positive().describe('which run of the trial: 1, 2, 3, ...');
const resume = z
  .strictObject({ key: name, trial: name, steps: finite })
  .describe('the job whose last checkpoint the run goes on from');
const jobDigest = digest.describe('SHA-256 of the job’s metrics.jsonl, hex; empty when it wrote none');

const trust = z.array(
  z.strictObject({
    scale: name,
    correlation: finite,
    interval: z.tuple([finite, finite]).exactOptional(),
    runs: count,
  }),
);

const guards = z.array(
  z.strictObject({
    metric: name,
    atMost: finite.exactOptional(),
    atLeast: finite.exactOptional(),
    confidence: finite,
    ...prediction,
    probability: finite,
  }),
);

const candidate = z.strictObject({
  ...fidelity,
  mixture,
  cost: finite,
  value: finite,
  valuePerCost: finite,
  continues: name.exactOptional(),
});

const Explanation = z.strictObject({
  policy: name,
  reason: z.string(),
  phase: z.enum(['opening', 'search', 'test-recommendation']),
  committed: finite,
  hyperparameters: z.record(z.string(), finite),
  fit: z.strictObject({ rows: count, logMarginalLikelihood: finite, standardizedError: finite }).exactOptional(),
  trust,
  expected: z.strictObject(prediction).exactOptional(),
  considered: z.array(candidate),
  runnerUpCostlier: candidate.exactOptional(),
  runnerUpCheaper: candidate.exactOptional(),
  excluded: z.array(z.strictObject({ ...fidelity, reason: z.string() })),
  guards: guards.exactOptional(),
  incumbent: z.strictObject({ ...prediction, mixture }).exactOptional(),
});

const Recommendation = z.strictObject({
  mixture,
  ...prediction,
  expected: z.strictObject(prediction).exactOptional(),
  nearOptimal: z.array(z.strictObject({ mixture, ...prediction })),
  shareRanges: z.record(z.string(), z.tuple([finite, finite])),
  trust,
  guards: guards.exactOptional(),
  note: z.string().exactOptional(),
  front: z
    .array(z.strictObject({ mixture, metrics: z.record(z.string(), z.strictObject(prediction)) }))
    .exactOptional(),
});

/** What the rest of the record is read with; the file that it came from is described by config/sweep.schema.json. */
const SweepInRecord = z.looseObject({
  name,
  objective: z.looseObject({ direction: z.enum(['minimize', 'maximize']), weights: z.record(z.string(), finite) }),
  domains: z.record(z.string(), z.looseObject({ min: finite, max: finite })),
  scales: z.array(z.strictObject({ name, parameters: finite, tokensPerStep: finite, steps: z.array(finite) })),
  target: z.strictObject(fidelity),
  cost: z.looseObject({ kind: z.enum(['flop', 'table', 'gpu-hours']) }),
  budget: finite,
  parallel: count,
  policy: z.looseObject({ name }),
  launcher: z.looseObject({ kind: name }),
  confirm: count,
  seed: finite,
  approval: z
    .looseObject({
      above: finite.exactOptional(),
      scales: z.array(name).exactOptional(),
      target: z.boolean().exactOptional(),
      outside: z.record(z.string(), z.tuple([finite, finite])).exactOptional(),
    })
    .exactOptional(),
});

const started = z
  .strictObject({
    type: z.literal('started'),
    sweepId: name.describe('names the sweep'),
    sweep: SweepInRecord.describe('the sweep as it was checked, every default filled in'),
    version: name.describe('of titrate'),
    node: name.describe('version of Node.js that ran it'),
  })
  .describe('The sweep begins; always the first line, and only there.');

const software = z
  .strictObject({
    version: name.describe('version of titrate'),
    node: name.describe('version of Node.js'),
  })
  .describe('what made it; absent where no policy was asked, and from records of earlier versions');

const decided = z
  .strictObject({
    type: z.literal('decided'),
    decision: z.number().int().positive().describe('1, 2, 3, ... without a gap'),
    trial: trial,
    purpose: z.enum(['search', 'confirm']).describe('`confirm`: measures the recommendation at the target'),
    mixture,
    scale: fidelity.scale.describe('model size of the run'),
    steps: fidelity.steps.describe('steps at which the run ends'),
    continues: name.exactOptional().describe('the trial whose last checkpoint the run goes on from'),
    resume: resume.exactOptional(),
    cost: cost.describe('worst case of the run, in the sweep’s units'),
    seed: count.describe('what chance was drawn from: a function of the sweep’s seed and the decision’s number'),
    sawDigest: digest.describe(
      'SHA-256 of the canonical JSON of `{observations, pending}` that it was made from; empty of a run that a person pinned',
    ),
    sawObservations: count.describe(
      'how many observations it was made from: the first so many of the record, as they count by then; of a run that a person pinned, how many runs of the sweep had ended',
    ),
    sawPending: z.array(z.string()).describe('trials in flight that it was made from'),
    explanation: Explanation.describe('what was believed, what was considered, why this run'),
    origin: z
      .literal('person')
      .exactOptional()
      .describe('a person pinned it; absent when the policy, or the sweep’s `confirm`, chose it'),
    software: software.exactOptional(),
  })
  .describe('A run is bought; written before its job is launched.');

const launched = z
  .strictObject({
    type: z.literal('launched'),
    trial,
    key: jobKey,
    native: z.string().describe('the backend’s own name for the job'),
    folder: z.string().describe('where the job’s files lay'),
  })
  .describe('A launcher has the job.');

const observed = z
  .strictObject({
    type: z.literal('observed'),
    trial,
    key: jobKey,
    mixture,
    scale: fidelity.scale.describe('model size of the run'),
    steps: fidelity.steps.describe('steps that it was asked for'),
    continues: name.exactOptional().describe('the trial whose last checkpoint the run went on from'),
    status: ending.describe('how it ended: docs/failures.md'),
    metrics: metrics.describe('final metrics; empty unless completed'),
    curve,
    cost: cost.describe('what this generation was charged, in the sweep’s units'),
    digest: jobDigest,
    detail: z.string().exactOptional().describe('why it ended so, for people'),
    warnings,
  })
  .describe('A trial ends, and is learnt from. Once a trial.');

const attempted = z
  .strictObject({
    type: z.literal('attempted'),
    trial,
    key: jobKey,
    generation,
    ending: ending.describe('how it ended: docs/failures.md'),
    stepsReached: finite.describe('last step that it reported'),
    curve,
    scale: fidelity.scale.describe('model size of the run'),
    cost: cost.describe('what this generation was charged, in the sweep’s units'),
    digest: jobDigest,
    detail: z.string().exactOptional().describe('why it ended so, for people'),
    warnings,
  })
  .describe('A generation of a trial ends that is not its last.');

const rerun = z
  .strictObject({
    type: z.literal('rerun'),
    trial,
    key: jobKey.describe('names the job of the new generation'),
    generation: generation.describe('the new generation: 2, 3, ...'),
    reason: z.string().describe('one sentence for people'),
    resume: resume.exactOptional(),
    cost: cost.describe('worst case of the new generation, in the sweep’s units'),
    waitSeconds: finite.nonnegative().describe('how long it waits before it is launched (s)'),
  })
  .describe('A trial is run again; written before its job is launched.');

const parked = z
  .strictObject({
    type: z.literal('parked'),
    trial,
    key: jobKey.describe('names the job that would be next'),
    generation: generation.describe('the generation that would be next'),
    reason: z.string().describe('one sentence for people'),
    resume: resume.exactOptional(),
    cost: cost.describe('worst case of the next generation; it stays committed'),
  })
  .describe('A trial waits for a person to retry or abandon it.');

const recommended = z
  .strictObject({
    type: z.literal('recommended'),
    observations: count.describe('how many observations it was made from: the first so many of the record'),
    recommendation: Recommendation.describe(
      'the mixture to use at the target, what is believed of it, and what a run of it would report',
    ),
    software: software.exactOptional(),
  })
  .describe(
    'A mixture is recommended: when the search is over (and once more when it is over again after a result was taken back), and at the end.',
  );

const asked = {
  act: z.enum(ACT_NAMES).describe('what was asked for'),
  trial: trial.exactOptional().describe('the trial that it is about, if it is about one'),
  by: z.string().describe('who asked; `titrate` for the sweep itself'),
  authenticated: z
    .enum(['os-user', 'token', 'titrate'])
    .exactOptional()
    .describe('how the one who asked was known; absent from records of earlier versions'),
  reason: z.string().exactOptional().describe('why, in their words'),
  id: z.string().exactOptional().describe('the idempotency key: the same one again changes nothing'),
};

const run = { mixture, scale: fidelity.scale, steps: fidelity.steps, cost };

const act = z
  .strictObject({
    type: z.literal('act'),
    ...asked,
    budget: z
      .strictObject({ from: finite, to: finite })
      .exactOptional()
      .describe('of `extend-budget` and `lower-budget`: in force from this line on, in the sweep’s units'),
    bounds: z
      .record(z.string(), z.strictObject({ min: finite, max: finite }))
      .exactOptional()
      .describe('of `veto`: the bounds of these domains, in force from this line on'),
    unpinned: z
      .array(z.strictObject(run))
      .exactOptional()
      .describe('of `veto`: pinned runs outside the new bounds, which are not made'),
    run: z
      .strictObject(run)
      .exactOptional()
      .describe('of `pin`: the run to be made next; of `approve`: the run made instead of the one decided'),
    observations: count.exactOptional().describe('of `inject`: how many observations follow'),
    stop: z.boolean().exactOptional().describe('of `finish`: jobs in flight are stopped'),
  })
  .describe('A person, or the sweep itself, acted on the sweep.');

const actRefused = z
  .strictObject({
    type: z.literal('act-refused'),
    ...asked,
    because: z.string().describe('why it was not taken'),
  })
  .describe('An act was not taken.');

const approvalRequested = z
  .strictObject({
    type: z.literal('approval-requested'),
    decision: z.number().int().positive().describe('number of the decision that waits'),
    trial,
    mixture,
    scale: fidelity.scale.describe('model size of the run'),
    steps: fidelity.steps.describe('steps at which the run ends'),
    cost: cost.describe('worst case of the run, in the sweep’s units'),
    reasons: z.array(z.string()).describe('the conditions of the sweep’s `approval` that it meets'),
    why: z.string().describe('why the policy wants it, in a sentence'),
    expected: z.strictObject(prediction).exactOptional().describe('what it is expected to report'),
    instead: candidate.exactOptional().describe('what would be done instead'),
    until: z.iso.datetime().exactOptional().describe('when titrate answers itself (ISO 8601, UTC)'),
    onTimeout: z.enum(['refuse', 'approve']).exactOptional().describe('how titrate answers itself then'),
  })
  .describe('A decision waits for a person’s leave.');

const notified = z
  .strictObject({
    type: z.literal('notified'),
    notice: name.describe('what people were told of'),
    about: z.string().describe('the trial or the number that it was about'),
    channel: z.string().describe('which entry of the sweep’s `notify`, from 1, and of what kind; never its address'),
    sent: z.boolean().describe('did it get there?'),
    detail: z.string().exactOptional().describe('why it could not be sent'),
  })
  .describe('People outside were told of something.');

const imported = z
  .strictObject({
    type: z.literal('imported'),
    trial: trial.describe('names the run among the sweep’s trials'),
    mixture,
    scale: fidelity.scale.describe('model size of the run'),
    steps: fidelity.steps.describe('steps that it ran for'),
    status: ending.describe('how it ended: docs/failures.md'),
    metrics: metrics.describe('final metrics; empty unless completed'),
    curve,
    source: z
      .strictObject({ file: z.string(), sha256: hash, lines: z.array(count), run: z.string() })
      .describe('the table that it was read from: file name, SHA-256, lines from 1, the table’s own name for the run'),
    changed: z.array(z.string()).exactOptional().describe('what was done to its mixture because the domains changed'),
    by: z.string().describe('who imported it'),
    reason: z.string().exactOptional().describe('why, in their words'),
  })
  .describe('An earlier run, made outside the sweep, is taken as evidence; it is charged nothing.');

const ended = z
  .strictObject({
    type: z.literal('ended'),
    status: z.enum(['completed', 'cancelled', 'failed']).describe('how the sweep ended'),
    spent: finite.nonnegative().describe('all that was charged, in the sweep’s units'),
    reason: z.string().describe('why nothing more was run'),
  })
  .describe('The sweep ends; always the last line.');

/** An event of a record, as it stands in a line. */
export const RecordEventSchema = z.discriminatedUnion('type', [
  started,
  decided,
  launched,
  observed,
  attempted,
  rerun,
  parked,
  recommended,
  act,
  actRefused,
  approvalRequested,
  notified,
  imported,
  ended,
]);

/** One line of a record. */
export const RecordLineSchema = z.strictObject({
  v: z.literal(1).describe('version of the format'),
  seq: z.number().int().positive().describe('1, 2, 3, ...: the line’s number'),
  key: name.describe('names the event for ever: no two lines have the same'),
  at: z.iso.datetime().describe('when the sweep stated it (ISO 8601, UTC)'),
  event: RecordEventSchema.describe('what happened'),
  prev: hash.describe('hash of the line before; 64 zeros for the first'),
  hash: hash.describe('SHA-256, hex, of the canonical JSON of the line without `hash`'),
});

/** The record's format as JSON schema, for programs of others. */
export const recordJsonSchema = (): object => ({
  ...z.toJSONSchema(RecordLineSchema),
  title: 'A line of a decision record of titrate (record.jsonl), version 1',
});
