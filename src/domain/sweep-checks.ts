import { BUDGET_SLACK, costOf, costUnit } from './cost.js';
import type { Problem } from './errors.js';
import type { Fidelity } from './fidelity.js';
import { limitProblems } from './limit-problems.js';
import type { LimitedSweep } from './limits.js';
import { localProblems } from './local-choice.js';
import { mixtureProblems } from './mixture-checks.js';
import { knownWords } from './nearest-word.js';
import { approvalProblems } from './read-approval.js';
import { DEFAULT_BACKOFF } from './retries.js';
import type { Draft } from './sweep-draft.js';
import { holed, sectionOf } from './sweep-draft.js';
import type { Sections } from './sweep-sections.js';
import { numberText, pathText } from './zod-problems.js';

const countProblems = ({ domainNames, scaleNames }: Draft, { whole }: Sections): Problem[] => [
  ...(whole.has('domains') && domainNames.length < 2
    ? [{ path: 'domains', expected: 'at least two domains', found: String(domainNames.length) }]
    : []),
  ...(whole.has('scales') && scaleNames.length < 1
    ? [{ path: 'scales', expected: 'at least one scale', found: 'none' }]
    : []),
];

/** Names in the groups as the file has them, also where a group has other problems. */
const groupNames = (input: unknown): readonly (readonly unknown[])[] => {
  const groups = sectionOf(input, 'groups');
  if (!Array.isArray(groups)) return [];
  return groups.map((group: unknown) => {
    const names = sectionOf(group, 'domains');
    return Array.isArray(names) ? names : [];
  });
};

const groupNameProblems = (input: unknown, domainNames: readonly string[]): Problem[] =>
  (domainNames.length === 0 ? [] : groupNames(input)).flatMap((names, g) =>
    names.flatMap((name, i): Problem[] => {
      if (typeof name !== 'string') return [];
      const path = pathText(['groups', g, 'domains', i]);
      const found = JSON.stringify(name);
      if (!domainNames.includes(name)) return [{ path, expected: knownWords(name, domainNames), found }];
      return names.indexOf(name) < i ? [{ path, expected: 'each domain once', found }] : [];
    }),
  );

const groupRangeProblems = ({ groups }: Draft): Problem[] =>
  groups.flatMap((group, g) =>
    group === undefined || group.min <= group.max
      ? []
      : [{ path: `groups[${g}].min`, expected: `at most max, ${group.max}`, found: String(group.min) }],
  );

const targetProblems = ({ scales, scaleNames }: Draft, { sound }: Sections): Problem[] => {
  const wanted: Partial<Fidelity> = sound.target ?? {}; // one of the two may be faulty
  if (wanted.scale === undefined || sound.scales === undefined || scaleNames.length === 0) return [];
  if (!scaleNames.includes(wanted.scale)) {
    const expected = knownWords(wanted.scale, scaleNames);
    return [{ path: 'target.scale', expected, found: JSON.stringify(wanted.scale) }];
  }
  const scale = scales.find(({ name }) => name === wanted.scale);
  if (scale === undefined || wanted.steps === undefined || scale.steps.includes(wanted.steps)) return [];
  const expected = `one of the steps of ${scale.name}: ${scale.steps.join(', ')}`;
  return [{ path: 'target.steps', expected, found: String(wanted.steps) }];
};

const launcherProblems = ({ scaleNames }: Draft, { sound }: Sections): Problem[] => {
  const { launcher } = sound;
  if (launcher === undefined || !('scales' in launcher) || scaleNames.length === 0) return [];
  return Object.keys(launcher.scales ?? {})
    .filter((name) => !scaleNames.includes(name))
    .map((name) => ({
      path: pathText(['launcher', 'scales', name]),
      expected: knownWords(name, scaleNames),
      found: 'an unknown scale',
    }));
};

const gpuProblems = ({ sound: { launcher } }: Sections): Problem[] =>
  launcher?.kind !== 'local'
    ? []
    : localProblems(launcher).map(({ path, ...rest }) => ({ path: pathText(['launcher', ...path]), ...rest }));

/** A variable that is both would be the one on one launcher and the other on another. */
const secretProblems = ({ sound: { launcher } }: Sections): Problem[] => {
  if (launcher?.kind !== 'local' && launcher?.kind !== 'slurm') return [];
  return Object.keys(launcher.secrets ?? {})
    .filter((name) => Object.hasOwn(launcher.env ?? {}, name))
    .map((name) => ({
      path: pathText(['launcher', 'secrets', name]),
      expected: 'a variable that launcher.env does not set',
      found: 'one that it sets too',
    }));
};

const costProblems = ({ cost, scaleNames }: Draft, { sound }: Sections): Problem[] => {
  if (cost === undefined || cost.kind === 'flop' || sound.scales === undefined) return [];
  const missing = scaleNames.filter((name) => !Object.hasOwn(cost.perStep, name));
  const unknown = Object.keys(cost.perStep).filter((name) => !scaleNames.includes(name));
  return [
    ...missing.map((name) => ({
      path: pathText(['cost', 'perStep', name]),
      expected: 'the cost of a step',
      found: 'nothing',
    })),
    ...unknown.map((name) => ({
      path: pathText(['cost', 'perStep', name]),
      expected: knownWords(name, scaleNames),
      found: 'an unknown scale',
    })),
  ];
};

