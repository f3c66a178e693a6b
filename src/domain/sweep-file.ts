/**
 * The sweep file as people write it (YAML), and as `parseSweep` returns it: both are accepted. One schema per top-level
 * key, so that each is checked even where another is wrong. What concerns several keys is in `sweep-checks.ts`.
 */
import { z } from 'zod';
import { ApprovalSection } from './approval-section.js';
import { KubernetesSection } from './kubernetes-choice.js';
import { LocalSection } from './local-choice.js';
import { NotifySection } from './notify-section.js';
import { POLICY_NAMES } from './policy-options.js';
import { LONGEST_WAIT_SECONDS } from './longest-wait.js';
import { DEFAULT_BACKOFF, DEFAULT_LIMITS, type RetryLimit } from './retries.js';
import { SlurmSection } from './slurm-choice.js';
import { strict } from './strict-shape.js';

const text = z.string().min(1);
const positive = z.number().positive();
const notNegative = z.number().min(0);
const share = z.number().min(0).max(1);
const count = z.int().positive();

const Domain = strict({
  share: share.describe('Fixed share of the mixture; instead of min and max.').optional(),
  min: share.describe('Smallest share allowed (default 0).').optional(),
  max: share.describe('Largest share allowed (default 1).').optional(),
  tokens: positive
    .describe('Tokens there are of this domain; with maxEpochs, caps its share at the target.')
    .optional(),
}).nullable();

const scaleShape = {
  parameters: positive.describe('Model parameters (count).'),
  tokensPerStep: positive.describe('Training tokens per optimiser step.'),
  steps: z
    .array(count)
    .min(1)
    .describe('Checkpoints (optimiser steps), ascending; those on the way to the last one cost nothing extra.'),
};
const Scale = strict(scaleShape);
const NamedScale = strict({ name: text.describe('Name of the scale.'), ...scaleShape });

const Weights = z.record(text, z.number()).describe('Metric name to weight.');
const Direction = z.enum(['minimize', 'maximize']);
const Reference = strict({
  zero: z.number().describe('The value that counts as 0, such as chance level (default 0).').optional(),
  unit: positive.describe('The difference that counts as 1.'),
}).describe('Makes metrics of unlike units add up: (metric - zero) / unit is what is weighed.');
const Metric = strict({
  direction: Direction.describe('Is less of it better, or more?'),
  weight: positive.describe('How much a unit of it counts (default 1).').optional(),
  reference: Reference.optional(),
});
const Goal = z.union([text.describe('One metric.'), Weights], { error: 'a metric name, or a map of metric to weight' });

const perStep = z.record(text, positive).describe('Scale name to the cost of one step.');
const perJob = notNegative
  .describe('What every start of a job costs beside its steps, reruns and continued runs too (default 0).')
  .optional();

const retryLimit = (after: string, usual: RetryLimit) =>
  z
    .union([z.int().min(0), z.literal('unlimited')], { error: 'a whole number from 0, or unlimited' })
    .describe(`Reruns of a trial after ${after} (default ${usual}).`)
    .optional();

