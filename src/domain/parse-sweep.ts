import { costOf } from './cost.js';
import { InputError } from './errors.js';
import { readMixture } from './mixture-checks.js';
import { readApproval, readNotify } from './read-approval.js';
import type { Sweep } from './sweep.js';
import { checksOf } from './sweep-checks.js';
import type { Draft } from './sweep-draft.js';
import { draftOf } from './sweep-draft.js';
import type { SweepFile } from './sweep-file.js';
import { readLauncher, readPolicy, readRetries } from './sweep-readers.js';
import type { Sections } from './sweep-sections.js';
import { readSections } from './sweep-sections.js';

export { sweepJsonSchema } from './sweep-file.js';

const optional = (
  { maxEpochs, mixtures, runs, approval, notify, imports }: Partial<SweepFile>,
  domains: readonly string[],
) => ({
  ...(maxEpochs === undefined ? {} : { maxEpochs }),
  ...(mixtures === undefined ? {} : { mixtures: mixtures.map((mixture) => readMixture(mixture, domains)) }),
  ...(runs === undefined ? {} : { runs }),
  ...(approval === undefined ? {} : { approval: readApproval(approval) }),
  ...(imports === undefined ? {} : { imports }),
  ...(notify === undefined ? {} : { notify: readNotify(notify) }),
});

/** Puts a sweep together; null where something that it cannot be without is missing. */
const assemble = ({ sound }: Sections, draft: Draft): Sweep | null => {
  const { objective, target, cost, budget } = draft;
  const { name } = sound;
  if (name === undefined || objective === undefined || target === undefined || cost === undefined) return null;
  if (budget === undefined) return null;
  return {
    name,
    objective,
    ...(draft.guards === undefined ? {} : { guards: draft.guards }),
    domains: draft.domains,
    groups: draft.groups.filter((group) => group !== undefined),
    scales: draft.scales.map(({ path: _, ...scale }) => scale),
    target,
    cost,
    budget,
    parallel: sound.parallel ?? 1,
    policy: readPolicy(sound.policy),
    launcher: readLauncher(sound.launcher),
    confirm: sound.confirm ?? 0,
    retries: readRetries(sound.retries, costOf({ cost, scales: draft.scales }, target)),
    seed: sound.seed ?? 0,
    ...optional(sound, draft.domainNames),
  };
};

/**
 * Checks a sweep, as read from a YAML file or as returned by this function before, and fills in the defaults.
 * @throws InputError with every problem found: its path in the file, what was expected and what was found.
 */
export const parseSweep = (input: unknown): Sweep => {
  const sections = readSections(input);
  const draft = draftOf(input, sections);
  const problems = [...sections.problems, ...draft.problems, ...checksOf(input, draft, sections)];
  const sweep = problems.length === 0 ? assemble(sections, draft) : null;
  if (sweep !== null) return sweep;
  const hint = 'config/reference.yaml shows every key; an editor that knows config/sweep.schema.json completes them';
  throw new InputError('The sweep file has problems', problems, { hint });
};