/** Costs beyond what numbers can hold, or too small for them, buy nothing that can be counted. */
const priceProblems = ({ cost, scales }: Draft): Problem[] =>
  scales.flatMap(({ name, steps, path }) => {
    const price =
      cost === undefined ? Number.NaN : costOf({ cost, scales }, { scale: name, steps: Math.max(...steps) });
    if (Number.isNaN(price) || (price > 0 && Number.isFinite(price))) return [];
    return [{ path: pathText(path), expected: 'a longest run of a finite cost above 0', found: numberText(price) }];
  });

const budgetProblems = ({ budget, cost, scales, target }: Draft, { sound, whole }: Sections): Problem[] => {
  if (budget === undefined || cost === undefined || target === undefined || !whole.has('scales')) return [];
  const confirm = sound.confirm ?? 0;
  const reserve = confirm * costOf({ cost, scales }, target);
  const cheapest = Math.min(
    ...scales.map(({ name, steps }) => costOf({ cost, scales }, { scale: name, steps: Math.min(...steps) })),
  );
  const needed = reserve + cheapest;
  if (!Number.isFinite(needed) || budget >= needed * (1 - BUDGET_SLACK)) return [];
  const unit = costUnit(cost);
  const runs = `${confirm} confirmation run${confirm === 1 ? '' : 's'} to the target`;
  const parts = reserve > 0 ? `: ${runs}, ${numberText(reserve)}, and ` : ': ';
  const expected = `at least ${numberText(needed)} ${unit}${parts}the cheapest run, ${numberText(cheapest)}`;
  return [{ path: 'budget', expected, found: `${numberText(budget)} ${unit}` }];
};

/** Runs that can be made name a listed mixture and a fidelity of the sweep. */
const runProblems = ({ scales }: Draft, { sound, whole }: Sections): Problem[] => {
  const { runs, mixtures } = sound;
  if (runs === undefined || !whole.has('mixtures') || !whole.has('scales')) return [];
  if (mixtures === undefined) return [{ path: 'mixtures', expected: 'the list that runs counts in', found: 'nothing' }];
  return runs.flatMap((run, i) => {
    const known = scales.find(({ name }) => name === run.scale);
    const problem = (key: string, expected: string, found: string | number): Problem => ({
      path: pathText(['runs', i, key]),
      expected,
      found: String(found),
    });
    if (run.mixture >= mixtures.length)
      return [problem('mixture', `less than the ${mixtures.length} mixtures`, run.mixture)];
    if (known === undefined)
      return [
        problem(
          'scale',
          knownWords(
            run.scale,
            scales.map(({ name }) => name),
          ),
          run.scale,
        ),
      ];
    return known.steps.includes(run.steps) ? [] : [problem('steps', `one of ${known.steps.join(', ')}`, run.steps)];
  });
};

/** A first wait that is longer than the longest would be cut without a word; the default is, where the longest is short. */
const backoffProblems = ({ sound: { retries } }: Sections): Problem[] => {
  const { firstSeconds = 0, longestSeconds = DEFAULT_BACKOFF.longestSeconds } = retries?.backoff ?? {};
  if (firstSeconds <= longestSeconds || firstSeconds === DEFAULT_BACKOFF.firstSeconds) return [];
  const expected = `at most longestSeconds, ${longestSeconds}`;
  return [{ path: 'retries.backoff.firstSeconds', expected, found: String(firstSeconds) }];
};

/** What limits can be judged by: all of it has to be sound, but for the epoch caps where the target is not. */
const soundLimits = (draft: Draft, { sound, whole }: Sections): Omit<LimitedSweep, 'mixtures'> | undefined => {
  const { domains, domainNames, scales, target } = draft;
  const groups = draft.groups.filter((group) => group !== undefined);
  const areSound =
    whole.has('domains') &&
    Object.keys(domains).length === domainNames.length &&
    domainNames.length > 0 &&
    groups.every((group) => group.domains.every((name) => domainNames.includes(name)));
  if (!areSound) return undefined;
  const limits = { domains, groups, scales, target: target ?? { scale: '', steps: 0 } };
  const hasTarget = scales.some(({ name }) => name === target?.scale);
  return sound.maxEpochs === undefined || !hasTarget ? limits : { ...limits, maxEpochs: sound.maxEpochs };
};

/** Finds what keys have wrong with one another. */
export const checksOf = (input: unknown, draft: Draft, sections: Sections): Problem[] => {
  const limits = soundLimits(draft, sections);
  return [
    ...countProblems(draft, sections),
    ...groupNameProblems(input, draft.domainNames),
    ...groupRangeProblems(draft),
    ...targetProblems(draft, sections),
    ...costProblems(draft, sections),
    ...launcherProblems(draft, sections),
    ...secretProblems(sections),
    ...gpuProblems(sections),
    ...(limits === undefined ? [] : limitProblems(limits)),
    ...mixtureProblems(draft.domainNames.length === 0 ? [] : holed(sections.sound.mixtures), draft.domainNames, limits),
    ...priceProblems(draft),
    ...runProblems(draft, sections),
    ...approvalProblems(sections.sound.approval ?? {}, draft.scaleNames, draft.domainNames),
    ...backoffProblems(sections),
    ...budgetProblems(draft, sections),
  ];
};
