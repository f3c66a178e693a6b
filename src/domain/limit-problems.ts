import type { Problem } from './errors.js';
import { linearProgram } from './linear-program.js';
import type { LimitedSweep, Limits } from './limits.js';
import { epochCaps, FEASIBLE, limitsOf, sumOver, targetTokens, total } from './limits.js';
import { sharesOf } from './mixture.js';
import type { Group } from './sweep.js';
import { numberText, pathText } from './zod-problems.js';

const MOST_NAMED = 8; // parts of a sum that a message spells out

type Bounds = Omit<LimitedSweep, 'mixtures'>;

const spellOut = (parts: readonly string[]): string =>
  [...parts.slice(0, MOST_NAMED), ...(parts.length > MOST_NAMED ? [`and ${parts.length - MOST_NAMED} more`] : [])].join(
    ', ',
  );

/** Says where a cap comes from: `24e9 tokens x 4 epochs / 20.5e9 tokens at the target`. */
const capText = (sweep: Bounds, name: string): string =>
  `${numberText(sweep.domains[name]?.tokens ?? 0)} tokens x ${sweep.maxEpochs} epochs / ${numberText(targetTokens(sweep))} tokens at the target`;

const capProblems = (sweep: Bounds): Problem[] => {
  const caps = epochCaps(sweep);
  return Object.entries(sweep.domains).flatMap(([name, { min }], i) => {
    const cap = caps[i] ?? Number.POSITIVE_INFINITY;
    if (!(min > cap + FEASIBLE)) return [];
    const expected = `a share of at most ${numberText(cap)} (${capText(sweep, name)})`;
    return [{ path: pathText(['domains', name]), expected, found: `at least ${numberText(min)}` }];
  });
};

const sumProblems = (sweep: Bounds, { domains, min, max }: Limits): Problem[] => {
  const caps = epochCaps(sweep);
  const least = total(min);
  const most = total(max);
  if (least > 1 + FEASIBLE) {
    const parts = domains.flatMap((name, i) => ((min[i] ?? 0) > 0 ? [`${name} ${numberText(min[i] ?? 0)}`] : []));
    const found = `${numberText(least)}, ${numberText(least - 1)} too much (${spellOut(parts)})`;
    return [{ path: 'domains', expected: 'minima and shares that sum to at most 1', found }];
  }
  if (most < 1 - FEASIBLE) {
    const parts = domains.map((name, i) => {
      const isCapped = (caps[i] ?? Number.POSITIVE_INFINITY) <= (sweep.domains[name]?.max ?? 1);
      return `${name} ${numberText(max[i] ?? 0)}${isCapped ? ` by its tokens: ${capText(sweep, name)}` : ''}`;
    });
    const found = `${numberText(most)}, ${numberText(1 - most)} short (${spellOut(parts)})`;
    return [{ path: 'domains', expected: 'maxima that sum to at least 1', found }];
  }
  return [];
};

/** What the bounds alone force a group to be: at least, at most. */
const forcedRange = ({ domains, min, max }: Limits, group: Group): readonly [number, number] => {
  const inside = domains.flatMap((name, i) => (group.domains.includes(name) ? [i] : []));
  const outside = domains.flatMap((name, i) => (group.domains.includes(name) ? [] : [i]));
  const least = Math.max(sumOver(min, inside), 1 - sumOver(max, outside));
  const most = Math.min(sumOver(max, inside), 1 - sumOver(min, outside));
  return [least, most];
};

const groupProblems = (limits: Limits, group: Group, index: number): Problem[] => {
  const [least, most] = forcedRange(limits, group);
  const found = `bounds that make ${group.domains.join(' + ')}`;
  if (least > group.max + FEASIBLE) {
    return [
      {
        path: `groups[${index}].max`,
        expected: `at most ${numberText(group.max)} to be possible`,
        found: `${found} at least ${numberText(least)}, ${numberText(least - group.max)} more`,
      },
    ];
  }
  if (most < group.min - FEASIBLE) {
    return [
      {
        path: `groups[${index}].min`,
        expected: `at least ${numberText(group.min)} to be possible`,
        found: `${found} at most ${numberText(most)}, ${numberText(group.min - most)} less`,
      },
    ];
  }
  return [];
};

/** Each limit alone can be kept; can all together? */
const togetherProblems = (sweep: Bounds): Problem[] => {
  const limits = limitsOf(sweep);
  const { feasible, misses } = linearProgram(limits);
  const crossed = limits.domains.filter((_, i) => (limits.min[i] ?? 0) > (limits.max[i] ?? 1) + FEASIBLE);
  if (feasible && crossed.length === 0) return [];
  const [sum = 0, ...groups] = misses;
  const missed = [
    ...crossed.map((name) => `${name} has to be both above and below`),
    ...(sum > FEASIBLE ? [`shares that sum to ${numberText(1 - sum)}`] : []),
    ...groups.flatMap((miss, g) => {
      const names = limits.groups[g]?.members.map((i) => limits.domains[i]).join(' + ') ?? '';
      return miss > FEASIBLE ? [`${names} missed by ${numberText(miss)}`] : [];
    }),
  ];
  const expected = 'limits that bounds and other groups can keep together';
  return [{ path: 'groups', expected, found: `at best ${missed.join(', ')}` }];
};

const NO_CHOICE = 1e-6; // of share: mixtures closer than this in every share are one

/** Says so where the limits, which can be kept, leave one mixture only: there would be nothing to learn, and runs to pay for. */
export const choiceProblems = (sweep: LimitedSweep): Problem[] => {
  const limits = limitsOf(sweep);
  const { domains } = limits;
  if (domains.length < 2) return [];
  if (sweep.mixtures !== undefined) {
    const [first, ...others] = sweep.mixtures.map((mixture) => sharesOf(mixture, domains));
    const isOther = (shares: readonly number[]): boolean =>
      shares.some((share, i) => Math.abs(share - (first?.[i] ?? 0)) > NO_CHOICE);
    if (first === undefined || others.some(isOther)) return [];
    return [{ path: 'mixtures', expected: 'two different mixtures or more, to choose from', found: 'one' }];
  }
  const { minimize } = linearProgram(limits);
  const extreme = (i: number, sign: 1 | -1): number =>
    minimize(Float64Array.from(domains, (_, k) => (k === i ? sign : 0)))[i] ?? 0;
  if (domains.some((_, i) => extreme(i, -1) - extreme(i, 1) > NO_CHOICE)) return [];
  const only = domains.map((name, i) => `${name} ${numberText(extreme(i, 1))}`);
  return [
    { path: 'domains', expected: 'limits that leave mixtures to choose from', found: `one only: ${spellOut(only)}` },
  ];
};

/** Says why no mixture keeps the bounds, epoch caps and groups, if none does. Groups name known domains only. */
export const limitProblems = (sweep: Bounds): Problem[] => {
  const bounds = limitsOf({ ...sweep, groups: [] });
  const single = [...capProblems(sweep), ...sumProblems(sweep, bounds)];
  if (single.length > 0) return single;
  const perGroup = sweep.groups.flatMap((group, index) => groupProblems(bounds, group, index));
  return perGroup.length > 0 ? perGroup : togetherProblems(sweep);
};
