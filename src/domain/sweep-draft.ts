import { costOf } from './cost.js';
import type { Problem } from './errors.js';
import type { Fidelity } from './fidelity.js';
import { readGuards } from './read-guards.js';
import { readObjective } from './read-objective.js';
import type { Cost, Domain, Group, Guard, Objective } from './sweep.js';
import type { PlacedScale, Reading } from './sweep-readers.js';
import { readBudget, readCost, readDomains, readGroup, readScales } from './sweep-readers.js';
import type { Sections } from './sweep-sections.js';

/** What several keys' checks need, as far as the file is sound. */
export interface Draft {
  readonly objective?: Objective;
  /** Absent when nothing is guarded. */
  readonly guards?: readonly Guard[];
  readonly domains: Readonly<Record<string, Domain>>;
  /** Names that the file gives to domains and scales, also to faulty ones. */
  readonly domainNames: readonly string[];
  readonly scaleNames: readonly string[];
  readonly groups: readonly (Group | undefined)[];
  /** Cheap to costly, where costs are known. */
  readonly scales: readonly PlacedScale[];
  readonly target?: Fidelity;
  readonly cost?: Cost;
  readonly budget?: number;
  readonly problems: readonly Problem[];
}

const namesIn = (value: unknown): string[] => {
  if (Array.isArray(value)) {
    return value.flatMap((entry: unknown) =>
      entry !== null && typeof entry === 'object' && 'name' in entry && typeof entry.name === 'string'
        ? [entry.name]
        : [],
    );
  }
  return value !== null && typeof value === 'object' ? Object.keys(value) : [];
};

/** Looks a key up in what may be a map. */
export const sectionOf = (input: unknown, key: string): unknown =>
  input !== null && typeof input === 'object' ? Reflect.get(input, key) : undefined;

/** What a scale's longest run costs; NaN when not known. */
const runCost = (cost: Cost, scales: readonly PlacedScale[], { name, steps }: PlacedScale): number =>
  costOf({ cost, scales }, { scale: name, steps: Math.max(...steps) });

const cheapFirst = (scales: readonly PlacedScale[], cost: Cost | undefined): readonly PlacedScale[] => {
  if (cost === undefined) return scales;
  const priced = scales.map((scale) => ({ scale, price: runCost(cost, scales, scale) }));
  if (priced.some(({ price }) => Number.isNaN(price))) return scales;
  return priced
    .toSorted((a, b) => a.price - b.price || a.scale.parameters - b.scale.parameters)
    .map(({ scale }) => scale);
};

/** A list whose faulty entries `readSections` left out as holes. */
export const holed = <T>(list: readonly T[] | undefined): readonly (T | undefined)[] => list ?? [];

/** Reads every sound part of a sweep file. */
export const draftOf = (input: unknown, { sound, whole }: Sections): Draft => {
  const objective: Reading<Objective> =
    sound.objective === undefined ? { problems: [] } : readObjective(sound.objective);
  const guards = readGuards(sound.guards ?? []);
  const domains = readDomains(sound.domains ?? {});
  const scales = readScales(sound.scales ?? {});
  const cost = whole.has('cost') ? readCost(sound.cost) : undefined;
  const target = whole.has('target') ? sound.target : undefined;
  const targetCost =
    target === undefined || cost === undefined ? Number.NaN : costOf({ cost, scales: scales.value ?? [] }, target);
  const budget: Reading<number> = sound.budget === undefined ? { problems: [] } : readBudget(sound.budget, targetCost);
  return {
    ...(objective.value === undefined ? {} : { objective: objective.value }),
    ...(guards.value === undefined ? {} : { guards: guards.value }),
    domains: domains.value ?? {},
    domainNames: namesIn(sectionOf(input, 'domains')),
    scaleNames: namesIn(sectionOf(input, 'scales')),
    groups: holed(sound.groups).map((group) => group && readGroup(group)),
    scales: cheapFirst(scales.value ?? [], cost),
    ...(target === undefined ? {} : { target }),
    ...(cost === undefined ? {} : { cost }),
    ...(budget.value === undefined ? {} : { budget: budget.value }),
    problems: [objective, guards, domains, scales, budget].flatMap(({ problems }) => problems),
  };
};