/** Top-level keys of a sweep file. */
export const SECTIONS = {
  name: text.max(100).describe('Name of the sweep.'),
  objective: strict({
    minimize: Goal.describe('What to minimise: a metric that jobs report, or a weighted sum of metrics.').optional(),
    maximize: Goal.describe('What to maximise: a metric that jobs report, or a weighted sum of metrics.').optional(),
    metrics: z
      .record(text, Metric)
      .describe(
        'A weighted sum of metrics, each with its own direction; where directions differ, more of it is better.',
      )
      .optional(),
    pareto: z
      .boolean()
      .describe('Also return the front of trade-offs between the metrics; two metrics or more (default false).')
      .optional(),
    direction: Direction.describe('With weights: the checked form.').optional(),
    weights: Weights.optional(),
    references: z.record(text, Reference).describe('With weights: the checked form.').optional(),
  }).describe('What the mixture is chosen for, at the target.'),
  guards: z
    .array(
      strict({
        metric: text.describe('A metric that jobs report.'),
        atMost: z.number().describe('Never more than this.').optional(),
        atLeast: z.number().describe('Never less than this.').optional(),
        confidence: z
          .number()
          .min(0.5)
          .lt(1)
          .describe('Probability from which a limit counts as kept (default 0.84: one standard deviation).')
          .optional(),
      }),
    )
    .describe('Metrics that must not get worse than a limit at the target, whatever the objective gains by it.')
    .optional(),
  domains: z.record(text, Domain).describe('Domains of the mixture; shares sum to 1.'),
  groups: z
    .array(
      strict({
        domains: z.array(text).min(1).describe('Names of domains; groups may overlap.'),
        min: share.describe('Smallest summed share (default 0).').optional(),
        max: share.describe('Largest summed share (default 1).').optional(),
      }),
    )
    .describe('Limits on the summed share of several domains.')
    .optional(),
  maxEpochs: positive.describe("How often a domain's tokens may be seen in a run to the target.").optional(),
  mixtures: z
    .array(z.record(text, share))
    .min(1)
    .describe('When given, only these mixtures may be run or recommended.')
    .optional(),
  runs: z
    .array(
      strict({
        mixture: z.int().nonnegative().describe('Which of mixtures, counted from 0.'),
        scale: text,
        steps: count,
      }),
    )
    .min(1)
    .describe('When given, with mixtures: only these runs can be made, as when past runs are replayed.')
    .optional(),
  scales: z
    .union([z.record(text, Scale), z.array(NamedScale)], { error: 'a map of scale name to scale' })
    .describe('Model sizes that can be trained.'),
  target: strict({
    scale: text.describe('Name of a scale.'),
    steps: count.describe('One of the steps of that scale.'),
  }).describe('The run that the mixture is for.'),
  cost: z
    .discriminatedUnion(
      'kind',
      [
        strict({ kind: z.literal('flop'), perJob }).describe('6 x parameters x tokens, in EFLOP.'),
        strict({
          kind: z.literal('table'),
          perStep,
          perJob,
          unit: text.describe('Name of the unit (default units).').optional(),
        }).describe("A cost per step and scale in the team's own unit."),
        strict({
          kind: z.literal('gpu-hours'),
          perStep,
          perJob,
          price: notNegative.describe('Price of a GPU-hour; shown, never counted.').optional(),
        }).describe('GPU-hours per step and scale.'),
      ],
      { error: 'flop, table, gpu-hours' },
    )
    .describe('How runs are charged (default: flop).')
    .optional(),
  budget: z
    .union(
      [
        notNegative.describe('In units of cost.'),
        strict({
          targetRuns: notNegative.describe('As a number of runs to the target.').optional(),
          cost: notNegative.describe('In units of cost.').optional(),
        }),
      ],
      { error: 'a finite number of at least 0, { targetRuns: ... } or { cost: ... }' },
    )
    .describe('What may be spent in all; confirmation runs included.'),
  parallel: count.describe('Jobs that may run at once (default 1).').optional(),
  policy: z
    .union([z.enum(POLICY_NAMES), z.looseObject({ name: z.enum(POLICY_NAMES) }).describe('With options.')], {
      error: 'the name of a policy, or { name: ..., options }',
    })
    .describe('How the next run is chosen (default titrate).')
    .optional(),
  launcher: z
    .discriminatedUnion(
      'kind',
      [
        strict({
          kind: z.literal('simulator'),
          world: text.describe(
            'slimpajama (built in), or a path: .json is an emulator file, .csv a table of past runs.',
          ),
          secondsPerUnit: notNegative
            .describe('Simulated wall time per unit of cost, in seconds (default 0).')
            .optional(),
          noise: notNegative.describe("Standard deviation of noise, as a share of the world's own scale.").optional(),
        }).describe('Runs in a simulated world.'),
        LocalSection,
        SlurmSection,
        KubernetesSection,
        strict({ kind: z.literal('none') }).describe('The library decides; runs are launched elsewhere.'),
      ],
      { error: 'simulator, local, slurm, kubernetes, none' },
    )
    .describe('Where runs are made (default none, for use as a library).')
    .optional(),
  confirm: z
    .int()
    .min(0)
    .describe('How often the recommended mixture is to have run to the target; runs of the search count (default 0).')
    .optional(),
  retries: strict({
    failed: retryLimit('the job failed with an error of its own', DEFAULT_LIMITS.failed),
    diverged: retryLimit('its loss blew up', DEFAULT_LIMITS.diverged),
    preempted: retryLimit('its place was taken away', DEFAULT_LIMITS.preempted),
    'host-lost': retryLimit('its machine went down', DEFAULT_LIMITS['host-lost']),
    'timed-out': retryLimit('it ran for longer than allowed', DEFAULT_LIMITS['timed-out']),
    backoff: strict({
      firstSeconds: notNegative
        .max(LONGEST_WAIT_SECONDS)
        .describe(`Of a first rerun (default ${DEFAULT_BACKOFF.firstSeconds}).`)
        .optional(),
      longestSeconds: notNegative
        .max(LONGEST_WAIT_SECONDS)
        .describe(`Doubled up to this while nothing gets better (default ${DEFAULT_BACKOFF.longestSeconds}).`)
        .optional(),
    })
      .describe('How long a rerun waits.')
      .optional(),
    parkAbove: notNegative
      .describe(
        'A trial that was decided for this cost or more waits for a person when its retries are used up (default: half a run to the target).',
      )
      .optional(),
  })
    .describe('How often a trial is run again, by how its job ended (docs/failures.md).')
    .optional(),
  approval: ApprovalSection.optional(),
  imports: z
    .array(
      strict({
        from: text.describe('A table of earlier runs (.csv), beside this file or absolute.'),
        mapping: text.describe('How it is read (.yaml).').optional(),
      }),
    )
    .describe('Earlier runs that count as evidence from the start (docs/evidence.md).')
    .optional(),
  notify: z.array(NotifySection).describe('Whom to tell what (docs/acts.md).').optional(),
  seed: z.int().describe('Seed of all chance (default 0).').optional(),
};

/** A sweep file as a whole, for its JSON schema and its type. */
export const SweepFile = z
  .strictObject(SECTIONS)
  .describe('A titrate sweep: what to mix, at which scales, for what cost.');
export type SweepFile = z.infer<typeof SweepFile>;

/** Returns the JSON schema of a sweep file, for editors. */
export const sweepJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(SweepFile, { io: 'input' }),
  title: 'titrate sweep',
});
