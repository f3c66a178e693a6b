/** What acts must look like when they arrive: the door between whoever sends an update and the sweep. */
import { z } from 'zod';
import { ENDINGS } from './ending.js';
import { InputError } from './errors.js';
import type { ActName } from './record-event.js';
import { zodProblems } from './zod-problems.js';

const text = z.string().regex(/\S/, { error: 'text that is not blank' }).max(10_000); // longer words belong elsewhere: an act travels in the workflow's state
const name = z.string().min(1).max(200);
const share = z.number().min(0).max(1);
const mixture = z.record(name, share);
const steps = z.int().positive();

const person = {
  by: name,
  authenticated: z.enum(['os-user', 'token', 'titrate']).optional(),
  reason: text.optional(),
};
const onTrial = { ...person, trial: name };

const Injected = z.strictObject({
  trial: name,
  mixture,
  scale: name,
  steps,
  status: z.enum(ENDINGS),
  metrics: z.record(name, z.number()),
  curve: z.array(z.strictObject({ steps: z.number().positive(), metrics: z.record(name, z.number()) })),
  source: z.strictObject({
    file: z.string(),
    sha256: z.string(),
    lines: z.array(z.int().positive()),
    run: z.string(),
  }),
  changed: z.array(z.string()).optional(),
});

const MOST_INJECTED = 500; // whoever sends them sees to it that an update has no more than the server's 2 MiB

const Budget = z
  .strictObject({ ...person, to: z.number().min(0).optional(), change: z.number().positive().optional() })
  .refine(({ to, change }) => (to === undefined) !== (change === undefined), { error: 'either to or change' });

const INPUTS: Readonly<Record<ActName, z.ZodType>> = {
  pause: z.strictObject(person),
  resume: z.strictObject(person),
  cancel: z.strictObject(person),
  retry: z.strictObject(onTrial),
  abandon: z.strictObject(onTrial),
  approve: z.strictObject({
    ...onTrial,
    change: z.strictObject({ mixture: mixture.optional(), scale: name.optional(), steps: steps.optional() }).optional(),
  }),
  refuse: z.strictObject({ ...onTrial, reason: text }),
  retract: z.strictObject({ ...onTrial, reason: text }),
  'extend-budget': Budget,
  'lower-budget': Budget,
  pin: z.strictObject({ ...person, mixture, scale: name, steps }),
  veto: z.strictObject({
    ...person,
    bounds: z
      .record(name, z.strictObject({ min: share.optional(), max: share.optional() }))
      .refine((bounds) => Object.keys(bounds).length > 0, { error: 'at least one domain' }),
  }),
  inject: z.strictObject({ ...person, observations: z.array(Injected).min(1).max(MOST_INJECTED) }),
  finish: z.strictObject({ ...person, stop: z.boolean().optional() }),
};

/** @throws InputError naming everything about an act's input that is not as it must be. */
export const checkAct = (act: ActName, input: unknown): void => {
  const { error } = INPUTS[act].safeParse(input);
  if (error === undefined) return;
  throw new InputError(`${act} cannot be understood`, zodProblems(error, [], input), { hint: 'see docs/acts.md' });
};
